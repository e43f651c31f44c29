using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Cli;
using Marrow.Hub;
using Marrow.Reports;

namespace Marrow.Tests.Issues;

/// <summary>
/// A parent that had two parts in its child is shown with both, and images without labels are not "trained on" as if
/// they had some.
/// </summary>
public sealed class LineageRoleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _hub;

    public LineageRoleTests() => _hub = _folder["hub"];

    public void Dispose() => _folder.Dispose();

    private static (string Output, int Code) Lineage(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandLine.Run(["hub", "lineage", .. args], output, error, CancellationToken.None);
        return (output.ToString(), code);
    }

    private CheckpointManifest Family(string second)
    {
        var parent = FakeHub.Add(_hub, "a.detector", 1);
        var both = FakeHub.AsParent(parent);
        return FakeHub.Add(
            _hub,
            "a.child",
            2,
            new()
            {
                Checkpoints = [both, both.As(second)],
                Datasets =
                [
                    new("films", "", "CC0-1.0", "f0", samples: 7),
                    new("films", "", "CC0-1.0", "f0", samples: 90) { Role = "unlabeled" },
                    new("more", "", "CC0-1.0", "f1", samples: 30) { Role = "unlabeled" },
                ],
            }
        );
    }

    [Theory]
    [InlineData("crop")]
    [InlineData("labels")]
    public void Both_parts_of_one_parent_are_in_the_text_the_page_and_the_json(string second)
    {
        Family(second);
        foreach (
            var (reference, more) in (IEnumerable<(string, string[])>)
                [("a.child", []), ("a.detector", ["--descendants"])])
        {
            var (text, code) = Lineage([reference, "--hub", _hub, .. more]);
            Assert.Equal(0, code);
            Assert.Contains($"init, {second}:", text, StringComparison.Ordinal);
            var page = _folder["page.html"];
            var json = JsonDocument
                .Parse(Lineage([reference, "--hub", _hub, "--json", "--html", page, .. more]).Output)
                .RootElement;
            var roles = json.GetProperty("links")
                .EnumerateArray()
                .Select(l => l.GetProperty("role").GetString())
                .ToList();
            Assert.Contains("init", roles);
            Assert.Contains(second, roles);
            Assert.Contains($"init, {second}", File.ReadAllText(page), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Images_without_labels_are_called_so_beside_those_with_labels()
    {
        Family("crop");
        var graph = LineageGraph.Of(new LocalHub(_hub), "a.child");
        Assert.Equal([("films", "trained on", 7), ("films", "unlabeled", 90), ("more", "unlabeled", 30)],
            graph
                .Links.Where(l => graph[l.Parent].Kind == LineageKind.Dataset)
                .Select(l => (graph[l.Parent].Name, l.Role, l.Samples)));
        Assert.Contains("7 samples, 90 unlabeled", LineagePage.Render(graph).ToHtml(), StringComparison.Ordinal);
        var text = Lineage("a.child", "--hub", _hub).Output.ReplaceLineEndings(" ");
        Assert.Contains("30 samples unlabeled", text, StringComparison.Ordinal);
        Assert.Contains("7 samples, 90 samples unlabeled", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_warm_start_has_a_share_of_the_weights()
    {
        CheckpointManifest Manifest(string digest, params ParentCheckpoint[] parents) =>
            FakeHub.Manifest($"a.{digest}", 1, new() { Checkpoints = parents }) with
            {
                Digest = FakeHub.DigestOf(digest),
            };
        var builder = new LineageBuilder(_ => null);
        builder.AddAncestors(
            new(Manifest("child", new("a.p", "p"), new("a.p", "p", "crop")), ReceiptSource: "p", Coverage: 0.98));
        Assert.Equal(
            [("init", 0.98), ("crop", null)],
            builder.Build(FakeHub.DigestOf("child")).Links.Select(l => (l.Role, l.BackboneCoverage)));
    }
}
