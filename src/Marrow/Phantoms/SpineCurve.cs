using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Phantoms;

/// <summary>
/// A spine in the frontal plane: a sum of smooth bends, 17 vertebrae set along it by arc length, each end plate across
/// the curve's tangent. Millimetres of an adolescent of average size; y = 0 at the upper end plate of T1, x = 0 in the
/// body's middle. Bends are scaled so that the largest angle between two vertebrae is the one asked for.
/// </summary>
internal sealed class SpineCurve
{
    // Mean body sizes, T1 to L5, mm: the shares of the image height measured on SpineWeb 16 times a field of 515 mm.
    private static readonly double[] s_heights =
    [
        14,
        14.8,
        15.6,
        16.3,
        17,
        17.6,
        18.2,
        18.9,
        19.7,
        20.7,
        21.9,
        23.2,
        24.4,
        25.2,
        25.6,
        25,
        22.8,
    ];
    private static readonly double[] s_widths =
    [
        33,
        31,
        29.8,
        29.4,
        29.8,
        30.8,
        32,
        33.4,
        35,
        36.8,
        38.8,
        40.8,
        42.8,
        44.8,
        47,
        49,
        50.5,
    ];
    private static readonly double[] s_discs =
    [
        4,
        3.9,
        3.8,
        3.8,
        4,
        4.2,
        4.5,
        4.8,
        5.2,
        5.8,
        6.6,
        7.6,
        8.6,
        9.6,
        10.4,
        10.6,
        10,
    ];

    private readonly (double Center, double HalfLength, double Amplitude)[] _bends;
    private double _scale;

    private SpineCurve((double, double, double)[] bends) => _bends = bends;

    /// <summary>T1 to L5, mm.</summary>
    public Vertebra[] Vertebrae { get; private set; } = [];

    /// <summary>y of the lower end plate of T12 and of L5, mm; less when the spine is bent.</summary>
    public double ThoraxEndMm => Vertebrae[11].LowerMidpoint.Y;
    public double EndMm => Vertebrae[16].LowerMidpoint.Y;

    /// <param name="cobb1Degrees">
    /// The largest angle; a little more where the vertebrae's own unevenness exceeds it.
    /// </param>
    public static SpineCurve Create(SeededRandom random, double cobb1Degrees)
    {
        // A main bend, its counter-bends above and below; in a third of the curves the lowest is the main one.
        var side = random.Sign();
        var main = random.Uniform(160, 255);
        var mainLength = random.Uniform(140, 180);
        var lumbar = random.Chance(0.62) ? random.Uniform(0.25, 0.95) : random.Uniform(0, 0.25);
        var upper = random.Chance(0.5) ? random.Uniform(0.15, 0.65) : random.Uniform(0, 0.15);
        (double, double, double)[] bends =
        [
            (main, mainLength, side * mainLength),
            (main + mainLength * random.Uniform(0.8, 1), 108 * random.Uniform(0.85, 1.15), -side * 105 * lumbar),
            (main - mainLength * random.Uniform(0.8, 1), 105 * random.Uniform(0.85, 1.15), -side * 105 * upper),
        ];
        var curve = new SpineCurve(bends);
        var shape = VertebraShape.Draw(random);
        var (_, least) = PhantomMath.SinCos(cobb1Degrees * Math.PI / 180);
        var (low, high) = (0.0, 1.2);
        for (var i = 0; i < 24; i++)
        {
            curve._scale = (low + high) / 2;
            curve.Vertebrae = curve.Place(shape);
            if (LeastCosine(curve.Vertebrae) > least)
                low = curve._scale;
            else
                high = curve._scale;
        }
        return curve;
    }

    /// <summary>Lateral position, mm.</summary>
    public double XAt(double yMm)
    {
        var x = 0.0;
        foreach (var (center, halfLength, amplitude) in _bends)
        {
            var z = (yMm - center) / halfLength;
            var q = 1 - z * z;
            if (q > 0)
                x += amplitude * q * q * q;
        }
        return x * _scale;
    }

