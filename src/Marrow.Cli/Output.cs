using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Marrow.Cli;

/// <summary>
/// Where a command prints. Whatever is printed is made visible here (VisibleText), so that no name, licence or card
/// writes to the terminal as if it were the program. Results go to standard output: drawn for a person, or one JSON
/// document for a program. Progress and remarks go to standard error: live on a terminal, plain lines elsewhere.
/// </summary>
internal sealed class Output
{
    // Wide enough that no path is broken in a log; a terminal has its own width.
    private const int FileWidth = 200;

    private readonly bool _json;
    private readonly TextWriter _output;
    private readonly TextWriter? _plain;

    public Output(TextWriter output, TextWriter error, bool json)
    {
        (_output, _json) = (output, json);
        Result = Create(output, !Console.IsOutputRedirected && ReferenceEquals(output, Console.Out));
        IsLive = !Console.IsErrorRedirected && ReferenceEquals(error, Console.Error);
        Progress = Create(error, IsLive);
        _plain = IsLive ? null : error;
    }

    /// <summary>For tests: both on the same console.</summary>
    internal Output(IAnsiConsole console, TextWriter output, bool json, bool live)
    {
        (Result, Progress, _output, _json, IsLive) = (console, console, output, json, live);
        console.Pipeline.Attach(new VisibleSegments());
    }

    /// <summary>The console of standard output.</summary>
    public IAnsiConsole Result { get; }

    /// <summary>The console of standard error.</summary>
    public IAnsiConsole Progress { get; }

    /// <summary>True when standard error is a terminal.</summary>
    public bool IsLive { get; }

    /// <summary>Ends a command: the document with --json, else what <paramref name="draw"/> prints.</summary>
    public void Finish(object document, Action<IAnsiConsole> draw)
    {
        if (_json)
            _output.WriteLine(VisibleText.OfJson(JsonSerializer.Serialize(document, MarrowJson.Options)));
        else
            draw(Result);
    }

    /// <summary>Ends a command with what a result says.</summary>
    public void Finish(TextReport report) => Finish(report.Document, console => console.Draw(report));

    /// <summary>A line for the reader that is no result; off a terminal it is never broken.</summary>
    public void Note(string line)
    {
        if (_plain is not null)
            _plain.WriteLine(VisibleText.Of(line));
        else
            Progress.Line(line);
    }

    public void Warn(string line)
    {
        if (_plain is not null)
            _plain.WriteLine($"warning: {VisibleText.Of(line)}");
        else
            Progress.MarkedLine($"[yellow]warning:[/] {line}");
    }

    private static IAnsiConsole Create(TextWriter writer, bool terminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = terminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = terminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!terminal)
            console.Profile.Width = FileWidth;
        console.Pipeline.Attach(new VisibleSegments());
        return console;
    }

    /// <summary>
    /// What is left of hidden characters after layout, whatever drew them; the console's own codes are marked as such.
    /// </summary>
    private sealed class VisibleSegments : IRenderHook
    {
        public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
            renderables.Select(r => new Shown(r));

        private sealed class Shown(IRenderable drawn) : IRenderable
        {
            public Measurement Measure(RenderOptions options, int maxWidth) => drawn.Measure(options, maxWidth);

            public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
                drawn
                    .Render(options, maxWidth)
                    .Select(s =>
                        s.IsControlCode
                        || s.IsLineBreak
                        || VisibleText.Lines(s.Text) is var text && ReferenceEquals(text, s.Text)
                            ? s
                            : new Segment(text, s.Style));
        }
    }
}

/// <summary>
/// Lines of text. What is put into them is plain: neither markup nor line breaks of a foreign value count.
/// </summary>
internal static class Lines
{
    public static void Line(this IAnsiConsole console, string line = "") =>
        console.Write(new Text(VisibleText.Of(line) + Environment.NewLine));

    /// <summary>Markup in the words, none in the values.</summary>
    public static void MarkedLine(this IAnsiConsole console, FormattableString line) =>
        console.Write(new Markup(Marked(line) + Environment.NewLine));

    /// <summary>The markup of <paramref name="text"/>, whose values are shown as they are.</summary>
    public static string Marked(FormattableString text) =>
        string.Format(
            CultureInfo.InvariantCulture,
            text.Format,
            [.. text.GetArguments().Select(a => a is string value ? Plain(value) : a)]);

    /// <summary>A foreign value as a part of markup.</summary>
#pragma warning disable RS0030 // After the characters, the brackets.
    public static string Plain(string value) => Markup.Escape(VisibleText.Of(value));
#pragma warning restore RS0030
}

/// <summary>Tables as every command draws them. Cells are plain text: nothing in them is markup.</summary>
internal static class Tables
{
    // The least that a column of sentences is read well at.
    private const int SentenceWidth = 20;

    // Of one cell or value: a path has up to 4,096 characters, a foreign card any number.
    private const int LongestText = 5000;

    // Spectre measures every cell several times: 10,000 rows take it seconds.
    private const int MostRowsInColour = 500;

