using Marrow.Checkpoints;
using Marrow.Hub;

namespace Marrow.Tests.Hub;

public sealed class LicenseClosureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub;

    public LicenseClosureTests() => _hub = new(_folder["hub"]);

    public void Dispose() => _folder.Dispose();

    private static CheckpointParents Data(string name, string license) =>
        new() { Datasets = [new(name, "", license, "f0")] };

    [Fact]
    public void The_message_names_the_ancestor_its_licence_the_term_and_the_way_out()
    {
        var manifest = FakeHub.Add(
            _hub.Folder,
            "a.one",
            parents: Data("spineweb16", "LicenseRef-SpineWeb-research"),
            license: "Apache-2.0");
        var error = Assert.Throws<MarrowException>(() => LicenseClosure.Require(_hub, manifest, "Apache-2.0")).Message;
        Assert.Contains($"a.one@{manifest.Digest}", error, StringComparison.Ordinal);
        Assert.Contains(
            "data set spineweb16 is under LicenseRef-SpineWeb-research, which forbids commercial use",
            error,
            StringComparison.Ordinal);
        Assert.Contains(
            "data set spineweb16 is under LicenseRef-SpineWeb-research, which forbids redistribution",
            error,
            StringComparison.Ordinal);
        Assert.Contains("can be passed on under LicenseRef-SpineWeb-research,", error, StringComparison.Ordinal);
        LicenseClosure.Require(_hub, manifest, "LicenseRef-SpineWeb-research");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_grandparents_terms_hold_whether_the_hub_has_it_or_the_manifest_inherited_them(bool inHub)
    {
        // In the hub the manifests leave out what they inherit, as early versions did; elsewhere they have it.
        var elsewhere = inHub ? _hub.Folder : _folder["elsewhere"];
        var first = FakeHub.Add(elsewhere, "a.first", 1, Data("chests", "CC-BY-NC-4.0"), "MIT");
        var second = FakeHub.Add(
            elsewhere,
            "a.second",
            2,
            new() { Checkpoints = [FakeHub.AsParent(first)], Inherited = inHub ? [] : first.Parents.Ancestors() },
            "MIT");
        var third = FakeHub.Add(
            _hub.Folder,
            "a.third",
            3,
            new() { Checkpoints = [FakeHub.AsParent(second)], Inherited = inHub ? [] : second.Parents.Ancestors() },
            "MIT");
        var error = Assert.Throws<MarrowException>(() => LicenseClosure.Require(_hub, third, "MIT")).Message;
        Assert.Contains(
            "data set chests is under CC-BY-NC-4.0, which forbids commercial use",
            error,
            StringComparison.Ordinal);
        LicenseClosure.Require(_hub, third, "CC-BY-NC-4.0");
    }

    [Fact]
    public void A_child_that_understates_its_parents_licence_is_not_believed_where_the_parent_is_at_hand()
    {
        var parent = FakeHub.Add(_hub.Folder, "a.parent", license: "CC-BY-NC-4.0");
        var child = FakeHub.Add(
            _hub.Folder,
            "a.child",
            parents: new() { Checkpoints = [new("a.parent", parent.Digest, license: "MIT")] }
        );
        Assert.Contains(
            "checkpoint a.parent is under CC-BY-NC-4.0",
            Assert.Throws<MarrowException>(() => LicenseClosure.Require(_hub, child, "MIT")).Message,
            StringComparison.Ordinal);
        _hub.Remove("a.parent", force: true);
        LicenseClosure.Require(_hub, child, "MIT"); // Then only the child can be asked.
    }

    [Fact]
    public void Imported_weights_and_unknown_terms_count()
    {
        var imported = FakeHub.Add(
            _hub.Folder,
            "a.one",
            parents: new()
            {
                Imported = new(
                    "resnet.pth",
                    1,
                    new string('a', 64),
                    "torchvision-densenet",
                    "LicenseRef-ImageNet-research"),
            }
        );
        Assert.Contains(
            "file resnet.pth is under LicenseRef-ImageNet-research",
            Assert.Throws<MarrowException>(() => LicenseClosure.Require(_hub, imported, "BSD-3-Clause")).Message,
            StringComparison.Ordinal);
        var unknown = FakeHub.Add(_hub.Folder, "a.two", parents: Data("films", Licenses.Unknown));
        Assert.Contains(
            "LicenseRef-unknown, which forbids redistribution",
            Assert.Throws<MarrowException>(() => LicenseClosure.Require(_hub, unknown, "MIT")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_that_restricts_allows_any_licence()
    {
        var manifest = FakeHub.Add(_hub.Folder, "a.one", parents: Data("phantoms", "CC0-1.0"));
        foreach (var license in Licenses.Known.Keys)
            LicenseClosure.Require(_hub, manifest, license);
    }
}
