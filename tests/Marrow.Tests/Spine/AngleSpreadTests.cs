using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class AngleSpreadTests
{
    private const int Height = 1000;

    /// <summary>A spine that bends by so many degrees from its first vertebra to its last.</summary>
    private static Vertebra[] Bent(double degrees) =>
    [
        .. Enumerable.Range(0, Vertebra.Count).Select(n =>
            new Vertebra(new(-20, -10), new(20, -10), new(-20, 10), new(20, 10)).Transform(
                AffineTransform.Rotate((n / 16.0 - 0.5) * degrees * Math.PI / 180)
                    .Then(AffineTransform.Translate(300 - 30 * Math.Sin(n / 16.0 * Math.PI), 100 + 50 * n)))),
    ];

    private static SpineLooks Looks(params double[][] looks)
    {
        var kept = new SpineLooks();
        foreach (var views in looks)
        {
            kept.Begin();
            foreach (var (view, degrees) in views.Index())
            {
                foreach (var (n, vertebra) in Bent(degrees).Index())
                    kept.Add(view, n, vertebra);
            }
        }
        return kept;
    }

    [Fact]
    public void It_is_the_deviation_of_the_last_looks_views_and_its_distance_from_the_look_before()
    {
        var looks = Looks([70, 90], [20, 24], [28, 30, 32]);
        var spreads = AngleSpread.Of(looks, 1, Bent(30), Height, [1.5, 0.5, 0.25]);
        Assert.Equal(3, spreads.Count);
        Assert.Equal(2, spreads[0].LooksDegrees, 1e-6);
        Assert.Equal(8, spreads[0].MovedDegrees, 1e-6);
        Assert.Equal((double[])[1.5, 0.5, 0.25], spreads.Select(s => s.JumpDegrees));
    }

    [Fact]
    public void One_look_has_not_moved_and_one_view_has_no_deviation()
    {
        Assert.Equal(0, AngleSpread.Of(Looks([10, 50], [28, 30]), 1, Bent(30), Height, [0, 0, 0])[0].MovedDegrees);
        Assert.Equal(0, AngleSpread.Of(Looks([28], [30]), 0, Bent(30), Height, [0, 0, 0])[0].LooksDegrees);
        Assert.Equal(
            new AngleSpread(0, 0, 1), AngleSpread.Of(new SpineLooks(), 0, Bent(30), Height, [1, 1, 1])[0]);
    }

    [Fact]
    public void A_vertebra_that_a_view_did_not_see_is_where_the_corners_are()
    {
        var looks = new SpineLooks();
        looks.Begin();
        foreach (var (n, vertebra) in Bent(30).Index())
            looks.Add(0, n, vertebra);
        for (var n = 0; n < 16; n++)
            looks.Add(1, n, Bent(30)[n]); // it missed the last
        var spines = looks.Spines(0, Bent(40));
        Assert.Equal(2, spines.Count);
        Assert.Equal(Bent(30), spines[0]);
        Assert.Equal([.. Bent(30)[..16], Bent(40)[16]], spines[1]);
    }

    [Fact]
    public void Two_curves_that_are_nearly_equal_make_the_smaller_angles_jump_and_one_curve_does_not()
    {
        var equal = CobbExpectation.Of(BentSpine.Waves(2, 30), 1600, new() { TiltDegrees = 1 }).Deviations;
        var single = CobbExpectation.Of(Bent(40), Height, new() { TiltDegrees = 1 }).Deviations;
        Assert.True(
            equal.Skip(1).Max() > 3 * single.Skip(1).Max(), $"{string.Join(' ', equal)}; {string.Join(' ', single)}");
        Assert.Equal([0.0, 0, 0], CobbExpectation.Of(Bent(40), Height, new()).Deviations);
    }
}