    /// <summary>All parts of a report, one below the other.</summary>
    public static void Draw(this IAnsiConsole console, TextReport report)
    {
        foreach (var part in report.Parts)
        {
            if (part.Headers.Count > 0)
                console.Draw(part.Headers, part.Rows, part.Title, hasLines: true);
            else if (part.Rows.Count > 0)
                console.DrawFacts(part.Title, part.Rows.Select(row => (row[0], row[1])));
            else
                console.Line(part.Title);
        }
    }

    /// <summary>
    /// Columns whose cells all look like numbers are set to the right. Where the console is narrow the gaps shrink and
    /// sentences wrap, but no name, digest or number is broken as long as these fit. Off a terminal, many rows are
    /// plain lines.
    /// </summary>
    /// <param name="hasLines">
    /// True where cells have several lines, made by <see cref="Cell"/>; else a line break is a character like others.
    /// </param>
    public static void Draw(
        this IAnsiConsole console,
        IReadOnlyList<string> headers,
        IReadOnlyList<IReadOnlyList<string>> rows,
        string title = "",
        bool hasLines = false)
    {
        string Show(string cell) =>
            VisibleText.Elide(hasLines ? VisibleText.Lines(cell) : VisibleText.Of(cell), LongestText);
        (headers, title) = ([.. headers.Select(Show)], VisibleText.Of(title));
        rows = [.. rows.Select(row => (IReadOnlyList<string>)[.. row.Select(Show)])];
        var isRight = headers.Select((_, c) => rows.Count > 0 && rows.All(row => IsNumber(row[c]))).ToList();
        if (rows.Count > MostRowsInColour && !console.Profile.Capabilities.Ansi)
        {
            WritePlain(console.Profile.Out.Writer, [headers, .. rows], isRight, title);
            return;
        }
        var table = new Table { Border = TableBorder.Simple };
        var widths = headers
            .Select(
                (header, c) =>
                    rows.Select(row => row[c])
                        .Append(header)
                        .SelectMany(cell => cell.Split('\n'))
                        .Max(line => line.Length))
            .ToList();
        var total = widths.Sum() + (3 * headers.Count) + 1;
        var isNarrow = total > console.Profile.Width;
        var style = new Style(decoration: Decoration.Bold);
        if (title.Length > total) // Within the table it would break into many lines.
            console.Write(new Text(title + "\n", style));
        else if (title.Length > 0)
            table.Title = new TableTitle(Lines.Plain(title), style);
        var isWord = headers
            .Select((_, c) => rows.All(row => !row[c].Contains(' ', StringComparison.Ordinal)))
            .ToList();
        var wordsFit =
            widths.Select((width, c) => (isWord[c] ? width : Math.Min(width, SentenceWidth)) + 2).Sum() + 1
            <= console.Profile.Width;
        for (var c = 0; c < headers.Count; c++)
        {
            var column = new TableColumn(new Text(headers[c], style));
            if (isRight[c])
                column.RightAligned();
            if (isNarrow)
                column.Padding(0, 0, 1, 0);
            if (wordsFit && isWord[c])
                column.NoWrap();
            table.AddColumn(column);
        }
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        console.Write(table);
    }

    /// <summary>A cell of several lines, each of which may be foreign.</summary>
    public static string Cell(params IEnumerable<string> lines) => string.Join('\n', lines.Select(VisibleText.Of));

    /// <summary>One row a line, each column as wide as its widest cell.</summary>
    private static void WritePlain(
        TextWriter writer,
        IReadOnlyList<IReadOnlyList<string>> rows,
        List<bool> isRight,
        string title)
    {
        if (title.Length > 0)
            writer.WriteLine(VisibleText.Of(title));
        var widths = isRight.Select((_, c) => rows.Max(row => row[c].Length)).ToList();
        foreach (var row in rows)
            writer.WriteLine(
                "  "
                    + string.Join(
                            "  ",
                            row.Select(
                                (cell, c) =>
                                    isRight[c]
                                        ? cell.PadLeft(widths[c])
                                        : cell.ReplaceLineEndings(" ").PadRight(widths[c])))
                        .TrimEnd());
    }

    /// <summary>Names and what they are, without a header; a name that repeats the one above is left out.</summary>
    public static void DrawFacts(
        this IAnsiConsole console,
        string title,
        IEnumerable<(string Name, string Value)> facts)
    {
        console.Write(new Text(VisibleText.Of(title) + Environment.NewLine, new Style(decoration: Decoration.Bold)));
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumn(new TableColumn("").Padding(0, 0, 3, 0).NoWrap());
        table.AddColumn(new TableColumn("").Padding(0, 0, 0, 0));
        var above = "";
        foreach (var (name, value) in facts)
        {
            table.AddRow(
                new Text(name == above ? "" : $"  {VisibleText.Of(name)}", new Style(decoration: Decoration.Dim)),
                new Text(VisibleText.Elide(VisibleText.Of(value), LongestText)));
            above = name;
        }
        console.Write(table);
        console.Line();
    }

    private static bool IsNumber(string cell) =>
        cell is "" or "-"
        || char.IsAsciiDigit(cell[0])
        || (cell.Length > 1 && cell[0] is '-' or '+' && char.IsAsciiDigit(cell[1]));
}
