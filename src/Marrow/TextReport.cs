namespace Marrow;

/// <summary>
/// What a result says to whoever asked for it, in two forms: as a document for programs and as parts for readers, in
/// the order they are read in. The command line draws the parts on a terminal, and so may any other front end.
/// </summary>
public sealed class TextReport
{
    internal TextReport(object document, params IReadOnlyList<ReportPart> parts) =>
        (Document, Parts) = (document, parts);

    /// <summary>What the command line's option --json prints, by <see cref="MarrowJson"/>'s options.</summary>
    public object Document { get; }

    /// <summary>Facts, tables and single lines.</summary>
    public IReadOnlyList<ReportPart> Parts { get; }
}

/// <summary>
/// A table, a list of facts or a line. All its text is visible: control characters of foreign names are written out.
/// </summary>
public sealed class ReportPart
{
    private ReportPart(string title, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows) =>
        (Title, Headers, Rows) = (title, headers, [.. rows]);

    /// <summary>What stands above; the line itself where there are no rows.</summary>
    public string Title { get; }

    /// <summary>The columns of a table; empty for facts, whose rows have a name and a value, and for a line.</summary>
    public IReadOnlyList<string> Headers { get; }

    /// <summary>The cells of each row; a cell may have several lines.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows { get; }

    internal static ReportPart Line(string text = "") => new(VisibleText.Of(text), [], []);

    internal static ReportPart Facts(string title, IEnumerable<(string Name, string Value)> facts) =>
        new(VisibleText.Of(title), [], facts.Select(f => Visible([f.Name, f.Value])));

    /// <summary>A table whose cells are of one line each.</summary>
    internal static ReportPart Table(
        IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, string title = "") =>
        new(VisibleText.Of(title), Visible(headers), rows.Select(Visible));

    /// <summary>A table whose cells may have several lines, each made by <see cref="Cell"/>.</summary>
    internal static ReportPart TableOfLines(
        IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, string title = "") =>
        new(VisibleText.Of(title), headers, rows);

    /// <summary>A cell of several lines, each of which may be foreign.</summary>
    internal static string Cell(params IEnumerable<string> lines) => string.Join('\n', lines.Select(VisibleText.Of));

    private static IReadOnlyList<string> Visible(IReadOnlyList<string> cells) => [.. cells.Select(VisibleText.Of)];
}
