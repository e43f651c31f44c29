using System.CommandLine;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Hub;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub: which checkpoints there are, and what each is worth.</summary>
internal static class HubCommand
{
    private const int DigitsShown = 12;

    public static Command Create() => new("hub", "Look at the checkpoints there are.") { List(), Show() };

    private static Command List()
    {
        var hub = HubFolder.Option();
        return new Command("list", "List the checkpoints, the newest of each name first.") { hub }
            .WithExamples("marrow hub list", "marrow hub list --hub /srv/hub --json")
            .Does((parsed, output, _) =>
            {
                var folder = HubFolder.Of(parsed, hub);
                var entries = new LocalHub(folder).List();
                output.Finish(new { hub = folder, checkpoints = entries }, console =>
                {
                    if (entries.Count == 0)
                        console.WriteLine($"{folder}: no checkpoint");
                    else
                        console.Draw(["name", "digest", "created", "MiB", ""], [.. entries.Select(Row)], folder);
                });
                return ExitCode.Done;
            });
    }

    private static Command Show()
    {
        var name = new Argument<string>("CHECKPOINT") { Description = "A name, name@sha256:digits, a folder or a .safetensors file." };
        var hub = HubFolder.Option();
        return new Command("show", "Show what a checkpoint expects, gives, came from and is worth. Every byte of it is checked.") { name, hub }
            .WithExamples("marrow hub show densenet121.cxr-pediatric", "marrow hub show runs/demo/hub/densenet-mini.chexpert --json")
            .Does((parsed, output, _) =>
            {
                using var checkpoint = new LocalHub(HubFolder.Of(parsed, hub)).Resolve(parsed.GetRequiredValue(name));
                output.Finish(Document(checkpoint), console => Draw(console, checkpoint));
                return ExitCode.Done;
            });
    }

    private static IReadOnlyList<string> Row(HubEntry entry) =>
    [
        entry.Name,
        Short(entry.Digest),
        entry.Problem is null ? Date(entry.Created) : "",
        entry.Problem is null ? Number(Size(entry.Folder) / (double)(1 << 20), "0.0") : "",
        entry.Problem ?? "",
    ];

    private static object Document(Checkpoint checkpoint) => new
    {
        checkpoint.Name,
        checkpoint.Digest,
        checkpoint.Created,
        checkpoint.Path,
        Bytes = Size(checkpoint.Path),
        Config = checkpoint.WeightsOnly ? null : checkpoint.Config,
        checkpoint.Parents,
        checkpoint.Metrics,
        Transfer = checkpoint.Receipt is not { } receipt ? null : new { receipt.Source, receipt.SourceDigest, receipt.BackboneCoverage, receipt.Modules, receipt.Total, receipt.Probe },
    };

    private static void Draw(IAnsiConsole console, Checkpoint checkpoint)
    {
        var facts = new List<(string Name, string Value)>
        {
            ("digest", checkpoint.Digest),
            ("folder", checkpoint.Path),
            ("size", $"{Number(Size(checkpoint.Path) / (double)(1 << 20), "0.0")} MiB, {Number(checkpoint.Weights.Entries.Sum(e => e.Elements) / 1e6, "0.00")} million weights"),
        };
        if (!checkpoint.WeightsOnly)
        {
            var (config, input) = (checkpoint.Config, checkpoint.Config.Input);
            facts.Add(("created", Date(checkpoint.Created)));
            facts.Add(("task", config.Task));
            facts.Add(("architecture", config.Model.Architecture));
            facts.Add(("input", $"{input.Width} x {input.Height} x {input.Channels}, {input.Fit.ToString().ToLowerInvariant()}, mean {Number(input.Mean, "0.###")}, std {Number(input.Std, "0.###")}"));
            facts.Add(("outputs", string.Join(", ", config.Outputs.Select(o => o.Trained ? o.Name : $"{o.Name} (untrained)"))));
        }
        facts.AddRange(checkpoint.Parents.Datasets.Select(d => ("trained on", $"{d.Name}, {d.Samples} samples, {d.License}")));
        facts.AddRange(checkpoint.Parents.Checkpoints.Select(c => ("started from", $"{c.Name} {Short(c.Digest)}, {c.License}")));
        console.DrawFacts(checkpoint.Name, facts);
        if (checkpoint.Metrics.Count > 0)
            console.Draw(["measured", "value", "95 % interval", "unit", "data", "samples"], [.. checkpoint.Metrics.Where(m => !m.Metric.Contains('.')).Select(Measured)]);
        if (checkpoint.Receipt is { } transfer)
            console.Draw(TransferTable.Headers, TransferTable.Rows(transfer), $"warm start from {transfer.Source}");
    }

    private static IReadOnlyList<string> Measured(MeasuredValue value) =>
    [
        value.Metric,
        Number(value.Value, "0.####"),
        value is { Low: { } low, High: { } high } ? $"{Number(low, "0.####")} to {Number(high, "0.####")}" : "",
        value.Unit,
        $"{value.Dataset} {value.Split}",
        value.Samples.ToString(CultureInfo.InvariantCulture),
    ];

    private static long Size(string path) => File.Exists(path)
        ? new FileInfo(path).Length
        : new DirectoryInfo(path).EnumerateFiles().Sum(file => file.Length);

    private static string Short(string digest) => digest.StartsWith("sha256:", StringComparison.Ordinal) && digest.Length > 7 + DigitsShown ? digest[7..(7 + DigitsShown)] : digest;
    private static string Date(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
