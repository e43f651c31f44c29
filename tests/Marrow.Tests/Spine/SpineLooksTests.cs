using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class SpineLooksTests
{
    /// <summary>A vertebra of 40 x 20 px about a centre, turned clockwise.</summary>
    private static Vertebra At(double x, double y, double degrees) =>
        new Vertebra(new(-20, -10), new(20, -10), new(-20, 10), new(20, 10)).Transform(
            AffineTransform.Rotate(degrees * Math.PI / 180).Then(AffineTransform.Translate(x, y)));

    [Fact]
    public void Spread_is_the_standard_deviation_over_the_views_of_all_looks()
    {
        var looks = new SpineLooks();
        looks.Begin();
        looks.Add(0, 3, At(100, 50, 9));
        looks.Add(0, 3, At(102, 50, 11));
        looks.Begin();
        looks.Add(0, 3, At(100, 52, 12));
        looks.Add(0, 3, At(102, 52, 16));
        Assert.Equal(4, looks.Views(3));
        var (degrees, pixels) = looks.Spread(3)!.Value;
        Assert.Equal(Math.Sqrt((9 + 1 + 0 + 16) / 3.0), degrees, 0.01); // of 12, the mean
        Assert.Equal(Math.Sqrt(4 * 2 / 3.0), pixels, 1e-9); // each view is 1 px off across and down
    }

    [Fact]
    public void Moved_is_from_the_mean_of_the_first_look_to_that_of_the_second_and_later_looks_count_for_the_spread()
    {
        var looks = new SpineLooks();
        looks.Begin();
        looks.Add(0, 0, At(10, 20, 4));
        looks.Add(0, 0, At(12, 20, 6));
        looks.Begin();
        looks.Add(0, 0, At(14, 24, 2));
        looks.Begin();
        looks.Add(0, 0, At(500, 20, 90));
        var (degrees, pixels) = looks.Moved(0)!.Value;
        Assert.Equal(-3, degrees, 1e-9);
        Assert.Equal(5, pixels, 1e-9);
        Assert.Equal(4, looks.Views(0));
        Assert.InRange(looks.Spread(0)!.Value.Pixels, 100, 400);
    }

    [Fact]
    public void A_tilt_near_a_half_turn_spreads_no_more_than_any_other()
    {
        var looks = new SpineLooks();
        looks.Begin();
        looks.Add(0, 0, At(0, 0, 179));
        looks.Add(0, 0, At(0, 0, -179));
        Assert.Equal(Math.Sqrt(2), looks.Spread(0)!.Value.Degrees, 1e-6);
    }

    [Fact]
    public void What_too_few_views_saw_has_no_spread_and_what_was_not_kept_no_evidence()
    {
        var looks = new SpineLooks();
        looks.Begin();
        looks.Add(0, 5, At(0, 0, 0));
        Assert.Null(looks.Spread(5));
        Assert.Null(looks.Moved(5));
        var evidence = VertebraEvidence.Of(looks, 5)!;
        Assert.Equal((1, null, null), (evidence.Views, evidence.SpreadDegrees, evidence.MovedPx));
        Assert.Equal(0, VertebraEvidence.Of(looks, 6)!.Views);
        Assert.Null(VertebraEvidence.Of(null, 5));
    }
}
