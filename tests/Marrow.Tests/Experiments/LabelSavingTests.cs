using CsCheck;
using Marrow.Training.Experiments;

namespace Marrow.Tests.Experiments;

public class LabelSavingTests
{
    private static readonly double[] Labels = [10, 100, 1000];

    [Fact]
    public void Between_two_points_it_is_read_linear_in_the_logarithm_of_the_labels()
    {
        // Half way from 30 to 20 is half way from 10 to 100 in the logarithm: 31.6 labels.
        Assert.Equal(Math.Sqrt(1000) / 10, Of([30, 20, 10], 10, 25).Factor, 9);
        Assert.Equal(Math.Pow(10, 2.3) / 100, Of([30, 20, 10], 100, 17).Factor, 9);
    }

    [Fact]
    public void At_a_point_it_is_that_points_labels() => Assert.Equal(new LabelSaving(10, 0), Of([30, 20, 10], 10, 20));

    [Fact]
    public void What_all_labels_from_scratch_do_not_reach_is_more_than_all_of_them() =>
        Assert.Equal(new LabelSaving(20, 1), Of([30, 20, 10], 50, 9));

    [Fact]
    public void What_is_worse_than_the_fewest_labels_from_scratch_is_less_than_them() =>
        Assert.Equal(new LabelSaving(0.1, -1), Of([30, 20, 10], 100, 31));

    [Fact]
    public void A_curve_that_rises_is_made_flat_before_it_is_read()
    {
        Assert.Equal([25, 25, 10], LabelSaving.Falling([20, 30, 10]));
        Assert.Equal([30, 15, 15], LabelSaving.Falling([30, 10, 20]));
        Assert.Equal([20, 20, 20], LabelSaving.Falling([10, 20, 30]));
        Assert.Equal(1, Of([20, 30, 10], 10, 25).Factor, 9); // the first of the flat part
    }

    [Fact]
    public void An_error_that_is_not_known_gives_no_factor() =>
        Assert.True(double.IsNaN(Of([30, double.NaN, 10], 10, 25).Factor));

    [Fact]
    public void Scratch_against_its_own_falling_curve_is_one() => Gen.Double[1, 100].Array[1, 8].Sample(errors =>
    {
        double[] falling = [.. errors.Distinct().OrderDescending()];
        double[] labels = [.. falling.Select((_, i) => 5.0 * (i + 1))];
        for (var i = 0; i < falling.Length; i++)
            Assert.Equal(1, LabelSaving.Of(labels, falling, labels[i], falling[i]).Factor, 9);
    });

    [Fact]
    public void Falling_keeps_the_sum_and_never_rises() => Gen.Double[-50, 50].Array[1, 20].Sample(errors =>
    {
        var falling = LabelSaving.Falling(errors);
        Assert.Equal(errors.Sum(), falling.Sum(), 6);
        Assert.All(falling.Zip(falling.Skip(1)), pair => Assert.True(pair.First >= pair.Second));
    });

    [Fact]
    public void A_lower_error_never_saves_less() =>
        Gen.Select(Gen.Double[0, 40], Gen.Double[0, 40], Gen.Double[0, 40].Array[3])
            .Sample(
                (a, b, curve) => Assert.True(Of(curve, 10, Math.Min(a, b)).Place >= Of(curve, 10, Math.Max(a, b)).Place)
            );

    private static LabelSaving Of(double[] errors, double labels, double error) =>
        LabelSaving.Of(Labels, errors, labels, error);
}
