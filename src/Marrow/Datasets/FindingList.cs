using System.Globalization;

namespace Marrow.Datasets;

/// <summary>
/// One column whose cells list what an image shows: "Cardiomegaly|Emphysema", as NIH ChestX-ray14 (Wang et al. 2017)
/// has its "Finding Labels". Each name is a finding that holds or not by itself; "No Finding" is none of them.
/// </summary>
internal sealed class FindingList
{
    /// <summary>
    /// The column that is a list in every part of NIH's data, even in one whose images show only one finding each.
    /// </summary>
    private const string NihColumn = "Finding Labels";

    private static readonly string[] Nothing = ["No Finding", "No Findings", "none"];

    private readonly CsvTable _table;
    private readonly int _column;
    private readonly char? _separator;

    private FindingList(CsvTable table, int column, char? separator)
    {
        (_table, _column, _separator) = (table, column, separator);
        // All rows name them, so that every split has the same ones.
        Names =
        [
            .. table
                .Rows.SelectMany(row => Parts(row.Fields[column]))
                .Where(name => !IsNothing(name))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The names of the findings, in alphabetical order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>
    /// Reads a column as a list of findings. Returns null for a column of numbers or of yes and no, and for a column of
    /// class names unless it is said to hold findings.
    /// </summary>
    /// <param name="areFindings">True when the recipe says that the column holds findings.</param>
    public static FindingList? Of(CsvTable table, int column, bool areFindings)
    {
        var cells = table
            .Rows.Select(row => row.Fields[column])
            .Where(cell => cell.Length > 0)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        areFindings |= CsvFolder.IsNamed(table.Header[column], NihColumn);
        var separator = ((char[])['|', ';', ',']).Where(s => cells.Any(cell => cell.Contains(s)))
            .Where(s => s == '|' || areFindings || Recurs(cells, s)).Select(s => (char?)s).FirstOrDefault();
        if (!areFindings && separator is null)
            return null;
        // What is no name is a cell of 1, 0 and -1 that went wrong, and is told where it stands.
        var list = new FindingList(table, column, separator);
        return list.Names.All(name => IsName(name, separator is null)) ? list : null;
    }

    private static bool IsName(string text, bool isWholeCell) =>
        (isWholeCell ? char.IsLetter(text[0]) : text.Any(char.IsLetter))
        && !LabelPolicy.IsYesOrNo(text) && !double.TryParse(text, CultureInfo.InvariantCulture, out _); // "NaN" is none

    /// <summary>
    /// A comma may be part of a name ("fracture, healed"). It separates names where the parts of some cell stand alone
    /// in other cells.
    /// </summary>
    private static bool Recurs(List<string> cells, char separator)
    {
        var alone = cells.Where(cell => !cell.Contains(separator)).ToHashSet(StringComparer.Ordinal);
        return cells.Any(cell =>
            cell.Contains(separator) && cell.Split(separator, StringSplitOptions.TrimEntries).All(alone.Contains));
    }

    /// <summary>
    /// Returns the labels of a row, [names]; for a blank cell all of them are <paramref name="blank"/>. Throws
    /// <see cref="MarrowException"/> for "No Finding" beside a finding.
    /// </summary>
    public float[] Labels(CsvRow row, float blank)
    {
        var parts = Parts(row.Fields[_column]).ToHashSet(StringComparer.Ordinal);
        if (parts.Count > 1 && parts.Any(IsNothing))
            throw _table.Bad(row, _column, "findings, or that there is none", "Correct the cell.");
        return [.. Names.Select(name => parts.Count == 0 ? blank : parts.Contains(name) ? 1f : 0f)];
    }

    private IEnumerable<string> Parts(string cell) =>
        _separator is { } separator
            ? cell.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        : cell.Length == 0 ? []
        : [cell];

    private static bool IsNothing(string name) => Nothing.Contains(name, StringComparer.OrdinalIgnoreCase);
}
