using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub lineage: what a checkpoint came from, and what was made from it.</summary>
internal static class HubLineageCommand
{
    public static Command Create()
    {
        var name = HubCommand.Reference();
        var descendants = new Option<bool>("--descendants") { Description = "Show what was made from it, too." };
        var html = new Option<string?>("--html") { Description = "Write a page with the graph.", HelpName = "FILE" };
        var hub = HubFolder.Option();
        return new Command(
            "lineage",
            "Show the checkpoints and data sets that a checkpoint came from, with their licences.")
        {
            name,
            descendants,
            html,
            hub,
        }
            .WithExamples(
                "marrow hub lineage cobb-resnet16-mlnet.spineweb16",
                "marrow hub lineage densenet121.cxr-pediatric --descendants --html lineage.html")
            .Does(
                (parsed, output, cancellation) =>
                {
                    if (parsed.GetValue(html) is { } asked)
                        ResultMark.RequireReplaceable(asked, "--html");
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    var reference = new CheckpointReferences(store, output, cancellation).Local(
                        parsed.GetRequiredValue(name));
                    var graph = LineageGraph.Of(store, reference, parsed.GetValue(descendants));
                    var page = parsed.GetValue(html);
                    if (page is not null)
                        LineagePage.Write(graph, page);
                    output.Finish(
                        new
                        {
                            graph.Root,
                            graph.IsComplete,
                            graph.Items,
                            graph.Links,
                            Html = page,
                        },
                        console =>
                        {
                            Draw(console, graph, parsed.GetValue(descendants));
                            if (page is not null)
                                console.Line($"written to {page}");
                        }
                    );
                    return ExitCode.Done;
                },
                onlyReads: true);
    }

    internal static void Draw(IAnsiConsole console, LineageGraph graph, bool descendants)
    {
        Draw(console, graph, "came from", link => link.Child, link => link.Parent);
        if (descendants)
            Draw(console, graph, "was made into", link => link.Parent, link => link.Child);
        if (!graph.IsComplete)
            console.Line("Not all of it is shown: it is too deep or too large, or leads back to itself.");
    }

    private static void Draw(
        IAnsiConsole console,
        LineageGraph graph,
        string heading,
        Func<LineageLink, string> near,
        Func<LineageLink, string> far)
    {
        var shown = new HashSet<string>();
        var tree = new Tree(Label(graph[graph.Root], [], false)) { Guide = TreeGuide.Line };
        Add(tree, graph.Root);
        console.MarkedLine($"[bold]{heading}[/]");
        console.Write(tree);
        console.Line();

        void Add(IHasTreeNodes node, string id)
        {
            shown.Add(id);
            foreach (var parts in From(id).GroupBy(far))
            {
                var (item, again) = (graph[parts.Key], shown.Contains(parts.Key));
                var child = node.AddNode(Label(item, [.. parts], again && From(item.Id).Any()));
                if (!again)
                    Add(child, item.Id);
            }
        }

        IEnumerable<LineageLink> From(string id) => graph.Links.Where(link => near(link) == id);
    }

    /// <summary>One line; of a checkpoint in the hub a second one with its worth.</summary>
    /// <param name="links">All parts that the one had in the other; empty for the root.</param>
    private static Markup Label(LineageItem item, IReadOnlyList<LineageLink> links, bool isAbove)
    {
        var parts = new List<string>();
        if (links is not ([] or [{ Role: LineageLink.TrainedOn }]))
            parts.Add($"[grey]{string.Join(", ", links.Select(Part))}:[/]");
        var samples = string.Concat(
            links
                .Where(l => l.Samples > 0)
                .Select(l =>
                    $", {l.Samples} samples{(l.Role == LineageLink.TrainedOn ? "" : $" {Lines.Plain(l.Role)}")}"));
        parts.Add(
            item.Kind switch
            {
                LineageKind.Checkpoint =>
                    $"[bold]{Lines.Plain(item.Name)}[/] {Lines.Plain(Digest.Shorten(item.Digest))}",
                LineageKind.Dataset =>
                    $"data set [bold]{Lines.Plain(item.Name)}[/]"
                        + (item.Version.Length > 0 ? $" {Lines.Plain(item.Version)}" : "")
                        + samples
                        + (item.Digest.Length > 0 ? $", files {Lines.Plain(Digest.Shorten(item.Digest))}" : ""),
                _ => $"file [bold]{Lines.Plain(item.Name)}[/] {Lines.Plain(Digest.Shorten(item.Digest))}",
            }
        );
        parts.Add($"[blue]{Lines.Plain(item.License)}[/]");
        if (item is { Kind: LineageKind.Checkpoint, IsInHub: false })
            parts.Add("[yellow]not in this hub[/]");
        if (isAbove)
            parts.Add("[grey](above)[/]");
        return new Markup(
            string.Join(' ', parts)
                + (item.MainMetric is { } measured && !isAbove ? $"\n[grey]{Lines.Plain(Text(measured))}[/]" : "")
                + string.Concat(
                    links
                        .Select(l => l.Worth)
                        .OfType<ParentWorth>()
                        .Select(start => $"\n[grey]as a start worth: {Lines.Plain(start.Describe())}[/]")));
    }

    private static string Part(LineageLink link) =>
        Lines.Plain(link.Role)
        + (link.BackboneCoverage is { } share ? $", backbone {NumberText.Of(share * 100, "0.#")} %" : "");

    private static string Text(MeasuredValue measured) =>
        $"{measured.Metric} "
            + $"{NumberText.Of(measured.Value, "0.###")}{(measured.Unit.Length > 0 ? " " + measured.Unit : "")} on "
            + $"{measured.Dataset}, {measured.Split}";
}
