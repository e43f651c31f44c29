using Marrow.Spine;

namespace Marrow.Findings;

/// <summary>
/// The columns of predictions.csv for curves and alignment, one name and one cell each: the angle in each region, that
/// of the largest curve where two have their apex there; tilts; the offset; and all curves in words.
/// </summary>
internal static class CurveColumns
{
    private static readonly (string Name, Func<SpinePart, string> Cell)[] s_columns =
    [
        ("proximalThoracic", spine => Largest(spine, CurveRegion.ProximalThoracic)),
        ("mainThoracic", spine => Largest(spine, CurveRegion.MainThoracic)),
        ("thoracolumbar", spine => Largest(spine, CurveRegion.Thoracolumbar)),
        ("lumbar", spine => Largest(spine, CurveRegion.Lumbar)),
        ("t1Tilt", spine => Number(spine.Alignment?.T1TiltDegrees)),
        ("l4Tilt", spine => Number(spine.Alignment?.L4TiltDegrees)),
        ("l5Tilt", spine => Number(spine.Alignment?.L5TiltDegrees)),
        ("t1OffsetPx", spine => Number(spine.Alignment?.T1OffsetPixels)),
        ("curves", spine => string.Join("; ", spine.Curves.Select(c => c.InWords))),
    ];

    /// <summary>In the order of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_columns.Select(c => c.Name)];

    /// <summary>Empty where there is no such curve, and where nothing was measured.</summary>
    public static IEnumerable<string> Cells(SpinePart spine) => s_columns.Select(c => c.Cell(spine));

    private static string Largest(SpinePart spine, CurveRegion region) =>
        Number(spine.Curves.Where(c => c.Region == region).Select(c => (double?)c.Degrees).Max());

    private static string Number(double? value) => value is { } number ? NumberText.Of(number, "0.###") : "";
}
