using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests;

/// <summary>Seventeen vertebrae along a random smooth curve, sized like those of a whole-spine radiograph.</summary>
internal static class RandomSpine
{
    public static Vertebra[] Create(
        SeededRandom random,
        double width = 224,
        double height = 640,
        int count = Vertebra.Count)
    {
        var (middle, sway, phase) = (
            width * random.Uniform(0.42, 0.58),
            width * random.Uniform(0, 0.1),
            random.Uniform(0, 2 * Math.PI));
        var turns = random.Uniform(0.5, 1.5);
        var (first, last) = (random.Uniform(0.03, 0.07) * height, random.Uniform(0.86, 0.92) * height);
        Point2D At(double t) =>
            new(
                middle + sway * Math.Sin(phase + turns * 2 * Math.PI * t),
                first + (last - first) * (0.75 * t + 0.25 * t * t));

        var vertebrae = new Vertebra[count];
        for (var i = 0; i < count; i++)
        {
            var t = i / (Vertebra.Count - 1.0);
            var along = At(t + 1e-3) - At(t - 1e-3);
            along *= 1 / Math.Sqrt(along.X * along.X + along.Y * along.Y);
            var down = along * (0.36 * At(t - 0.03125).DistanceTo(At(t + 0.03125))); // half the height
            var right = new Point2D(along.Y, -along.X) * (width * (0.07 + 0.05 * t)); // half the width
            var center = At(t);
            vertebrae[i] = new(
                center - right - down,
                center + right - down,
                center - right + down,
                center + right + down);
        }
        return vertebrae;
    }

    public static Vertebra Jitter(Vertebra v, SeededRandom random, double px)
    {
        Point2D Move(Point2D p) => p + new Point2D(random.NextGaussian() * px, random.NextGaussian() * px);
        return new(Move(v.TopLeft), Move(v.TopRight), Move(v.BottomLeft), Move(v.BottomRight));
    }

    public static double LargestDistance(Vertebra a, Vertebra b) => Math.Max(
        Math.Max(a.TopLeft.DistanceTo(b.TopLeft), a.TopRight.DistanceTo(b.TopRight)),
        Math.Max(a.BottomLeft.DistanceTo(b.BottomLeft), a.BottomRight.DistanceTo(b.BottomRight)));
}
