using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Hub;

namespace Marrow.Reports;

/// <summary>
/// Draws a lineage as one self-contained HTML page: the graph, the metrics of each checkpoint, and the licence terms
/// that apply to all of it.
/// </summary>
public static class LineagePage
{

    /// <summary>Writes the page to a file.</summary>
    public static void Write(LineageGraph graph, string path) => Render(graph).Save(path);

    internal static HtmlReport Render(LineageGraph graph)
    {
        var root = graph[graph.Root];
        var page = new HtmlReport($"Lineage of {root.Name}", root.Digest)
            .Callout($"Licence {Licenses.Describe(root.License)}.");
        page.Section("Graph")
            .Text("From left to right: data sets (round) and checkpoints (square), and what was made from them.")
            .Lineage(
                [.. graph.Items.Select(Box)],
                [
                    .. graph
                        .Links.GroupBy(l => (l.Parent, l.Child))
                        .Select(parts => new LineageEdge(parts.Key.Parent, parts.Key.Child, Label([.. parts]))),
                ]);
        if (!graph.IsComplete)
            page.Text(
                $"Not all of it is shown: more than {LineageBuilder.MostGenerations} generations or "
                    + $"{LineageBuilder.MostItems} items, or a circle."
            );
        Worths(page, graph);
        Checkpoints(page, graph);
        page.Section("Terms")
            .Table(
                ["what", "name", "licence", "in words"],
                [
                    .. graph.Items.Select(i =>
                        (IReadOnlyList<string>)
                            [Kind(i), i.Name, i.License, LicenseWords.Own(Licenses.RestrictionsOf(i.License))]),
                ],
                "A checkpoint must keep the terms of all that it came from.");
        return page;
    }

    /// <summary>Adds one sentence for each link that an experiment has measured.</summary>
    private static void Worths(HtmlReport page, LineageGraph graph)
    {
        foreach (var link in graph.Links)
        {
            if (link.Worth is { } worth)
                page.Text(
                    $"As a start of {graph[link.Child].Name}, {graph[link.Parent].Name} was worth: {worth.Describe()}."
                );
        }
    }

    private static void Checkpoints(HtmlReport page, LineageGraph graph)
    {
        var checkpoints = graph.Items.Where(i => i.Kind == LineageKind.Checkpoint).ToList();
        page.Section("Checkpoints")
            .Table(
                ["name", "digest", "created", "measured", "measured on"],
                [
                    .. checkpoints.Select(i =>
                        (IReadOnlyList<string>)
                            [
                                i.Name,
                                Digest.Shorten(i.Digest),
                                i.Created is { } created
                                    ? created.ToString("d MMM yyyy", CultureInfo.InvariantCulture)
                                    : "not in this hub",
                                MainMetric(i),
                                i.MainMetric is { } measured ? $"{measured.Dataset}, {measured.Split}" : "",
                            ]),
                ])
            .Code(
                string.Join(
                    "\n",
                    checkpoints.Select(i =>
                        $"{i.Name}@{i.Digest}"
                        + (
                            i.Training is { } training
                                ? $"\n    {training.Command}, stage {training.Stage}, seed {training.Seed}"
                                : ""))));
    }

    private static LineageNode Box(LineageItem item)
    {
        IEnumerable<string> lines =
            item.Kind == LineageKind.Dataset
                ? [item.Version, item.License, item.Digest.Length > 0 ? $"files {Digest.Shorten(item.Digest)}" : ""]
                :
                [
                    Digest.Shorten(item.Digest),
                    MainMetric(item),
                    item.License,
                    item.Kind == LineageKind.Checkpoint && !item.IsInHub ? "not in this hub" : "",
                ];
        return new(item.Id, item.Kind, item.Name, [.. lines.Where(line => line.Length > 0)]);
    }

    /// <summary>Labels the one arrow for all roles that a parent had for its child, such as "CNN 98 %, crop".</summary>
    private static string Label(IReadOnlyList<LineageLink> parts) =>
        string.Join(
            ", ",
            parts
                .Select(link =>
                    link switch
                    {
                        { BackboneCoverage: { } share } => string.Create(
                            CultureInfo.InvariantCulture,
                            $"CNN {share * 100:0.#} %"),
                        { Samples: > 0, Role: LineageLink.TrainedOn } => string.Create(
                            CultureInfo.InvariantCulture,
                            $"{link.Samples} samples"),
                        { Samples: > 0 } => string.Create(CultureInfo.InvariantCulture, $"{link.Samples} {link.Role}"),
                        // Where it is the only part, an arrow says as much.
                        { Role: "init" or LineageLink.TrainedOn } => parts.Count == 1 ? "" : link.Role,
                        _ => link.Role,
                    }
                )
                .Where(label => label.Length > 0));

    private static string MainMetric(LineageItem item) =>
        item.MainMetric is { } measured
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{measured.Metric} {measured.Value:0.###}{(measured.Unit.Length > 0 ? " " + measured.Unit : "")}")
            : "";

    private static string Kind(LineageItem item) => item.Kind switch
    {
        LineageKind.Checkpoint => "checkpoint",
        LineageKind.Dataset => "data set",
        _ => "imported file",
    };
}
