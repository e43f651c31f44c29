using Marrow.Imaging;
using Marrow.Models;
using Marrow.Spine;

namespace Marrow.Tests.Models;

public class SpineSmoothingTests
{
    private static double Tilt(Vertebra v) => Math.Atan2(v.Axis.Y, v.Axis.X);

    [Fact]
    public void Noise_of_the_tilts_falls_and_centres_and_sizes_stay()
    {
        var random = new SeededRandom(1);
        var (before, after) = (0.0, 0.0);
        for (var trial = 0; trial < 100; trial++)
        {
            var truth = RandomSpine.Create(random);
            var noisy = truth.Select(v => RandomSpine.Jitter(v, random, 2)).ToArray();
            var smooth = SpineSmoothing.SmoothTilt(noisy, 0.3);
            for (var i = 0; i < 17; i++)
            {
                before += Math.Abs(Tilt(noisy[i]) - Tilt(truth[i]));
                after += Math.Abs(Tilt(smooth[i]) - Tilt(truth[i]));
                Assert.InRange(smooth[i].Center.DistanceTo(noisy[i].Center), 0, 1e-9);
                Assert.Equal(noisy[i].TopLeft.DistanceTo(noisy[i].BottomRight), smooth[i].TopLeft.DistanceTo(smooth[i].BottomRight), 9);
            }
        }
        Assert.InRange(after, 0, 0.75 * before);
    }

    [Fact]
    public void An_evenly_bending_spine_is_left_alone()
    {
        var square = new Vertebra(new(-20, -10), new(20, -10), new(-20, 10), new(20, 10));
        Vertebra[] spine = [.. Enumerable.Range(0, 17).Select(i => square.Transform(AffineTransform.Rotate(0.03 * i - 0.2).Then(AffineTransform.Translate(100, 40 * i))))];
        var smooth = SpineSmoothing.SmoothTilt(spine, 5);
        Assert.All(Enumerable.Range(0, 17), i => Assert.InRange(RandomSpine.LargestDistance(spine[i], smooth[i]), 0, 1e-9));
        Assert.Same(spine, SpineSmoothing.SmoothTilt(spine, 0));
    }

    [Fact]
    public void An_untrusted_vertebra_follows_its_neighbours()
    {
        var spine = RandomSpine.Create(new SeededRandom(2));
        var broken = (Vertebra[])spine.Clone();
        var (c, turn) = (spine[8].Center, AffineTransform.Rotate(0.5));
        broken[8] = spine[8].Transform(AffineTransform.Translate(-c.X, -c.Y).Then(turn).Then(AffineTransform.Translate(c.X, c.Y)));
        var trust = Enumerable.Range(0, 17).Select(i => i == 8 ? 0.0 : 1).ToArray();
        Assert.InRange(Math.Abs(Tilt(SpineSmoothing.SmoothTilt(broken, 0.1, trust)[8]) - Tilt(spine[8])), 0, 0.05);
    }
}
