using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests.Spine;

public class DetectedSpineTests
{
    private static DetectedSpine Random(ulong seed) =>
        new(224, 640, RandomSpine.Create(new SeededRandom(seed)), Vertebra.Count);

    private static Point2D[] Corners(Vertebra v) => [v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight];

    [Fact]
    public void The_crop_of_a_spine_holds_every_corner_and_touches_four_of_its_sides_without_a_margin()
    {
        for (var seed = 0ul; seed < 20; seed++)
        {
            var spine = Random(seed);
            var crop = spine.SpineCrop(0);
            var inside = spine.Vertebrae.SelectMany(Corners).Select(crop.ToCrop.Apply).ToList();
            Assert.Equal(
                (0, crop.Width, 0, crop.Height),
                (inside.Min(p => p.X), inside.Max(p => p.X), inside.Min(p => p.Y), inside.Max(p => p.Y)),
                new Near(1e-9));
            var wide = spine.SpineCrop(0.1);
            Assert.Equal(
                (crop.Width * 1.2, crop.Height * 1.2, crop.Center.X, crop.Center.Y),
                (wide.Width, wide.Height, wide.Center.X, wide.Center.Y),
                new Near(1e-9));
        }
    }

    [Fact]
    public void A_vertebra_stands_upright_in_the_middle_of_its_crop()
    {
        for (var seed = 0ul; seed < 20; seed++)
        {
            var spine = Random(seed);
            for (var n = 0; n < Vertebra.Count; n++)
            {
                var crop = spine.VertebraCrop(n, 0.4);
                var seen = spine.Vertebrae[n].Transform(crop.ToCrop);
                Assert.Equal((crop.Width / 2, crop.Height / 2), (seen.Center.X, seen.Center.Y), new Near2(1e-9));
                // its neighbours are turned otherwise, by a few degrees
                Assert.InRange(Math.Atan2(seen.Axis.Y, seen.Axis.X), -0.15, 0.15);
                Assert.All(Corners(seen), p =>
                    Assert.True(p.X > 0 && p.Y > 0 && p.X < crop.Width && p.Y < crop.Height));
            }
        }
    }

    [Fact]
    public void A_turned_spine_has_the_same_crops_turned()
    {
        var spine = Random(3);
        var turn = AffineTransform.Rotate(0.3).Then(AffineTransform.Translate(50, 20));
        var turned = spine with { Vertebrae = [.. spine.Vertebrae.Select(v => v.Transform(turn))] };
        for (var n = 0; n < Vertebra.Count; n++)
        {
            var (before, after) = (spine.VertebraCrop(n, 0.4), turned.VertebraCrop(n, 0.4));
            var center = turn.Apply(before.Center);
            Assert.Equal(
                (center.X, center.Y, before.Width, before.Height),
                (after.Center.X, after.Center.Y, after.Width, after.Height),
                new Near(1e-9));
            Assert.Equal(before.TiltRadians + 0.3, after.TiltRadians, 9);
        }
    }

    [Fact]
    public void Nothing_seen_or_a_place_far_from_the_image_is_not_usable()
    {
        var spine = Random(1);
        Assert.True(spine.IsUsable);
        Assert.False((spine with { Seen = 0 }).IsUsable);
        Assert.False(
            (
                spine with
                {
                    Vertebrae = [.. spine.Vertebrae.Select(v => v.Transform(AffineTransform.Translate(1e6, 0)))],
                }
            ).IsUsable);
        Assert.False(
            (
                spine with
                {
                    Vertebrae = [.. spine.Vertebrae.Select(v => v.Transform(AffineTransform.Translate(double.NaN, 0)))],
                }
            ).IsUsable);
    }

    private sealed class Near(double tolerance) : IEqualityComparer<(double, double, double, double)>
    {
        public bool Equals((double, double, double, double) a, (double, double, double, double) b) =>
            Math.Abs(a.Item1 - b.Item1) < tolerance
            && Math.Abs(a.Item2 - b.Item2) < tolerance
            && Math.Abs(a.Item3 - b.Item3) < tolerance
            && Math.Abs(a.Item4 - b.Item4) < tolerance;

        public int GetHashCode((double, double, double, double) value) => 0;
    }

    private sealed class Near2(double tolerance) : IEqualityComparer<(double, double)>
    {
        public bool Equals((double, double) a, (double, double) b) =>
            Math.Abs(a.Item1 - b.Item1) < tolerance && Math.Abs(a.Item2 - b.Item2) < tolerance;

        public int GetHashCode((double, double) value) => 0;
    }
}
