using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests;

/// <summary>
/// Seventeen vertebrae along a curve that is known by a formula, so that every tilt and angle is known too: each end
/// plate stands across the curve where it lies. Pixels; a vertebra is 60 high, the disc below it 20.
/// </summary>
internal static class BentSpine
{
    public const double Length = Step * Vertebra.Count - Disc;
    private const double Step = 80, Disc = 20, HalfWidth = 50, Left = 500, Top = 100;

    /// <param name="bow">The curve's x at a height of 0 to <see cref="Length"/>.</param>
    /// <param name="slope">The derivative of <paramref name="bow"/>.</param>
    public static Vertebra[] Along(Func<double, double> bow, Func<double, double> slope)
    {
        return [.. Enumerable.Range(0, Vertebra.Count).Select(i => Body(UpperPlateAt(i), LowerPlateAt(i)))];

        Vertebra Body(double upper, double lower)
        {
            var ((topLeft, topRight), (bottomLeft, bottomRight)) = (Plate(upper), Plate(lower));
            return new(topLeft, topRight, bottomLeft, bottomRight);
        }

        (Point2D Left, Point2D Right) Plate(double y)
        {
            var (middle, across) = (new Point2D(Left + bow(y), Top + y), new Point2D(1, -slope(y)));
            across *= HalfWidth / across.DistanceTo(default);
            return (middle - across, middle + across);
        }
    }

    /// <summary>Half of a wave for each curve, the first to the right: <paramref name="amplitude"/> px wide.</summary>
    public static Vertebra[] Waves(double curves, double amplitude)
    {
        var turn = curves * Math.PI / Length;
        return Along(y => amplitude * Math.Sin(turn * y), y => amplitude * turn * Math.Cos(turn * y));
    }

    /// <summary>An arc of a circle to the right, from the top to the bottom of the spine.</summary>
    public static Vertebra[] Arc(double degrees)
    {
        var radius = Length / 2 / Math.Sin(degrees / 2 * Math.PI / 180);
        double Across(double y) => Math.Sqrt(radius * radius - (y - Length / 2) * (y - Length / 2));
        return Along(y => Across(y) - Across(0), y => -(y - Length / 2) / Across(y));
    }

    /// <summary>Where the upper end plate of a vertebra lies, 0 to <see cref="Length"/>.</summary>
    public static double UpperPlateAt(int vertebra) => vertebra * Step;

    /// <summary>Where the lower end plate of a vertebra lies.</summary>
    public static double LowerPlateAt(int vertebra) => vertebra * Step + Step - Disc;

    /// <summary>Each vertebra turned about its centre by a normal error.</summary>
    public static Vertebra[] Turned(IReadOnlyList<Vertebra> spine, SeededRandom random, double errorDegrees) =>
    [
        .. spine.Select(v => v.Transform(AffineTransform.Translate(-v.Center.X, -v.Center.Y)
            .Then(AffineTransform.Rotate(random.NextGaussian() * errorDegrees * Math.PI / 180))
            .Then(AffineTransform.Translate(v.Center.X, v.Center.Y)))),
    ];
}