    /// <summary>The slope of the curve, dx/dy.</summary>
    public double SlopeAt(double yMm)
    {
        var slope = 0.0;
        foreach (var (center, halfLength, amplitude) in _bends)
        {
            var z = (yMm - center) / halfLength;
            var q = 1 - z * z;
            if (q > 0)
                slope -= amplitude * 6 * z * q * q / halfLength;
        }
        return slope * _scale;
    }

    /// <summary>A body of given size whose upper end plate is crossed at y, and the y of its lower one.</summary>
    public (Vertebra Body, double EndMm) BodyAt(
        double yMm,
        double heightMm,
        double upperWidthMm,
        double lowerWidthMm,
        double upperTilt = 0,
        double lowerTilt = 0)
    {
        var end = Advance(yMm, heightMm);
        var (upperLeft, upperRight) = EndPlate(yMm, upperWidthMm, upperTilt);
        var (lowerLeft, lowerRight) = EndPlate(end, lowerWidthMm, lowerTilt);
        return (new(upperLeft, upperRight, lowerLeft, lowerRight), end);
    }

    /// <summary>The y that lies this much further along the curve (backwards when negative).</summary>
    public double Advance(double yMm, double alongMm)
    {
        const int steps = 16;
        for (var i = 0; i < steps; i++)
        {
            var slope = SlopeAt(yMm);
            yMm += alongMm / steps / Math.Sqrt(1 + slope * slope);
        }
        return yMm;
    }

    private Vertebra[] Place(VertebraShape shape)
    {
        var bodies = new Vertebra[Vertebra.Count];
        var y = 0.0;
        for (var i = 0; i < bodies.Length; i++)
        {
            var width = s_widths[i] * shape.Width[i];
            (bodies[i], y) = BodyAt(
                y,
                s_heights[i] * shape.Height[i],
                width * 0.98,
                width * 1.03,
                shape.UpperTilt[i],
                shape.LowerTilt[i]);
            y = Advance(y, s_discs[i] * shape.Disc);
        }
        return bodies;
    }

    private (Point2D Left, Point2D Right) EndPlate(double yMm, double widthMm, double tilt)
    {
        var slope = SlopeAt(yMm);
        var (x, y) = (1 + slope * tilt, tilt - slope); // across the tangent (slope, 1), turned by the tilt
        var half = 0.5 * widthMm / Math.Sqrt(x * x + y * y);
        var middle = new Point2D(XAt(yMm), yMm);
        var across = new Point2D(x * half, y * half);
        return (middle - across, middle + across);
    }

    private static double LeastCosine(Vertebra[] vertebrae)
    {
        var least = 1.0;
        for (var i = 0; i < vertebrae.Length; i++)
        {
            var u = vertebrae[i].Axis;
            for (var j = 0; j < i; j++)
            {
                var v = vertebrae[j].Axis;
                var cosine = (u.X * v.X + u.Y * v.Y) / Math.Sqrt((u.X * u.X + u.Y * u.Y) * (v.X * v.X + v.Y * v.Y));
                least = Math.Min(least, cosine);
            }
        }
        return least;
    }

    /// <summary>
    /// How one person's vertebrae differ from the mean: factors, and tilts of the end plates as tangents.
    /// </summary>
    private sealed record VertebraShape(
        double[] Width,
        double[] Height,
        double[] UpperTilt,
        double[] LowerTilt,
        double Disc)
    {
        public static VertebraShape Draw(SeededRandom random)
        {
            var stout = random.Uniform(0.92, 1.08);
            double[] Each(double mean, double deviation) =>
                [.. Enumerable.Range(0, Vertebra.Count).Select(_ => mean + deviation * PhantomMath.Normal(random))];
            return new(Each(stout, 0.025), Each(1, 0.025), Each(0, 0.018), Each(0, 0.018), random.Uniform(0.75, 1.1));
        }
    }
}
