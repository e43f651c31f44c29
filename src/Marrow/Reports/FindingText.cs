using System.Globalization;
using Marrow.Findings;

namespace Marrow.Reports;

/// <summary>
/// Writes findings for readers of a terminal: with as many digits as are meaningful, and with ten columns at most.
/// </summary>
internal static class FindingText
{
    private const int MostColumns = 10; // of a drawn table; the CSV has all
    private const string Absent = "-";

    /// <param name="columns">The columns of the predictor; see <see cref="Prediction.PredictorSet.Columns"/>.</param>
    /// <param name="folder">The folder that holds the files of the findings.</param>
    /// <param name="overlays">True when overlays are among these files.</param>
    /// <param name="csv">The name of the table's file.</param>
    public static IReadOnlyList<ReportPart> Of(
        IReadOnlyList<Finding> findings, IReadOnlyList<string> columns, string folder, bool overlays,
        string csv = "predictions.csv")
    {
        // A spine's columns of curves are many and mostly blank: here they are one, with letters for each curve.
        var hasCurves = columns.Contains(CurveColumns.Names[0]);
        var hasIntervals = columns.Contains(IntervalColumns.Names[0]);
        IReadOnlyList<string> drawn = hasCurves
            ?
            [
                .. columns.Except([.. CurveColumns.Names, .. IntervalColumns.Names, .. AngleColumns.Expected]),
                .. hasIntervals ? ["interval"] : (string[])[],
                "curves",
            ]
            : columns;
        var shown = Math.Min(drawn.Count, MostColumns);
        var hasRegions = findings.Any(f => f.Part<RegionsPart>() is { Name: null });
        var table = new FindingTable(columns);
        var parts = new List<ReportPart>
        {
            ReportPart.Table(
                ["file", .. drawn.Take(shown).Select(c => hasRegions ? Share(c) : c), "status"],
                findings.Select(f => (IReadOnlyList<string>)
                    [f.File, .. Cells(f, columns, table).Take(shown), f.Status.ToString().ToLowerInvariant()])),
        };
        if (shown < columns.Count)
            parts.Add(ReportPart.Line(string.Create(
                CultureInfo.InvariantCulture, $"{columns.Count - shown} more columns in {csv}")));
        if (hasCurves)
            parts.Add(ReportPart.Line(
                "curves in degrees, by apex: PT proximal thoracic, MT main thoracic, TL thoracolumbar, L lumbar"));
        if (findings.FirstOrDefault(f => f.ConfidenceWithinDegrees is not null) is { } sure)
            parts.Add(ReportPart.Line(
                $"interval: holds the true cobb1 on {Level(sure)} % of films like those of the data; confidence: that "
                    + $"cobb1 is within {NumberText.OrNone(sure.ConfidenceWithinDegrees, "0.##")} degrees"));
        parts.Add(ReportPart.Line(
            hasRegions
                ? $"{(overlays ? "masks and overlays are" : "masks are")} in {folder}; % is the share of the image's "
                    + "area"
                : $"written to {folder}"));
        return parts;
    }

    private static IReadOnlyList<string> Cells(Finding finding, IReadOnlyList<string> columns, FindingTable table)
    {
        if (finding.Part<SpinePart>() is { } spine)
        {
            return
            [
                .. AngleColumns.Cells(spine.CobbDegrees, "0.0", Absent),
                spine.Severity?.ToString().ToLowerInvariant() ?? "",
                NumberText.Of(spine.Vertebrae.Count, "0"),
                NumberText.Of(finding.Confidence ?? 0, "0.00"),
                .. !columns.Contains(IntervalColumns.Names[0]) ? []
                    : spine.Intervals is [var cobb1, ..] ? [cobb1.InWords] : (string[])[Absent],
                spine.Alignment is null ? Absent
                : spine.Curves.Count == 0 ? "none"
                : string.Join(' ', spine.Curves.Select(c => $"{c.RegionLetters} {NumberText.Of(c.Degrees, "0.0")}")),
            ];
        }
        if (finding.Part<RegionsPart>() is { Name: null } regions)
            return
            [
                .. Enumerable
                    .Range(0, columns.Count - 1)
                    .Select(i =>
                        i < regions.Regions.Count ? NumberText.Of(100 * regions.Regions[i].AreaShare, "0.00") : Absent),
                NumberText.Of(finding.Confidence ?? 0, "0.00"),
            ];
        return [.. table.Row(finding).Skip(1).Take(columns.Count)];
    }

    private static string Level(Finding finding) =>
        NumberText.OrNone(100 * finding.Part<SpinePart>()?.IntervalLevel, "0.#");

    private static string Share(string column) =>
        column.StartsWith("area.", StringComparison.Ordinal) ? $"{column["area.".Length..]} %" : column;
}
