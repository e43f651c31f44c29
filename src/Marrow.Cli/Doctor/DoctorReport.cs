using Spectre.Console;

namespace Marrow.Cli.Doctor;

/// <summary>
/// The findings for a person: a table under each heading, what to do under what was found, and one sentence.
/// </summary>
internal static class DoctorReport
{
    private const string Margin = "  ";
    private const int Longest = 7; // "warning"

    public static void Draw(IAnsiConsole console, Diagnosis diagnosis)
    {
        var names = diagnosis.Checks.Max(f => f.Check.Length);
        foreach (var group in diagnosis.Checks.GroupBy(f => f.Group))
        {
            console.Write(new Text(group.Key + Environment.NewLine, new Style(decoration: Decoration.Bold)));
            var table = new Table { Border = TableBorder.None, ShowHeaders = false };
            table.AddColumn(new TableColumn("").Padding(0, 0, 2, 0).NoWrap().Width(Margin.Length + Longest));
            table.AddColumn(new TableColumn("").Padding(0, 0, 2, 0).NoWrap().Width(names));
            table.AddColumn(new TableColumn("").Padding(0, 0, 0, 0));
            foreach (var finding in group)
            {
                table.AddRow(
                    Mark(finding.Verdict),
                    new Text(VisibleText.Of(finding.Check)),
                    new Text(VisibleText.Of(finding.Found)));
                if (finding.Remedy is { } remedy)
                    table.AddRow(
                        new Text(""),
                        new Text(""),
                        new Text(
                            VisibleText.Of(remedy),
                            new Style(decoration: finding.Verdict == Verdict.Info ? Decoration.Dim : Decoration.Italic))
                    );
            }
            console.Write(table);
            console.WriteLine();
        }
        var (problems, warnings) = (Count(diagnosis, Verdict.Problem), Count(diagnosis, Verdict.Warning));
        console.Write(
            new Text(
                Sentence(problems, warnings) + Environment.NewLine,
                new Style(
                    problems > 0 ? Color.Red
                    : warnings > 0 ? Color.Yellow
                    : Color.Green)));
    }

    internal static string Sentence(int problems, int warnings) => (problems, warnings) switch
    {
        (0, 0) => "Marrow can work here.",
        (0, _) => $"Marrow can work here, with {Number(warnings, "warning")}.",
        (_, 0) => $"Marrow can't work here as it is: {Number(problems, "problem")}.",
        _ => $"Marrow can't work here as it is: {Number(problems, "problem")}, {Number(warnings, "warning")}.",
    };

    private static string Number(int count, string what) => count == 1 ? $"one {what}" : $"{count} {what}s";

    private static int Count(Diagnosis diagnosis, Verdict verdict) => diagnosis.Checks.Count(f => f.Verdict == verdict);

    /// <summary>Words: colours alone are lost in a log, and on some eyes.</summary>
    private static Text Mark(Verdict verdict) => verdict switch
    {
        Verdict.Ok => new Text($"{Margin}ok", new Style(Color.Green)),
        Verdict.Info => new Text($"{Margin}-", new Style(decoration: Decoration.Dim)),
        Verdict.Warning => new Text($"{Margin}warning", new Style(Color.Yellow)),
        _ => new Text($"{Margin}PROBLEM", new Style(Color.Red, decoration: Decoration.Bold)),
    };
}
