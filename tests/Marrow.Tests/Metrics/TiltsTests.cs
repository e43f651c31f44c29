using CsCheck;
using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Spine;

namespace Marrow.Tests.Metrics;

public class TiltsTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };

    private static Vertebra Turned(double degrees) =>
        new Vertebra(new(-10, -5), new(10, -5), new(-10, 5), new(10, 5))
            .Transform(AffineTransform.Rotate(degrees * Math.PI / 180));

    private static LandmarkPair Film(double[] truth, double[] found) => new()
    {
        Truth = [.. truth.Select(Turned)],
        Found = [.. found.Select(Turned)],
        ImageWidth = 100,
        ImageHeight = 200,
        Patient = $"{truth.Sum()}",
    };

    [Fact]
    public void A_tilt_is_the_turn_against_the_horizontal() => Gen.Double[-179, 179].Sample(
        degrees => Assert.Equal(degrees, Turned(degrees).TiltDegrees, 1e-9), iter: 100);

    [Fact]
    public void Errors_are_of_single_vertebrae_over_all_by_level_and_by_size()
    {
        LandmarkPair[] films =
        [
            Film([0, 12, 30], [1, 10, 36]),
            Film([4, -12, -30], [4, -15, -20]),
            Film([0, 0, 0], [0, 0]), // has no pairs
        ];
        var all = Tilts.Measure(films, None).ToDictionary(m => m.Name);
        Assert.Equal((1 + 2 + 6 + 0 + 3 + 10) / 6.0, all["tilt-mae"].Value, 1e-9);
        // Errors 1, -2, 6, 0, -3, 10: median 0.5; distances 0.5, 0.5, 2.5, 3.5, 5.5, 9.5: median 3.
        Assert.Equal(1.4826 * 3, all["tilt-sd"].Value, 1e-9);
        Assert.Equal(2, all["tilt-mae"].Count);

        var levels = Tilts.ByLevel(films, ["T1", "T2", "T3"], None).ToDictionary(m => m.Name);
        Assert.Equal(0.5, levels["tilt-mae.T1"].Value, 1e-9);
        Assert.Equal(8, levels["tilt-mae.T3"].Value, 1e-9);
        var sizes = Tilts.BySize(films, None).ToDictionary(m => m.Name);
        Assert.Equal(0.5, sizes["tilt-mae.0-5"].Value, 1e-9);
        Assert.Equal(double.NaN, sizes["tilt-mae.5-10"].Value);
        Assert.Equal(2.5, sizes["tilt-mae.10-20"].Value, 1e-9);
        Assert.Equal(8, sizes["tilt-mae.20"].Value, 1e-9);
    }

    [Fact]
    public void An_error_is_never_more_than_half_a_turn()
    {
        var one = Tilts.Measure([Film([179], [-179])], None);
        Assert.Equal(2, one[0].Value, 1e-9);
    }

    [Fact]
    public void The_median_deviation_is_that_of_the_repeated_values() =>
        Gen.Select(Gen.Int[-9, 9].Array[1, 40], Gen.Int[0, 3].Array[40]).Sample(
            (values, drawn) =>
            {
                int[] weights = [.. drawn.Take(values.Length)];
                double[] repeated = [.. values.SelectMany((v, i) => Enumerable.Repeat((double)v, weights[i]))];
                var median = Median(repeated);
                var sorted = WeightedValues.Of(values.Select((v, i) => ((double)v, i)));
                Assert.Equal(median, sorted.Median(weights));
                Assert.Equal(
                    Median([.. repeated.Select(v => Math.Abs(v - median))]), sorted.MedianDeviation(weights));
            },
            iter: 1000);

    [Fact]
    public void The_robust_deviation_agrees_with_scipy()
    {
        var random = new SeededRandom(3);
        double[] errors = [.. Enumerable.Range(0, 501).Select(_ => 3 * random.NextGaussian())];
        var expected = NumpyPeer.Run(new { errors }, """
            from scipy.stats import median_abs_deviation
            answer(median_abs_deviation(data['errors']))
            """);
        int[] ones = [.. Enumerable.Repeat(1, errors.Length)];
        Assert.Equal(
            expected[0], WeightedValues.Of(errors.Select((e, i) => (e, i))).MedianDeviation(ones), 1e-12);
    }

    [Fact]
    public void End_vertebrae_are_right_when_both_are()
    {
        VertebraPair[] truth = [new(2, 8), new(2, 8), new(2, 8), new(2, 8)];
        VertebraPair[] found = [new(2, 8), new(3, 7), new(2, 10), new(2, 9)];
        var metrics = EndVertebrae.Measure(truth, found, ["a", "b", "c", "d"], None);
        Assert.Equal([0.25, 0.75], metrics.Select(m => m.Value));
    }

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0
            ? double.NaN
            : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
