using System.Globalization;
using System.Text.Json;
using CsvHelper;
using Marrow.Datasets;
using Marrow.Findings;

namespace Marrow.Reports;

/// <summary>
/// Findings as a table with a row each: file, the columns of a predictor in their order, status. Cells of an image that
/// could not be read are blank. Text that a spreadsheet would run as a formula (=, +, -, @) is preceded by an
/// apostrophe.
/// </summary>
/// <param name="columns">The columns of the predictor; see <see cref="Prediction.PredictorSet.Columns"/>.</param>
internal sealed class FindingTable(IReadOnlyList<string> columns)
{
    /// <summary>The titles of the columns.</summary>
    public IReadOnlyList<string> Header => ["file", .. columns, "status"];

    /// <summary>Returns the cells of one finding, in the order of <see cref="Header"/>.</summary>
    public IReadOnlyList<string> Row(Finding finding)
    {
        List<string> cells = finding.Parts.Any(part => part.Name is not null)
            ? [.. columns.GroupBy(TaskOf).SelectMany(task => CellsOf(task.Key, [.. task], finding))]
            : [.. finding.Parts.SelectMany(part => Cells(part, finding))];
        while (cells.Count < columns.Count)
            cells.Add("");
        return [CsvTable.TextCell(finding.File), .. cells, Name(finding.Status)];
    }

    /// <summary>Writes comma-separated values with a header line. Numbers have a decimal point.</summary>
    public void WriteCsv(TextWriter writer, IEnumerable<Finding> findings)
    {
        using var csv = CsvWriter.Create(
            writer,
            new CsvWriterOptions { Injection = CsvInjection.None, NewLine = "\n" },
            leaveOpen: true);
        csv.WriteHeader([.. Header.Select(CsvTable.TextCell)]);
        foreach (var finding in findings)
            csv.WriteRecord([.. Row(finding)]);
    }

    /// <summary>
    /// Returns the cells of one of several tasks, whose columns begin with its name; blank ones where it says nothing.
    /// </summary>
    private static IEnumerable<string> CellsOf(string task, IReadOnlyList<string> columns, Finding finding)
    {
        var table = new FindingTable(columns);
        List<string> cells =
        [
            .. finding.Parts.Where(part => part.Name == task).SelectMany(part => table.Cells(part, finding)),
        ];
        return cells.Concat(columns.Skip(cells.Count).Select(_ => ""));
    }

    private static string TaskOf(string column) => column.Split('.')[0];

    private IEnumerable<string> Cells(FindingPart part, Finding finding) =>
        part switch
        {
            SpinePart spine =>
            [
                .. AngleColumns.Cells(spine.CobbDegrees),
                spine.Severity is { } severity ? Name(severity) : "",
                spine.Vertebrae.Count.ToString(CultureInfo.InvariantCulture),
                NumberText.Of(finding.Confidence ?? 0, "0.###"),
                .. CurveColumns.Cells(spine),
                .. columns.Contains(IntervalColumns.Names[0]) ? IntervalColumns.Cells(spine) : [],
                .. columns.Contains(AngleColumns.Expected[0]) ? AngleColumns.Cells(spine.ExpectedDegrees) : [],
            ],
            ClassesPart classes =>
            [
                .. classes.Class is { } best ? [CsvTable.TextCell(best)] : (string[])[],
                .. classes.Values.Select(Value),
            ],
            NumbersPart numbers => numbers.Values.Select(Value),
            PointsPart points => points.Points.SelectMany(p =>
                p.Place is { } at ? (string[])[NumberText.Of(at.X, "0.#"), NumberText.Of(at.Y, "0.#")] : ["", ""]),
            BoxesPart boxes =>
            [
                boxes.Boxes.Count.ToString(CultureInfo.InvariantCulture),
                boxes.Boxes.Count == 0 ? "" : NumberText.Of(boxes.Boxes.Max(b => b.Score), "0.####"),
            ],
            RegionsPart regions =>
            [
                .. Enumerable
                    .Range(0, columns.Count - 1)
                    .Select(i =>
                        i < regions.Regions.Count ? NumberText.Of(regions.Regions[i].AreaShare, "0.#####") : ""),
                regions.Name is null ? NumberText.Of(finding.Confidence ?? 0, "0.#####") : "",
            ],
            _ => [],
        };

    private static string Value(FoundValue value) =>
        value.Value is { } number ? NumberText.Of(number, Math.Abs(number) >= 1000 ? "0.#" : "0.####") : "";

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
