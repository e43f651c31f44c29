using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Hub;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>
/// marrow hub show: what a checkpoint is for, expects, gives, came from, may be used for and is worth.
/// </summary>
internal static class HubShowCommand
{
    private const int OutputsShown = 24;

    public static Command Create()
    {
        var name = HubCommand.Reference();
        var hub = HubFolder.Option();
        return new Command(
            "show",
            "Show what a checkpoint expects, gives, came from, is worth and may be used for. Every byte of it is "
                + "checked."
        )
        {
            name,
            hub,
        }
            .WithExamples(
                "marrow hub show densenet121.cxr-pediatric",
                "marrow hub show runs/demo/hub/densenet-mini.chexpert --json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    using var checkpoint = new CheckpointReferences(store, output, cancellation).Resolve(
                        parsed.GetRequiredValue(name));
                    var shown = new Shown(checkpoint, LicenseClosure.Ancestors(store, checkpoint));
                    output.Finish(shown.Document(), shown.Draw);
                    return ExitCode.Done;
                },
                onlyReads: true);
    }

    /// <summary>A checkpoint and all that it came from.</summary>
    private sealed record Shown(Checkpoint Checkpoint, IReadOnlyList<LicensedAncestor> Ancestors)
    {
        private string Summary { get; } = Checkpoint.ReadSummary();

        private long Bytes => File.Exists(Checkpoint.Path)
            ? new FileInfo(Checkpoint.Path).Length
            : new DirectoryInfo(Checkpoint.Path).EnumerateFiles().Sum(file => file.Length);

        public object Document() =>
            new
            {
                Checkpoint.Name,
                Checkpoint.Digest,
                Created = Checkpoint.WeightsOnly ? (DateTimeOffset?)null : Checkpoint.Created,
                Checkpoint.Path,
                Bytes,
                Summary,
                Checkpoint.License,
                LicenseInWords = Licenses.Describe(Checkpoint.License),
                Config = Checkpoint.WeightsOnly ? null : Checkpoint.Config,
                Checkpoint.Origin,
                Checkpoint.Parents,
                Ancestors,
                Checkpoint.Metrics,
                Transfer = Checkpoint.Receipt is not { } receipt
                    ? null
                    : new
                    {
                        receipt.Source,
                        receipt.SourceDigest,
                        receipt.BackboneCoverage,
                        receipt.Modules,
                        receipt.Total,
                        receipt.Probe,
                    },
            };

        public void Draw(IAnsiConsole console)
        {
            console.DrawFacts(Checkpoint.Name, Facts());
            if (Ancestors.Count > 0)
                console.Draw(["came from", "", "digest", "licence"], [.. Ancestors.Select(Row)], hasLines: true);
            foreach (
                var part in Checkpoint
                    .Metrics.Where(m => !m.Metric.Contains('.'))
                    .GroupBy(m => (m.Dataset, m.Split, m.Samples)))
            {
                console.Line($"measured on {part.Key.Dataset}, {part.Key.Split}: {part.Key.Samples} samples");
                console.Draw(["metric", "value", "95 % interval", "unit"], [.. part.Select(Measured)]);
            }
            if (Checkpoint.Receipt is { } transfer)
                console.Draw(TransferTable.Headers, TransferTable.Rows(transfer), $"warm start from {transfer.Source}");
        }

        private IEnumerable<(string Name, string Value)> Facts()
        {
            if (Summary.Length > 0)
                yield return ("summary", Summary.ReplaceLineEndings(" "));
            yield return ("digest", Checkpoint.Digest);
            yield return ("folder", Checkpoint.Path);
            yield return (
                "size",
                $"{NumberText.MiB(Bytes)} MiB, "
                    + $"{NumberText.Of(Checkpoint.Weights.Elements / 1e6, "0.00")} million weights"
            );
            if (Checkpoint.WeightsOnly)
                yield break;
            var config = Checkpoint.Config;
            yield return ("created", HubText.Date(Checkpoint.Created));
            yield return ("task", config.Task);
            yield return ("architecture", config.Model.Architecture);
            yield return ("input", config.Input.Describe());
            yield return (
                "outputs",
                string.Join(
                    ", ",
                    config.Outputs.Take(OutputsShown).Select(o => o.Trained ? o.Name : $"{o.Name} (untrained)")
                ) + (config.Outputs.Count > OutputsShown ? $" and {config.Outputs.Count - OutputsShown} more" : ""));
            yield return ("licence", Licenses.Describe(Checkpoint.License));
            foreach (var data in Checkpoint.Parents.Datasets)
                yield return (
                    data.Role == ParentDataset.Unlabeled ? "learnt from, unlabelled" : "trained on",
                    $"{data.Name}{(data.Version.Length > 0 ? " " + data.Version : "")}, {data.Samples} samples, files "
                        + $"{Digest.Shorten(data.FilesDigest)}, {data.License}"
                );
            foreach (var parent in Checkpoint.Parents.Checkpoints)
            {
                yield return (
                    parent.Role switch
                    {
                        "init" => "started from",
                        ParentCheckpoint.Crop => "cropped by",
                        ParentCheckpoint.Labels => "labelled by",
                        var role => role,
                    },
                    $"{parent.Name} {Digest.Shorten(parent.Digest)}, {parent.License}");
                if (parent.Worth is { } worth)
                    yield return ("which was worth", $"{worth.Describe()}. Measured by: {worth.Command}");
            }
            if (Checkpoint.Parents.Imported is { } file)
                yield return (
                    "imported from",
                    $"{file.Name}, {NumberText.MiB(file.Bytes)} MiB, sha256 {Digest.Shorten(file.Sha256)}, map "
                        + $"{file.Map}, {file.License}"
                );
            if (Checkpoint.Origin is not { } origin)
                yield break;
            if (origin.Training is { } training)
                yield return (
                    "made by",
                    $"{training.Command}, stage {training.Stage}, seed {training.Seed}, "
                        + $"{NumberText.Clock(TimeSpan.FromSeconds(training.Seconds))}"
                );
            yield return ("code", $"Marrow {origin.Code}");
        }

        private static IReadOnlyList<string> Row(LicensedAncestor ancestor) =>
        [
            ancestor.KindName,
            Tables.Cell(ancestor.Name),
            Tables.Cell(Digest.Shorten(ancestor.Digest)),
            Tables.Cell(ancestor.License, LicenseWords.Own(Licenses.RestrictionsOf(ancestor.License))),
        ];

        private static IReadOnlyList<string> Measured(MeasuredValue value) =>
            [
                value.Metric,
                NumberText.Of(value.Value, "0.####"),
                value is { Low: { } low, High: { } high }
                    ? $"{NumberText.Of(low, "0.####")} to {NumberText.Of(high, "0.####")}"
                    : "",
                value.Unit,
            ];
    }
}
