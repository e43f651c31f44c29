using System.Globalization;
using Marrow.Findings;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli;

/// <summary>
/// Findings as a person reads them on a terminal: numbers as short as they mean something, ten columns at most.
/// </summary>
internal static class FindingDisplay
{
    private const int MostColumns = 10; // of a drawn table; the CSV has all
    private const string Absent = "-";

    public static void Draw(
        IAnsiConsole console,
        IReadOnlyList<string> columns,
        IReadOnlyList<Finding> findings,
        PredictRequest request)
    {
        var shown = Math.Min(columns.Count, MostColumns);
        var hasRegions = findings.Any(f => f.Part<RegionsPart>() is not null);
        var table = new FindingTable(columns);
        console.Draw(
            [.. (string[])["file", .. columns.Take(shown).Select(c => hasRegions ? Share(c) : c), "status"]],
            [
                .. findings.Select(f =>
                    (IReadOnlyList<string>)
                        [f.File, .. Cells(f, columns.Count, table).Take(shown), f.Status.ToString().ToLowerInvariant()]
                ),
            ]);
        if (shown < columns.Count)
            console.Line(
                string.Create(CultureInfo.InvariantCulture, $"{columns.Count - shown} more columns in predictions.csv")
            );
        console.Line(
            hasRegions
                ? $"{(request.Overlays ? "masks and overlays are" : "masks are")} in {request.Folder}; % is the share "
                    + $"of the image's area"
                : $"written to {request.Folder}");
    }

    private static IReadOnlyList<string> Cells(Finding finding, int count, FindingTable table)
    {
        if (finding.Part<SpinePart>() is { } spine)
        {
            return
            [
                .. Enumerable
                    .Range(0, 3)
                    .Select(i => i < spine.CobbDegrees.Count ? NumberText.Of(spine.CobbDegrees[i], "0.0") : Absent),
                spine.Severity?.ToString().ToLowerInvariant() ?? "",
                NumberText.Of(spine.Vertebrae.Count, "0"),
                NumberText.Of(finding.Confidence ?? 0, "0.00"),
            ];
        }
        if (finding.Part<RegionsPart>() is { } regions)
            return
            [
                .. Enumerable
                    .Range(0, count - 1)
                    .Select(i =>
                        i < regions.Regions.Count ? NumberText.Of(100 * regions.Regions[i].AreaShare, "0.00") : Absent),
                NumberText.Of(finding.Confidence ?? 0, "0.00"),
            ];
        return [.. table.Row(finding).Skip(1).Take(count)];
    }

    private static string Share(string column) =>
        column.StartsWith("area.", StringComparison.Ordinal) ? $"{column["area.".Length..]} %" : column;
}
