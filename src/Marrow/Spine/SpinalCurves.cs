// The curves of a spine as a surgeon reads them: vertebrae -> the tilt of each -> the places where the tilt turns back,
// which are the end vertebrae -> between each and the next a curve with its Cobb angle, apex and side. Terms are those
// of the Scoliosis Research Society (Stokes et al., Spine 19: 236-248, 1994); docs/curves.md has them in plain words.

using Marrow.Imaging;

namespace Marrow.Spine;

internal static class SpinalCurves
{
    /// <summary>
    /// Curves of less are not listed: under 10 degrees nobody speaks of scoliosis (SOSORT guidelines, Negrini et al.
    /// 2018), as under <see cref="CurveSeverity.Mild"/>.
    /// </summary>
    public const double LeastDegrees = 10;

    // A turn of the smoothed tilts by less ends no curve. Of straight spines whose tilts err by 2 degrees each, one in
    // a thousand turns by 8 degrees, but one in twenty by 6.
    private const double LeastTurnDegrees = 8;

    /// <summary>
    /// The curves of a spine, top to bottom; empty for one that is straight. Mirrored, a spine has the same curves on
    /// the other side; enlarged, the same but for the offsets.
    /// </summary>
    public static IReadOnlyList<SpinalCurve> Of(IReadOnlyList<Vertebra> topToBottom)
    {
        var tilts = topToBottom.Select(v => TiltDegrees(v.Axis)).ToArray();
        var ends = EndVertebrae(tilts);
        var curves = new List<SpinalCurve>();
        for (var k = 0; k + 1 < ends.Length; k++)
        {
            var curve = Between(topToBottom, new(ends[k], ends[k + 1]), tilts);
            if (curve.Degrees >= LeastDegrees)
                curves.Add(curve);
        }
        return curves;
    }

    /// <summary>-180 to 180; positive where a line that runs to the image's right goes down.</summary>
    public static double TiltDegrees(Point2D line) => Math.Atan2(line.Y, line.X) * (180 / Math.PI);

    private static SpinalCurve Between(IReadOnlyList<Vertebra> vertebrae, VertebraPair ends, double[] tilts)
    {
        var (upper, lower) = (vertebrae[ends.Upper], vertebrae[ends.Lower]);
        // Above an apex on the right the spine runs to the right, so that the right ends of vertebrae are the higher.
        var side = tilts[ends.Lower] > tilts[ends.Upper] ? Side.Right : Side.Left;
        var apex = ApexOf(vertebrae, ends, side);
        return new(
            Ends: ends,
            Degrees: CobbAngles.AngleDegrees(upper.TopRight - upper.TopLeft, lower.BottomRight - lower.BottomLeft),
            ConvexSide: side,
            Apex: apex,
            ApexOffset: OffsetFrom(vertebrae[0].Center, vertebrae[^1].Center, apex.CenterOn(vertebrae)));
    }

    /// <summary>
    /// The vertebrae at which the tilts turn back. Where a turn is, smoothed tilts say; which of the vertebrae there is
    /// the most tilted, their own.
    /// </summary>
    private static int[] EndVertebrae(double[] tilts)
    {
        var smooth = Smooth(tilts);
        var turns = TurningPoints.Of(smooth, LeastTurnDegrees);
        var ends = new int[turns.Count];
        for (var k = 0; k < ends.Length; k++)
        {
            // A vertebra as near to another turn belongs to neither: no end passes the next.
            var before = k == 0 ? -tilts.Length : turns[k - 1];
            var after = k + 1 == ends.Length ? 2 * tilts.Length : turns[k + 1];
            var isHigh = smooth[turns[k]] > smooth[turns[k == 0 ? 1 : k - 1]];
            ends[k] = Enumerable.Range(turns[k] - 1, 3)
                .Where(i => i >= 0 && i < tilts.Length && 2 * i > before + turns[k] && 2 * i < turns[k] + after)
                .MaxBy(i => isHigh ? tilts[i] : -tilts[i]);
        }
        return ends;
    }

    /// <summary>Means with weights 1, 2, 1; of 2, 1 at the ends.</summary>
    private static double[] Smooth(double[] values)
    {
        var smooth = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (sum, weight) = (2 * values[i], 2);
            if (i > 0)
                (sum, weight) = (sum + values[i - 1], weight + 1);
            if (i + 1 < values.Length)
                (sum, weight) = (sum + values[i + 1], weight + 1);
            smooth[i] = sum / weight;
        }
        return smooth;
    }

    /// <summary>
    /// The vertebra or disc between the end vertebrae that is farthest, to the convex side, from the line between their
    /// centres (the regional axis of Stokes et al.). Unlike the distance from a vertical line, it does not depend on
    /// how the patient leans.
    /// </summary>
    private static SpinePlace ApexOf(IReadOnlyList<Vertebra> vertebrae, VertebraPair ends, Side side)
    {
        var (top, bottom) = (vertebrae[ends.Upper].Center, vertebrae[ends.Lower].Center);
        return Enumerable.Range(ends.Upper, ends.Lower - ends.Upper)
            .SelectMany(i => (SpinePlace[])[new(i, IsDisc: false), new(i, IsDisc: true)])
            .Skip(1) // the upper end vertebra
            .MaxBy(place =>
                (side == Side.Right ? 1 : -1) * OffsetFrom(top, bottom, place.CenterOn(vertebrae)));
    }

    /// <summary>
    /// How far a point is from the line through two others, px; positive to the right of one that runs down. 0 where
    /// the two are the same point.
    /// </summary>
    private static double OffsetFrom(Point2D top, Point2D bottom, Point2D point)
    {
        var (down, to) = (bottom - top, point - top);
        var length = top.DistanceTo(bottom);
        return length == 0 ? 0 : (to.X * down.Y - to.Y * down.X) / length;
    }
}
