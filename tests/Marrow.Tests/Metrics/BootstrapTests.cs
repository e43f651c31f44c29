using System.Text.Json;
using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class BootstrapTests
{
    private static string[] Patients(int count) => [.. Enumerable.Range(0, count).Select(i => $"p{i}")];

    private static Func<int[], double> MeanOf(double[] values) => w => values.Zip(w, (v, n) => v * n).Sum() / w.Sum();

    private static double[] Gaussians(ulong seed, int count)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextGaussian())];
    }

    [Fact]
    public void The_interval_of_a_mean_is_that_of_the_normal_distribution()
    {
        var values = Gaussians(1, 400);
        var result = Bootstrap.Interval("cmae", Patients(400), MeanOf(values), new() { Resamples = 4000 });
        var mean = values.Average();
        var error = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / 399 / 400);
        Assert.Equal(mean, result.Value, 1e-12);
        Assert.Equal(mean - 1.96 * error, result.Low, 0.1 * error);
        Assert.Equal(mean + 1.96 * error, result.High, 0.1 * error);
        Assert.Equal(("cmae", 400, "deg"), (result.Name, result.Count, result.Unit));
    }

    [Fact]
    public void Nineteen_of_twenty_intervals_hold_the_truth()
    {
        var held = Enumerable
            .Range(0, 400)
            .Count(i =>
            {
                var result = Bootstrap.Interval(
                    "mae",
                    Patients(50),
                    MeanOf(Gaussians((ulong)i + 10, 50)),
                    new() { Resamples = 300, Seed = (ulong)i }
                );
                return result.Low <= 0 && 0 <= result.High;
            });
        Assert.InRange(held / 400.0, 0.90, 0.975); // The percentile interval is a little short at 50.
    }

    [Fact]
    public void Copies_of_a_patients_image_do_not_narrow_the_interval()
    {
        var values = Gaussians(2, 60);
        var once = Bootstrap.Interval("mae", Patients(60), MeanOf(values));
        string[] patients = [.. Patients(60).SelectMany(p => Enumerable.Repeat(p, 5))];
        double[] copies = [.. values.SelectMany(v => Enumerable.Repeat(v, 5))];
        var fiveTimes = Bootstrap.Interval("mae", patients, MeanOf(copies));
        Assert.Equal(once.Low, fiveTimes.Low, 1e-9);
        Assert.Equal(once.High, fiveTimes.High, 1e-9);

        var asIfApart = Bootstrap.Interval("mae", Patients(300), MeanOf(copies));
        Assert.True(asIfApart.High - asIfApart.Low < 0.6 * (once.High - once.Low));
    }

    [Fact]
    public void Images_of_a_patient_are_always_drawn_together()
    {
        string[] patients = ["a", "b", "a", "c", "b", "a"];
        Bootstrap.Interval("mae", patients, w =>
        {
            Assert.Equal((w[0], w[0], w[1]), (w[2], w[5], w[4]));
            Assert.Equal(3, w[0] + w[1] + w[3]);
            return w[0];
        });
    }

    [Fact]
    public void The_same_seed_gives_the_same_interval()
    {
        var values = Gaussians(3, 30);
        MetricValue Of(ulong seed) => Bootstrap.Interval("mae", Patients(30), MeanOf(values), new() { Seed = seed });
        Assert.Equivalent(Of(5), Of(5), strict: true);
        Assert.NotEqual(Of(5).Low, Of(6).Low);
    }

    [Fact]
    public void A_wider_level_gives_a_wider_interval()
    {
        var values = Gaussians(4, 40);
        var narrow = Bootstrap.Interval("mae", Patients(40), MeanOf(values), new() { Level = 0.5 });
        var wide = Bootstrap.Interval("mae", Patients(40), MeanOf(values), new() { Level = 0.99 });
        Assert.True(
            wide.Low < narrow.Low && narrow.Low < narrow.Value && narrow.Value < narrow.High && narrow.High < wide.High
        );
    }

    [Fact]
    public void What_is_no_basis_for_an_interval_has_none()
    {
        Assert.True(double.IsNaN(Bootstrap.Interval("mae", ["a", "a"], w => 1).Low)); // One patient.
        Assert.True(double.IsNaN(Bootstrap.Interval("mae", Patients(9), w => double.NaN).High)); // Undefined.
        // Not asked for.
        Assert.True(double.IsNaN(Bootstrap.Interval("mae", Patients(9), w => 1, new() { Resamples = 0 }).Low));
        Assert.True(
            double.IsNaN(Bootstrap.Interval("mae", Patients(50), w => w.All(n => n == 1) ? 1 : double.NaN).Low)
        ); // Undefined when drawn again.
        Assert.True(double.IsNaN(Bootstrap.Interval("mae", [], w => double.NaN).Value));
    }

    [Fact]
    public void Quantiles_are_numpys()
    {
        double[] sorted = [-2, 0, 1, 5, 5, 9];
        double[] shares = [0, 0.025, 0.3, 0.5, 0.975, 1];
        var expected = NumpyPeer.Run(new { sorted, shares }, "answer(*np.quantile(data['sorted'], data['shares']))");
        for (var i = 0; i < shares.Length; i++)
            Assert.Equal(expected[i], Bootstrap.Quantile(sorted, shares[i]), 1e-12);
    }

    [Fact]
    public void A_value_without_an_interval_goes_through_json()
    {
        var value = new MetricValue(name: "auroc.Edema", value: double.NaN, count: 3);
        Assert.Equivalent(
            value,
            JsonSerializer.Deserialize<MetricValue>(
                JsonSerializer.Serialize(value, MarrowJson.Options),
                MarrowJson.Options),
            strict: true);
    }

    [Fact]
    public void An_unknown_metric_lists_the_known_ones()
    {
        Assert.Equal("px", MetricCatalogue.Get("landmark-error.top-left").Unit);
        var message = Assert.Throws<MarrowException>(() => Bootstrap.Interval("auc", Patients(3), w => 0)).Message;
        Assert.StartsWith("Unknown metric 'auc'. Known: auroc, accuracy,", message);
    }
}
