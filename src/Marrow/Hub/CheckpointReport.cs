using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Metrics;

namespace Marrow.Hub;

/// <summary>
/// Writes the report of a checkpoint: what it is for, what it expects and returns, what it was made from, its licence
/// terms, how well it was measured to do, and the terms of all ancestors that its manifest and the hub know.
/// </summary>
internal static class CheckpointReport
{
    private const int OutputsShown = 24;

    public static TextReport Of(LocalHub hub, Checkpoint checkpoint)
    {
        var shown = new Shown(
            checkpoint,
            LicenseClosure.Ancestors(hub, checkpoint),
            WorthTo(hub, checkpoint),
            checkpoint.ReadSummary(),
            BytesOf(checkpoint.Path));
        return new(Document(shown), [.. Parts(shown)]);
    }

    /// <summary>A checkpoint, with everything that its report needs to read.</summary>
    private sealed record Shown(
        Checkpoint Checkpoint,
        IReadOnlyList<LicensedAncestor> Ancestors,
        IReadOnlyList<(string Child, ParentWorth Worth)> WorthTo,
        string Summary,
        long Bytes);

    /// <summary>Returns what a checkpoint was measured to be worth to those of the hub that started from it.</summary>
    internal static IReadOnlyList<(string Child, ParentWorth Worth)> WorthTo(LocalHub hub, Checkpoint checkpoint)
    {
        if (checkpoint.WeightsOnly || hub.FindDigest(checkpoint.Digest) is not { } entry)
            return [];
        var graph = LineageGraph.Of(hub, entry.Reference, descendants: true);
        return
        [
            .. from link in graph.Links
            where link.Parent == graph.Root && link.Worth is not null
            select (graph[link.Child].Name, link.Worth),
        ];
    }

    private static long BytesOf(string path) => File.Exists(path)
        ? new FileInfo(path).Length
        : new DirectoryInfo(path).EnumerateFiles().Sum(file => file.Length);

    private static object Document(Shown shown)
    {
        var checkpoint = shown.Checkpoint;
        return new
        {
            checkpoint.Name,
            checkpoint.Digest,
            Created = checkpoint.WeightsOnly ? (DateTimeOffset?)null : checkpoint.Created,
            checkpoint.Path,
            shown.Bytes,
            shown.Summary,
            checkpoint.License,
            LicenseInWords = Licenses.Describe(checkpoint.License),
            Config = checkpoint.WeightsOnly ? null : checkpoint.Config,
            checkpoint.Origin,
            checkpoint.Parents,
            shown.Ancestors,
            WorthTo = shown.WorthTo.Select(to => new { to.Child, to.Worth }),
            checkpoint.Metrics,
            Transfer = checkpoint.Receipt?.Report.Document,
        };
    }

    private static IEnumerable<ReportPart> Parts(Shown shown)
    {
        var checkpoint = shown.Checkpoint;
        yield return ReportPart.Facts(checkpoint.Name, Facts(shown));
        if (shown.Ancestors.Count > 0)
            yield return ReportPart.TableOfLines(
                ["came from", "", "digest", "licence"], shown.Ancestors.Select(Row));
        foreach (
            var part in checkpoint
                .Metrics.Where(m => MetricCatalogue.IsOfAll(m.Metric))
                .GroupBy(m => (m.Dataset, m.Split, m.Samples)))
        {
            yield return ReportPart.Line(
                $"measured on {part.Key.Dataset}, {part.Key.Split}: {part.Key.Samples} samples");
            yield return ReportPart.Table(["metric", "value", "95 % interval", "unit"], part.Select(Measured));
        }
        foreach (var part in checkpoint.Receipt?.Report.Parts ?? [])
            yield return part;
    }

