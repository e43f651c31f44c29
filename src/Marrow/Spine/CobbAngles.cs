using System.Text.Json.Serialization;
using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>
/// Two vertebrae by index, 0 at the top: an angle lies between the first one's upper and the last one's lower end
/// plate.
/// </summary>
internal readonly record struct VertebraPair
{
    internal VertebraPair(int upper, int lower) => (Upper, Lower) = (upper, lower);

    public int Upper { get; }

    public int Lower { get; }
}

/// <summary>The three angles of a spine and what each is measured between.</summary>
public sealed class CobbMeasurement
{
    internal CobbMeasurement(IReadOnlyList<double> degrees, IReadOnlyList<VertebraPair> pairs, bool isSCurve) =>
        (Degrees, Pairs, IsSCurve) = (degrees, pairs, isSCurve);

    /// <summary>cobb1 (the largest), cobb2, cobb3 in degrees, 0 to 180, in SpineWeb 16's order.</summary>
    public IReadOnlyList<double> Degrees { get; }

    /// <summary>
    /// For each of <see cref="Degrees"/>, the vertebrae it is measured between; both the same where the angle is 0.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<VertebraPair> Pairs { get; }

    /// <summary>True when the spine crosses the line from its top to its bottom.</summary>
    [JsonInclude] internal bool IsSCurve { get; }

    [JsonInclude] internal CurveSeverity Severity => CobbAngles.SeverityOf(Degrees[0]);
}

/// <summary>How marked a curve is; <see cref="CobbAngles.SeverityOf"/> holds the limits.</summary>
public enum CurveSeverity
{
    None,
    Mild,
    Moderate,
    Severe,
}

/// <summary>
/// The Cobb angles of SpineWeb data set 16, exactly as its labels were made (Wu et al., BoostNet, MICCAI 2017, and the
/// AASCE 2019 challenge): vertebrae in pixels -> the angle between the mid-lines of every two -> the largest, and the
/// largest above and below it. The result depends on the image's height, so measure in original pixels.
/// </summary>
internal static class CobbAngles
{
    private const double StraightTolerance = 1e-9; // share of the line's length: nearer points lie on it

    /// <summary>
    /// The angles of at least two vertebrae, listed top to bottom, corners and <paramref name="imageHeight"/> in
    /// pixels. Throws <see cref="ArgumentException"/> for fewer than two, for coordinates or a height that are no
    /// finite numbers, and for a vertebra without width.
    /// </summary>
    public static CobbMeasurement Measure(IReadOnlyList<Vertebra> topToBottom, double imageHeight)
    {
        Validate(topToBottom, imageHeight);
        var count = topToBottom.Count;
        var angles = AnglesBetween(topToBottom); // [n, n], degrees
        var (a, b) = LargestAngle(angles, count);
        var isSCurve = CrossesItsChord(topToBottom);

        var first = new VertebraPair(a, b);
        VertebraPair second, third;
        if (!isSCurve)
        {
            second = new(0, a);
            third = new(b, count - 1);
        }
        else if (topToBottom[a].LowerMidpoint.Y + topToBottom[b].LowerMidpoint.Y < imageHeight)
        {
            second = new(MostTilted(angles, a, 0, a), a);
            third = new(b, MostTilted(angles, b, b, count - 1));
        }
        else
        {
            var p = MostTilted(angles, a, 0, a);
            second = new(p, a);
            third = new(MostTilted(angles, p, 0, p), p);
        }

        VertebraPair[] pairs = [first, second, third];
        return new(
            degrees: [.. pairs.Select(pair => angles[pair.Upper, pair.Lower])],
            pairs: pairs,
            isSCurve: isSCurve);
    }

    /// <summary>
    /// None under 10 degrees, where the SOSORT guidelines (Negrini et al. 2018) do not speak of scoliosis yet; mild
    /// under 25, where most only observe; moderate under 40, where they brace; severe from 40, the limit after which
    /// surgery is discussed (some centres: 45 or 50). Throws <see cref="ArgumentException"/> for NaN or a negative
    /// angle.
    /// </summary>
    public static CurveSeverity SeverityOf(double cobb1Degrees) =>
        cobb1Degrees switch
        {
            < 0 or double.NaN => throw new ArgumentException(
                $"An angle is 0 or more, found {cobb1Degrees}.",
                nameof(cobb1Degrees)),
            < 10 => CurveSeverity.None,
            < 25 => CurveSeverity.Mild,
            < 40 => CurveSeverity.Moderate,
            _ => CurveSeverity.Severe,
        };

