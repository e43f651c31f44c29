using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class VertebraTests
{
    private static readonly Vertebra s_seen = new(new(100, 200), new(160, 210), new(96, 240), new(156, 250));

    [Fact]
    public void Turning_changes_the_tilt_and_leaves_centre_and_size()
    {
        var turned = s_seen.Turned(12);
        Assert.Equal(s_seen.TiltDegrees + 12, turned.TiltDegrees, 1e-9);
        Assert.Equal(0, s_seen.Center.DistanceTo(turned.Center), 1e-9);
        Assert.Equal(
            s_seen.TopLeft.DistanceTo(s_seen.BottomRight), turned.TopLeft.DistanceTo(turned.BottomRight), 1e-9);
    }

    [Fact]
    public void A_better_look_at_the_same_vertebra_is_mixed_in()
    {
        var better = s_seen.Turned(6).Transform(AffineTransform.Translate(3, -4));
        Assert.Equal(
            Vertebra.Mix(s_seen, better, 0.25), Vertebra.Refine(s_seen, better, 0.25, 0.4, mostTurnDegrees: 10));
    }

    [Theory]
    [InlineData(0, 17, 0, 1)]  // farther than 0.4 of a height of 40.2
    [InlineData(0, 0, 11, 1)]  // turned more
    [InlineData(0, 0, 0, -1)]  // upside down
    public void A_look_at_another_vertebra_is_not(double right, double down, double degrees, double upright)
    {
        var other = s_seen.Turned(degrees)
            .Transform(AffineTransform.Translate(-s_seen.Center.X, -s_seen.Center.Y)
                .Then(new AffineTransform(1, 0, s_seen.Center.X + right, 0, upright, s_seen.Center.Y + down)));
        Assert.Equal(s_seen, Vertebra.Refine(s_seen, other, 0.5, 0.4, mostTurnDegrees: 10));
    }

    [Fact]
    public void Neighbours_stand_a_mean_distance_apart()
    {
        Vertebra[] three = [s_seen, Moved(50), Moved(120)];
        Assert.Equal(60, Vertebra.MeanDistance(three), 1e-9);
        Assert.Equal(0, Vertebra.MeanDistance([s_seen]));

        static Vertebra Moved(double down) => s_seen.Transform(AffineTransform.Translate(0, down));
    }
}
