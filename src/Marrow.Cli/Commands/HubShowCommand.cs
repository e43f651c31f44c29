using System.CommandLine;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Hub;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub show: what a checkpoint expects, gives, came from and is worth.</summary>
internal static class HubShowCommand
{
    private const int OutputsShown = 24;

    public static Command Create()
    {
        var name = HubCommand.Reference();
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

    private static object Document(Checkpoint checkpoint) => new
    {
        checkpoint.Name,
        checkpoint.Digest,
        checkpoint.Created,
        checkpoint.Path,
        Bytes = HubText.Bytes(checkpoint.Path),
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
            ("size", $"{HubText.Number(HubText.Bytes(checkpoint.Path) / (double)(1 << 20), "0.0")} MiB, {HubText.Number(checkpoint.Weights.Entries.Sum(e => e.Elements) / 1e6, "0.00")} million weights"),
        };
        if (!checkpoint.WeightsOnly)
        {
            var config = checkpoint.Config;
            facts.Add(("created", HubText.Date(checkpoint.Created)));
            facts.Add(("task", config.Task));
            facts.Add(("architecture", config.Model.Architecture));
            facts.Add(("input", config.Input.Describe()));
            facts.Add(("outputs", string.Join(", ", config.Outputs.Take(OutputsShown).Select(o => o.Trained ? o.Name : $"{o.Name} (untrained)")) + (config.Outputs.Count > OutputsShown ? $" and {config.Outputs.Count - OutputsShown} more" : "")));
        }
        facts.AddRange(checkpoint.Parents.Datasets.Select(d => ("trained on", $"{d.Name}, {d.Samples} samples, {d.License}")));
        facts.AddRange(checkpoint.Parents.Checkpoints.Select(c => ("started from", $"{c.Name} {HubText.Digits(c.Digest)}, {c.License}")));
        if (checkpoint.Parents.Imported is { } file)
            facts.Add(("imported from", $"{file.Name}, SHA-256 {file.Sha256}, map {file.Map}, {file.License}"));
        console.DrawFacts(checkpoint.Name, facts);
        if (checkpoint.Metrics.Count > 0)
            console.Draw(["measured", "value", "95 % interval", "unit", "data", "samples"], [.. checkpoint.Metrics.Where(m => !m.Metric.Contains('.')).Select(Measured)]);
        if (checkpoint.Receipt is { } transfer)
            console.Draw(TransferTable.Headers, TransferTable.Rows(transfer), $"warm start from {transfer.Source}");
    }

    private static IReadOnlyList<string> Measured(MeasuredValue value) =>
    [
        value.Metric,
        HubText.Number(value.Value, "0.####"),
        value is { Low: { } low, High: { } high } ? $"{HubText.Number(low, "0.####")} to {HubText.Number(high, "0.####")}" : "",
        value.Unit,
        $"{value.Dataset} {value.Split}",
        value.Samples.ToString(CultureInfo.InvariantCulture),
    ];
}