    private static IEnumerable<(string Name, string Value)> Facts(Shown shown)
    {
        var checkpoint = shown.Checkpoint;
        if (shown.Summary.Length > 0)
            yield return ("summary", shown.Summary.ReplaceLineEndings(" "));
        yield return ("digest", checkpoint.Digest);
        yield return ("folder", checkpoint.Path);
        yield return (
            "size",
            $"{NumberText.MiB(shown.Bytes)} MiB, "
                + $"{NumberText.Of(checkpoint.Weights.Entries.Sum(e => e.Elements) / 1e6, "0.00")} million weights");
        if (checkpoint.WeightsOnly)
        {
            if (checkpoint.Weights.Place.Length > 0)
                yield return ("read from", checkpoint.Weights.Place);
            if (WeightSource.Of(checkpoint).OtherParts is { Count: > 0 } parts)
                yield return ("other weights in the file", string.Join(", ", parts));
            yield break;
        }
        var config = checkpoint.Config;
        yield return ("created", checkpoint.Created.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        yield return ("task", config.Task);
        yield return ("architecture", config.Model.Architecture);
        if (config.Parts is null)
            yield return ("input", config.Input.Describe());
        foreach (var (name, part) in config.PartConfigs)
            yield return ($"part {name}", $"{part.Task}, {part.Input.Describe()}");
        yield return (
            "outputs",
            string.Join(
                ", ",
                config.Outputs.Take(OutputsShown).Select(o => o.Trained ? o.Name : $"{o.Name} (untrained)")
            ) + (config.Outputs.Count > OutputsShown ? $" and {config.Outputs.Count - OutputsShown} more" : ""));
        if (config.Familiarity is { } familiarity)
            yield return (
                "familiar",
                $"images like {NumberText.Of(familiarity.Images, "0")} of the training; it refuses "
                    + $"{NumberText.Of(100 * familiarity.Rate, "0.##")} % of such images, and what is farther off");
        yield return ("licence", Licenses.Describe(checkpoint.License));
        foreach (var fact in Parents(checkpoint.Parents))
            yield return fact;
        foreach (var (child, worth) in shown.WorthTo)
            yield return ($"was worth to {child}", $"{worth.Describe()}. Measured by: {worth.Command}");
        if (checkpoint.Origin is not { } origin)
            yield break;
        if (origin.Training is { } training)
            yield return (
                "made by",
                $"{(training.Command.Length > 0 ? training.Command : "a program")}, stage {training.Stage}, "
                    + $"seed {training.Seed}, {NumberText.Clock(TimeSpan.FromSeconds(training.Seconds))}");
        yield return ("code", $"Marrow {origin.Code}");
    }

    private static IEnumerable<(string Name, string Value)> Parents(CheckpointParents parents)
    {
        foreach (var data in parents.Datasets)
            yield return (
                data.Role == ParentDataset.Unlabeled ? "learnt from, unlabelled" : "trained on",
                $"{data.Name}{(data.Version.Length > 0 ? " " + data.Version : "")}, {data.Samples} samples"
                    + $"{(data.Part is { } part ? $" for the part {part}" : "")}, files "
                    + $"{Digest.Shorten(data.FilesDigest)}, {data.License}");
        foreach (var parent in parents.Checkpoints)
        {
            yield return (
                parent.Role switch
                {
                    "init" => "started from",
                    ParentCheckpoint.Crop => "cropped by",
                    ParentCheckpoint.Labels => "labelled by",
                    ParentCheckpoint.SameWeights => "the weights of",
                    var role => role,
                },
                $"{parent.Name} {Digest.Shorten(parent.Digest)}, {parent.License}");
            if (parent.Worth is { } worth)
                yield return ("which was worth", $"{worth.Describe()}. Measured by: {worth.Command}");
        }
        if (parents.Imported is { } file)
            yield return (
                "imported from",
                $"{file.Name}, {NumberText.MiB(file.Bytes)} MiB, sha256 {Digest.Shorten(file.Sha256)}, map "
                    + $"{file.Map}, {file.License}");
    }

    private static IReadOnlyList<string> Row(LicensedAncestor ancestor) =>
    [
        ancestor.KindName,
        ReportPart.Cell(ancestor.Name),
        ReportPart.Cell(Digest.Shorten(ancestor.Digest)),
        ReportPart.Cell(ancestor.License, LicenseWords.Own(Licenses.RestrictionsOf(ancestor.License))),
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
