using System.Text;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Tasks;

namespace Marrow.Reports;

/// <summary>
/// Writes a hub as a page of Markdown: a table of its checkpoints, and of each what it is for, how to ask it, what it
/// was measured to do, and what it came from under which terms. A picture of what it says is shown where there is one
/// beside the page: hub/NAME.jpg or .png, with its caption in hub/NAME.txt.
/// </summary>
public static class HubPage
{
    /// <summary>The folder of the pictures, beside the page.</summary>
    private const string Pictures = "hub";

    private const int LongestCaption = 4096;

    /// <summary>
    /// Writes the page. Of several checkpoints of a name it tells of the newest alone. Throws
    /// <see cref="MarrowException"/> for damaged checkpoints.
    /// </summary>
    /// <param name="entries">Of the hub, those that the page tells of.</param>
    public static void Write(LocalHub hub, IReadOnlyList<HubEntry> entries, string path) =>
        AtomicFile.WriteText(path, Text(hub, entries, Path.GetDirectoryName(Path.GetFullPath(path))!));

    internal static string Text(LocalHub hub, IReadOnlyList<HubEntry> shown, string folder)
    {
        var entries = shown.DistinctBy(e => e.Name).OrderBy(e => e.Name, StringComparer.Ordinal).ToList();
        var text = new StringBuilder();
        text.Append($"<!-- {ResultMark.Generator} -->\n\n# The checkpoints of the hub\n\n");
        var size = NumberText.MiB(entries.Sum(e => e.Bytes));
        text.Append(MarkdownText.Format($"{NumberText.Count(entries.Count, "checkpoint")}, {size} MiB in all. "));
        text.Append("`marrow hub list --page` wrote this page; `marrow hub show NAME` tells the rest of each.\n\n");
        text.Append("| checkpoint | for | films of | main result | MiB | licence |\n|---|---|---|---|---|---|\n");
        foreach (var entry in entries)
            text.Append(MarkdownText.Format(
                $"| [{entry.Name}](#{Anchor(entry.Name)}) | {entry.Task} | {string.Join(", ", entry.BodyParts)} | "))
                .Append(MarkdownText.Format(
                    $"{Result(entry.Figure)} | {NumberText.MiB(entry.Bytes)} | {entry.License} |\n"));
        foreach (var entry in entries)
        {
            using var checkpoint = hub.Resolve(entry.Reference);
            Section(text, hub, entry, checkpoint, folder);
        }
        return text.ToString();
    }

    private static void Section(
        StringBuilder text, LocalHub hub, HubEntry entry, Checkpoint checkpoint, string folder)
    {
        text.Append(MarkdownText.Format($"\n## {entry.Name}\n\n"));
        text.Append(MarkdownText.Inline(checkpoint.ReadSummary().ReplaceLineEndings(" "))).Append("\n\n");
        if (Picture(folder, entry.Name) is { } picture)
        {
            var caption = Caption(folder, entry.Name);
            text.Append(MarkdownText.Format($"![What {entry.Name} says of a film]({picture})\n\n"));
            if (caption.Length > 0)
                text.Append(MarkdownText.Inline(caption)).Append("\n\n");
        }
        foreach (var (name, value) in Facts(hub, entry, checkpoint))
            text.Append($"- {name}: {value}\n");
    }

    /// <summary>What is known of a checkpoint; each value is Markdown already.</summary>
    private static IEnumerable<(string Name, string Value)> Facts(LocalHub hub, HubEntry entry, Checkpoint checkpoint)
    {
        yield return ("ask it", Use(entry));
        foreach (var part in checkpoint.Metrics.Where(m => m.Metric == entry.Figure?.Metric).Take(1))
            yield return (
                "result",
                MarkdownText.Format(
                    $"{Result(part)} on {part.Samples} images of {part.Dataset}, {part.Split}"));
        foreach (var data in checkpoint.Parents.Datasets)
            yield return (
                data.Role == ParentDataset.Unlabeled ? "learnt from, unlabelled" : "trained on",
                MarkdownText.Format($"{data.Samples} images of {data.Name}, {data.License}"));
        foreach (var parent in checkpoint.Parents.Checkpoints)
            yield return (
                parent.Role == "init" ? "started from" : "made with",
                MarkdownText.Inline(
                    parent.Worth is { } worth ? $"{parent.Name}, which was worth: {worth.Describe()}" : parent.Name));
        foreach (var (child, worth) in CheckpointReport.WorthTo(hub, checkpoint))
            yield return (MarkdownText.Format($"was worth to {child}"), MarkdownText.Inline(worth.Describe()));
        yield return (
            "terms",
            MarkdownText.Inline(string.Join(
                "; ",
                entry.AncestorLicenses.Where(l => l != entry.License)
                    .Select(l => $"from {Licenses.Describe(l)}").Prepend(Licenses.Describe(entry.License)))));
        var millions = NumberText.Of(checkpoint.Weights.Entries.Sum(e => e.Elements) / 1e6, "0.0");
        yield return ("size", $"{NumberText.MiB(entry.Bytes)} MiB, {millions} million numbers");
        yield return ("digest", MarkdownText.Format($"`{entry.Digest.ToString()}`"));
    }

    private static string Use(HubEntry entry) =>
        TaskCatalogue.Find(entry.Task)?.SpineRole is not null
            ? "`marrow predict IMAGES`, which takes all checkpoints for spines together"
            : ImagePredictor.Serves(entry.Task)
                ? MarkdownText.Format($"`marrow predict IMAGES --checkpoint {entry.Name}`")
                : MarkdownText.Format($"it finds nothing by itself; start from it: `init: {entry.Name}` in a recipe");

    private static string Result(MeasuredValue? figure) =>
        figure?.Describe() is var (value, interval) ? $"{value} {interval}".TrimEnd() : "";

    /// <summary>As sites that show Markdown name a heading.</summary>
    private static string Anchor(string name) =>
        string.Concat(name.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is '-' or '_'));

    private static string? Picture(string folder, string name) =>
        ((string[])[".jpg", ".png"]).Select(ending => $"{Pictures}/{name}{ending}")
            .FirstOrDefault(path => File.Exists(Path.Combine(folder, path)));

    private static string Caption(string folder, string name)
    {
        var path = Path.Combine(folder, Pictures, name + ".txt");
        return File.Exists(path) ? InputFile.ReadAllText(path, LongestCaption).Trim() : "";
    }
}