    private static void Validate(IReadOnlyList<Vertebra> vertebrae, double imageHeight)
    {
        if (vertebrae.Count < 2)
            throw new ArgumentException(
                $"An angle needs at least 2 vertebrae, found {vertebrae.Count}.",
                nameof(vertebrae));
        if (!double.IsFinite(imageHeight) || imageHeight <= 0)
            throw new ArgumentException(
                $"The image height must be a positive number of pixels, found {imageHeight}.",
                nameof(imageHeight));
        for (var i = 0; i < vertebrae.Count; i++)
        {
            if (!vertebrae[i].IsFinite())
                throw new ArgumentException(
                    $"Vertebra {i} (0 = the top one) has a corner that is no finite number.",
                    nameof(vertebrae));
            if (vertebrae[i].Axis is { X: 0, Y: 0 })
                throw new ArgumentException(
                    $"Vertebra {i} (0 = the top one) has no width, so it has no direction.",
                    nameof(vertebrae));
        }
    }

    private static double[,] AnglesBetween(IReadOnlyList<Vertebra> vertebrae)
    {
        var n = vertebrae.Count;
        var angles = new double[n, n];
        for (var i = 0; i < n; i++)
        {
            for (var j = i + 1; j < n; j++)
                angles[i, j] = angles[j, i] = AngleDegrees(vertebrae[i].Axis, vertebrae[j].Axis);
        }
        return angles;
    }

    /// <summary>The angle between two directions, 0 to 180.</summary>
    public static double AngleDegrees(Point2D u, Point2D v)
    {
        var cosine = (u.X * v.X + u.Y * v.Y) / (Math.Sqrt(u.X * u.X + u.Y * u.Y) * Math.Sqrt(v.X * v.X + v.Y * v.Y));
        return Math.Acos(Math.Clamp(cosine, -1, 1)) * (180 / Math.PI);
    }

    /// <summary>The first column, and in it the first row, that hold the largest angle.</summary>
    private static (int Column, int Row) LargestAngle(double[,] angles, int count)
    {
        var (column, row) = (0, 0);
        for (var c = 0; c < count; c++)
        {
            for (var r = 0; r < count; r++)
            {
                if (angles[r, c] > angles[row, column])
                    (column, row) = (c, r);
            }
        }
        return (column, row);
    }

    /// <summary>
    /// The first of <paramref name="from"/> to <paramref name="to"/> whose angle to <paramref name="vertebra"/> is the
    /// largest.
    /// </summary>
    private static int MostTilted(double[,] angles, int vertebra, int from, int to)
    {
        var best = from;
        for (var i = from + 1; i <= to; i++)
        {
            if (angles[vertebra, i] > angles[vertebra, best])
                best = i;
        }
        return best;
    }

    /// <summary>
    /// Whether end-plate midpoints lie on both sides of the line from the first to the last. The data set compares
    /// y and x as shares of that line's; a cross product has the same sign and needs no division.
    /// </summary>
    private static bool CrossesItsChord(IReadOnlyList<Vertebra> vertebrae)
    {
        var (top, bottom) = (vertebrae[0].UpperMidpoint, vertebrae[^1].LowerMidpoint);
        var chord = top - bottom;
        var tolerance = StraightTolerance * (chord.X * chord.X + chord.Y * chord.Y);
        var (left, right) = (false, false);
        // the first is on the line; the last two are left out, as the data set does
        for (var i = 1; i < vertebrae.Count * 2 - 2; i++)
        {
            var middle = (i % 2 == 0 ? vertebrae[i / 2].UpperMidpoint : vertebrae[i / 2].LowerMidpoint) - bottom;
            var side = middle.Y * chord.X - middle.X * chord.Y;
            left |= side < -tolerance;
            right |= side > tolerance;
        }
        return left && right;
    }
}
