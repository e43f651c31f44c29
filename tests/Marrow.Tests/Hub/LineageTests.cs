using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Reports;

namespace Marrow.Tests.Hub;

public sealed class LineageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub;

    public LineageTests() => _hub = new(_folder["hub"]);

    public void Dispose() => _folder.Dispose();

    private static CheckpointParents From(CheckpointManifest parent, string data, string license = "CC0-1.0") => new()
    {
        Checkpoints = [FakeHub.AsParent(parent)],
        Datasets = [new(data, "2", license, "f1", samples: 5)],
        Inherited = parent.Parents.Ancestors(),
    };

    private static string Picture(LineageGraph graph) =>
        string.Join(
            '\n',
            graph
                .Links.Select(l => $"{graph[l.Parent].Name} -{l.Role}-> {graph[l.Child].Name}")
                .Order(StringComparer.Ordinal));

    [Fact]
    public void Parents_are_followed_as_far_as_the_hub_holds_them()
    {
        var first = FakeHub.Add(
            _hub.Folder,
            "a.first",
            1,
            new() { Datasets = [new("chests", "1", "CC-BY-4.0", "f0", samples: 7)] }
        );
        var second = FakeHub.Add(_hub.Folder, "a.second", 2, From(first, "spines"));
        FakeHub.Add(_hub.Folder, "a.third", 3, From(second, "spines"));
        var graph = LineageGraph.Of(_hub, "a.third");
        Assert.Equal(
            "a.first -init-> a.second\na.second -init-> a.third\nchests -trained on-> a.first\nspines -trained on-> "
                + "a.second\nspines -trained on-> a.third",
            Picture(graph));
        Assert.True(graph.IsComplete);
        Assert.All(graph.Items.Where(i => i.Kind == LineageKind.Checkpoint), i => Assert.True(i.IsInHub));
        Assert.Equal(7, graph.Links.Single(l => l.Role == "trained on" && graph[l.Child].Name == "a.first").Samples);
        Assert.Equal(
            "a.first -init-> a.second\na.second -init-> a.third\nchests -trained on-> a.first",
            Picture(LineageGraph.Of(_hub, "a.first", descendants: true)));
    }

    [Fact]
    public void What_the_hub_lacks_is_named_with_what_is_known_of_it()
    {
        var first = FakeHub
            .Manifest("a.first", 1, new() { Datasets = [new("chests", "", "CC-BY-NC-4.0", "f0")] })
            .Seal()
            .Sealed;
        var second = FakeHub
            .Manifest("a.second", 2, From(first, "spines", "LicenseRef-SpineWeb-research"))
            .Seal()
            .Sealed;
        FakeHub.Add(_hub.Folder, "a.third", 3, From(second, "spines", "LicenseRef-SpineWeb-research"));
        var graph = LineageGraph.Of(_hub, "a.third");
        Assert.Equal(
            "a.first -further back-> a.second\na.second -init-> a.third\nchests -further back-> a.second\nspines "
                + "-further back-> a.second\nspines -trained on-> a.third",
            Picture(graph));
        Assert.False(graph[second.Digest].IsInHub);
        Assert.Equal("CC-BY-NC-4.0", graph.Items.Single(i => i.Name == "chests").License);
    }

    [Fact]
    public void Descendants_come_with_their_own_and_after_their_parents()
    {
        var root = FakeHub.Add(_hub.Folder, "a.root", 1);
        var early = FakeHub.Add(_hub.Folder, "a.early", 9, new() { Checkpoints = [FakeHub.AsParent(root)] });
        // A clock was wrong, and early versions inherit nothing.
        FakeHub.Add(_hub.Folder, "a.late", 2, new() { Checkpoints = [FakeHub.AsParent(early)] });
        var gone = FakeHub.Manifest("a.gone", 3, new() { Checkpoints = [FakeHub.AsParent(root)] }).Seal().Sealed;
        FakeHub.Add(_hub.Folder, "a.orphan", 4, From(gone, "spines"));
        FakeHub.Add(_hub.Folder, "a.other", 5);

        var graph = LineageGraph.Of(_hub, "a.root", descendants: true);
        Assert.Equal("a.early -init-> a.late\na.root -further back-> a.orphan\na.root -init-> a.early", Picture(graph));
        Assert.Equal(["a.root"], LineageGraph.Of(_hub, "a.root").Items.Select(i => i.Name));
    }

    [Fact]
    public void Circles_and_endless_lines_are_bounded_and_said_to_be_cut()
    {
        // SHA-256 makes such manifests impossible; the walk does not rely on it.
        LineageSource Source(string word, params string[] parents) =>
            new(
                new CheckpointManifest
                {
                    Digest = FakeHub.DigestOf(word),
                    Name = $"a.{word}",
                    Created = DateTimeOffset.UnixEpoch,
                    Parents = new()
                    {
                        Checkpoints = [.. parents.Select(p => new ParentCheckpoint($"a.{p}", FakeHub.DigestOf(p)))],
                    },
                    Files = [],
                }
            );
        LineageSource[] circle = [Source("x", "y"), Source("y", "z", "y"), Source("z", "x", "w"), Source("w", "x")];
        var digests = circle.Select(source => source.Manifest.Digest.ToString()).ToList();
        var builder = new LineageBuilder(
            circle.ToDictionary(source => source.Manifest.Digest.ToString()).GetValueOrDefault);
        builder.AddAncestors(circle[0]);
        builder.AddDescendants(digests[0], digests.Skip(1));
        var graph = builder.Build(digests[0]);
        Assert.False(graph.IsComplete);
        Assert.Equal(4, graph.Items.Count);
        Assert.Contains("<svg", LineagePage.Render(graph).ToHtml()); // Which throws for a circle.

        var generation = 1;
        var endless = new LineageBuilder(_ => Source($"{generation}", $"{++generation}"));
        endless.AddAncestors(Source("0", "1"));
        Assert.False(endless.Build(FakeHub.DigestOf("0")).IsComplete);
        Assert.InRange(endless.Build("0").Items.Count, 60, 70);

        var wide = new LineageBuilder(_ => null);
        wide.AddAncestors(Source("0", [.. Enumerable.Range(1, 5000).Select(i => $"{i}")]));
        Assert.False(wide.Build("0").IsComplete);
        Assert.Equal(LineageBuilder.MostItems, wide.Build("0").Items.Count);
    }

    [Fact]
    public void A_page_shows_names_terms_and_what_is_missing()
    {
        var first = FakeHub.Manifest("a.first", 1).Seal().Sealed;
        FakeHub.Add(_hub.Folder, "a.second", 2, From(first, "<b>spines</b>", "CC-BY-NC-4.0"));
        var page = _folder["page.html"];
        LineagePage.Write(LineageGraph.Of(_hub, "a.second"), page);
        var html = File.ReadAllText(page);
        Assert.Contains("not in this hub", html);
        Assert.Contains("no commercial use", html);
        Assert.Contains("&lt;b&gt;spines", html);
        Assert.DoesNotContain("<b>spines", html);
    }
}
