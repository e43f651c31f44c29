using System.Globalization;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>Says whether the corners that somebody has marked are those of a spine.</summary>
internal static class MarkedSpine
{
    /// <summary>
    /// The kind of fault for spines that need no repair and whose angles are right. They are kept unless all faults are
    /// dropped. Five training images of SpineWeb 16 have it.
    /// </summary>
    public const string DiscsMarked = "discs-marked";

    // The shorter end plate of a vertebra over its longer one: 0.58 and more in all 481 training images of SpineWeb 16
    // but the two whose points are lost or doubled (0.02 and 0.15).
    private const double LeastPlateRatio = 0.5;

    // Height over the median height of the same spine: 2.4 and less in all of them but one, whose last points are at
    // its top (28).
    private const double MaxHeightRatio = 4;

    // Sound spines stay under 42 degrees in these images; those with a vertebra marked askew have 61 and more.
    private const double MaxTiltDegrees = 60;

    /// <summary>
    /// The vertebrae in their right order, the faults that were found, and whether any fault remains.
    /// </summary>
    internal sealed record Verdict(
        IReadOnlyList<Vertebra> Vertebrae,
        bool Reordered,
        bool IsSound,
        IReadOnlyList<(string Kind, string Detail)> Faults);

    public static Verdict Judge(IReadOnlyList<Vertebra> marked)
    {
        var ordered = VertebraOrder.Repair(marked);
        var faults = ordered.Faults.Select(f => (f.Kind, f.Detail)).ToList();
        var isSound = ordered.IsSound;
        var v = ordered.Vertebrae;
        double[] heights =
        [
            .. v.Select(x => (x.TopLeft.DistanceTo(x.BottomLeft) + x.TopRight.DistanceTo(x.BottomRight)) / 2),
        ];
        var medianHeight = heights.Order().ElementAt(heights.Length / 2);
        for (var i = 0; i < v.Count; i++)
        {
            var (upper, lower) = (v[i].TopLeft.DistanceTo(v[i].TopRight), v[i].BottomLeft.DistanceTo(v[i].BottomRight));
            if (
                HasDirection(v[i])
                && Math.Min(upper, lower) >= LeastPlateRatio * Math.Max(upper, lower)
                && heights[i] <= MaxHeightRatio * medianHeight)
                continue;
            isSound = false;
            faults.Add(
                (
                    "absurd-shape",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"vertebra {i} has end plates of {upper:F0} and {lower:F0} px and a height of {heights[i]:F0} "
                            + $"px"
                    )));
        }
        for (var i = 0; i < v.Count; i++)
        {
            var tilt = TiltDegrees(v[i].Axis, v[Math.Min(i + 1, v.Count - 1)].Center - v[Math.Max(i - 1, 0)].Center);
            if (tilt <= MaxTiltDegrees)
                continue;
            isSound = false;
            faults.Add(
                (
                    "absurd-angle",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"vertebra {i} stands {tilt:F0} degrees askew to the spine there")));
        }
        var thinner = Enumerable
            .Range(0, v.Count - 1)
            .Count(i => heights[i] < v[i].LowerMidpoint.DistanceTo(v[i + 1].UpperMidpoint));
        if (isSound && 2 * thinner > v.Count)
            faults.Add(
                (DiscsMarked, $"{thinner} of {v.Count} are thinner than the gap below: discs marked as vertebrae"));
        return new Verdict(v, ordered.Faults.Count > 0, isSound, faults);
    }

    /// <summary>
    /// Returns the angle between a vertebra's axis and the direction across the spine, 0 to 180 degrees; 0 when one of
    /// them is missing.
    /// </summary>
    private static double TiltDegrees(Point2D axis, Point2D down)
    {
        var across = new Point2D(down.Y, -down.X);
        return Math.Abs(Math.Atan2(axis.X * across.Y - axis.Y * across.X, axis.X * across.X + axis.Y * across.Y))
            * (180 / Math.PI);
    }

    /// <summary>
    /// Returns the three angles in degrees; empty when the corners of a vertebra coincide, so that it has no direction.
    /// </summary>
    public static IReadOnlyList<double> Measure(IReadOnlyList<Vertebra> vertebrae, int imageHeight) =>
        vertebrae.All(HasDirection) ? CobbAngles.Measure(vertebrae, imageHeight).Degrees : [];

    private static bool HasDirection(Vertebra v) => v.Axis is not { X: 0, Y: 0 };
}
