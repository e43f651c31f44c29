using System.CommandLine;
using System.Globalization;
using Marrow.Datasets;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow data check: everything that is wrong with a data set, with the file of each fault.</summary>
internal static class DataCheckCommand
{
    private const int FaultsShown = 20;

    public static Command Create()
    {
        var data = new DataOptions();
        var all = new Option<bool>("--all") { Description = $"Print every fault, not the first {FaultsShown}." };
        var command = new Command(
            "check",
            "Look at every row and every image of a data set. Faults are listed and are no failure.")
        {
            all,
        };
        data.AddTo(command);
        return command
            .WithExamples(
                "marrow data check spineweb16 data/spineweb16",
                "marrow data check chexpert data/chexpert --set blank=zeros --json > chexpert.json")
            .Does(
                (parsed, output, cancellation) => Run(data.Read(parsed), parsed.GetValue(all), output, cancellation),
                onlyReads: true);
    }

    private static int Run(DatasetRequest request, bool all, Output output, CancellationToken cancellation)
    {
        var report = ProgressDisplay.Show(
            output, ProgressUnit.Images, show => DataCheck.Run(request, show, cancellation));
        output.Finish(report, console => Draw(console, report, all));
        return ExitCode.Done;
    }

    internal static void Draw(IAnsiConsole console, DataReport report, bool all)
    {
        var facts = new List<(string Name, string Value)>
        {
            ("samples", NumberText.Grouped(report.Samples)),
            ("images readable", NumberText.Grouped(report.ImagesReadable)),
            ("patients", NumberText.Grouped(report.Patients)),
        };
        if (report.AnglesReproduced is { } reproduced)
            facts.Add(("angles reproduced", NumberText.Grouped(reproduced)));
        if (report.Masks is { } masks)
            facts.Add(("masks", NumberText.Grouped(masks)));
        if (report.WithoutBoxes is { } without)
            facts.Add(("images without a box", NumberText.Grouped(without)));
        console.DrawFacts($"{report.Name} ({report.Format}, {report.License})", facts);
        if (report.Classes.Count > 0)
        {
            var uncertain = report.Classes.Values.Any(c => c.Uncertain > 0);
            console.Draw(
                ["class", "positive", "negative", "unknown", .. uncertain ? ["uncertain"] : (string[])[]],
                [
                    .. report.Classes.Select(c =>
                        Row([
                            c.Key,
                            NumberText.Grouped(c.Value.Positive),
                            NumberText.Grouped(c.Value.Negative),
                            NumberText.Grouped(c.Value.Unknown),
                            .. uncertain ? [NumberText.Grouped(c.Value.Uncertain)] : (string[])[],
                        ])),
                ]);
        }
        if (report.Numbers.Count > 0)
            console.Draw(
                ["number", "known", "blank", "least", "mean", "largest"],
                [
                    .. report.Numbers.Select(n =>
                        Row(
                            n.Key,
                            NumberText.Grouped(n.Value.Known),
                            NumberText.Grouped(n.Value.Unknown),
                            Number(n.Value.Least),
                            Number(n.Value.Mean),
                            Number(n.Value.Largest))),
                ]);
        if (report.Points.Count > 0)
            console.Draw(
                ["point", "labelled in"],
                [.. report.Points.Select(p => Row(p.Key, NumberText.Grouped(p.Value)))]);
        if (report.Boxes.Count > 0)
            console.Draw(["class", "boxes"], [.. report.Boxes.Select(b => Row(b.Key, NumberText.Grouped(b.Value)))]);
        foreach (var note in report.Notes)
            console.Line(note);
        if (report.Faults.Count == 0)
        {
            console.Line("no fault found");
            return;
        }
        console.Draw(["fault", "files"], [.. report.FaultCounts.Select(f => Row(f.Key, NumberText.Grouped(f.Value)))]);
        var shown = all ? report.Faults.Count : Math.Min(FaultsShown, report.Faults.Count);
        console.Draw(
            ["file", "fault", "detail", "action"],
            [.. report.Faults.Take(shown).Select(f => Row(f.File, f.Kind, f.Detail, f.Action))]);
        if (shown < report.Faults.Count)
            console.Line($"{report.Faults.Count - shown} more: --all prints them, --json too.");
    }

    private static IReadOnlyList<string> Row(params string[] cells) => cells;
    private static string Number(double value) =>
        double.IsNaN(value) ? "-" : value.ToString("0.###", CultureInfo.InvariantCulture);
}
