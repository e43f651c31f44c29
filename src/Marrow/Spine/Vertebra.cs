using System.Text.Json.Serialization;
using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>
/// The four corners of one vertebral body as seen on the image: TL is the upper end plate's end towards the image's
/// left. The order TL, TR, BL, BR is that of SpineWeb data set 16.
/// </summary>
public readonly record struct Vertebra
{
    internal Vertebra(Point2D topLeft, Point2D topRight, Point2D bottomLeft, Point2D bottomRight) =>
        (TopLeft, TopRight, BottomLeft, BottomRight) = (topLeft, topRight, bottomLeft, bottomRight);

    public Point2D TopLeft { get; internal init; }

    public Point2D TopRight { get; }

    public Point2D BottomLeft { get; internal init; }

    public Point2D BottomRight { get; internal init; }

    /// <summary>Vertebrae on a full-spine radiograph: T1 to T12 and L1 to L5.</summary>
    internal const int Count = 17;

    [JsonInclude] internal Point2D Center => (TopLeft + TopRight + BottomLeft + BottomRight) * 0.25;
    [JsonInclude] internal Point2D UpperMidpoint => Point2D.Midpoint(TopLeft, TopRight);
    [JsonInclude] internal Point2D LowerMidpoint => Point2D.Midpoint(BottomLeft, BottomRight);

    /// <summary>From the middle of the left side to the middle of the right side.</summary>
    [JsonInclude]
    internal Point2D Axis => Point2D.Midpoint(TopRight, BottomRight) - Point2D.Midpoint(TopLeft, BottomLeft);

    /// <summary>The direction of <see cref="Axis"/>, from -180 to 180 degrees, clockwise on the screen.</summary>
    internal double TiltDegrees => SpinalCurves.TiltDegrees(Axis);

    /// <summary>Whether all eight coordinates are finite numbers.</summary>
    internal bool IsFinite() =>
        IsFinite(TopLeft) && IsFinite(TopRight) && IsFinite(BottomLeft) && IsFinite(BottomRight);

    /// <summary>
    /// A mirrored transform (negative determinant) swaps left and right corners, so that TL stays on the left.
    /// </summary>
    internal Vertebra Transform(AffineTransform t)
    {
        var v = new Vertebra(t.Apply(TopLeft), t.Apply(TopRight), t.Apply(BottomLeft), t.Apply(BottomRight));
        return t.A * t.E - t.B * t.D < 0 ? new(v.TopRight, v.TopLeft, v.BottomRight, v.BottomLeft) : v;
    }

    /// <summary>Turns a vertebra about its centre, clockwise on the screen.</summary>
    internal Vertebra Turned(double degrees) =>
        Transform(AffineTransform.Rotate(degrees * Math.PI / 180).About(Center));

    /// <summary>
    /// The mean of two, as <see cref="Mix"/> has it, where the second is the same vertebra seen better; else the first.
    /// The second is another one where it is none that stands upright, lies farther away, or is turned more.
    /// </summary>
    /// <param name="share">The second's.</param>
    /// <param name="mostMoveHeights">The farthest that the centre may move, of the first's height.</param>
    /// <param name="mostTurnDegrees">The most that the axis may turn.</param>
    internal static Vertebra Refine(
        in Vertebra before, in Vertebra refined, double share, double mostMoveHeights, double mostTurnDegrees = 180)
    {
        var (axis, down) = (refined.Axis, refined.LowerMidpoint - refined.UpperMidpoint);
        var reach = mostMoveHeights * before.UpperMidpoint.DistanceTo(before.LowerMidpoint);
        var isSame = axis.X > 0 && axis.X * down.Y - axis.Y * down.X > 0
            && refined.Center.DistanceTo(before.Center) <= reach
            && CobbAngles.AngleDegrees(before.Axis, axis) <= mostTurnDegrees;
        return isSame ? Mix(before, refined, share) : before;
    }

    /// <summary>The mean of two, corner by corner; <paramref name="share"/> is the second's.</summary>
    internal static Vertebra Mix(in Vertebra first, in Vertebra second, double share)
    {
        return new(Corner(first.TopLeft, second.TopLeft), Corner(first.TopRight, second.TopRight),
            Corner(first.BottomLeft, second.BottomLeft), Corner(first.BottomRight, second.BottomRight));

        Point2D Corner(Point2D a, Point2D b) => a * (1 - share) + b * share;
    }

    /// <summary>The mean distance from one centre to the next; 0 for a single vertebra.</summary>
    internal static double MeanDistance(IReadOnlyList<Vertebra> topToBottom) =>
        Point2D.MeanDistance([.. topToBottom.Select(v => v.Center)]);

    private static bool IsFinite(Point2D p) => double.IsFinite(p.X) && double.IsFinite(p.Y);
}
