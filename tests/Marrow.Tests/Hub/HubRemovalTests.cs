using System.Collections.Concurrent;
using Marrow.Checkpoints;
using Marrow.Hub;

namespace Marrow.Tests.Hub;

public sealed class HubRemovalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub;

    public HubRemovalTests() => _hub = new(_folder["hub"]);

    public void Dispose() => _folder.Dispose();

    private static CheckpointParents From(params CheckpointManifest[] parents) =>
        new() { Checkpoints = [.. parents.Select(FakeHub.AsParent)] };

    [Fact]
    public void A_checkpoint_and_its_names_folder_disappear()
    {
        FakeHub.Add(_hub.Folder, "a.one");
        FakeHub.Add(_hub.Folder, "a.two", 1);
        var second = FakeHub.Add(_hub.Folder, "a.two", 2);
        Assert.Equal("a.one", _hub.Remove("a.one").Name);
        _hub.Remove($"a.two@{second.Digest.ToString()[..20]}");
        Assert.Equal(["a.two"], _hub.List().Select(e => e.Name));
        Assert.Equal(
            ["a.two"],
            Directory.GetDirectories(_hub.Folder).Select(Path.GetFileName).Where(f => f![0] != '.'));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_hub.Folder, ".trash")));
    }

    [Fact]
    public void What_others_came_from_stays_unless_it_is_forced()
    {
        var parent = FakeHub.Add(_hub.Folder, "a.parent");
        var child = FakeHub.Add(_hub.Folder, "a.child", parents: From(parent));
        var grandchild = FakeHub.Add(
            _hub.Folder,
            "a.grandchild",
            parents: From(child).With(inherited: child.Parents.Ancestors())
        );

        var error = Assert.Throws<MarrowException>(() => _hub.Remove("a.parent")).Message;
        Assert.Contains(
            $"found 2 that did: a.child@{child.Digest}, a.grandchild@{grandchild.Digest}",
            error,
            StringComparison.Ordinal);
        Assert.Contains("--force", error, StringComparison.Ordinal);
        Assert.Equal(3, _hub.List().Count);

        _hub.Remove("a.parent", force: true);
        Assert.Equal(["a.child", "a.grandchild"], _hub.List().Select(e => e.Name));
        _hub.Remove("a.grandchild");
        _hub.Remove("a.child");
        Assert.Empty(_hub.List());
    }

    [Fact]
    public void A_forged_index_does_not_let_go_of_what_is_needed()
    {
        var parent = FakeHub.Add(_hub.Folder, "a.parent");
        var child = FakeHub.Add(_hub.Folder, "a.child", parents: From(parent));
        var hub = new LocalHub(_hub.Folder) { IndexFolder = _folder["index"] };
        var folder = FakeHub.Folder(_hub.Folder, child);
        var file = new FileInfo(Path.Combine(folder, "checkpoint.json"));
        var forged = new IndexedManifest(
            file.Length,
            file.LastWriteTimeUtc.Ticks,
            new("a.child", child.Digest, child.Created, folder));
        HubIndex.Write(
            _hub.Folder,
            hub.IndexFolder!,
            new Dictionary<string, IndexedName> { ["a.child"] = new(FakeHub.LongAgo.Ticks, [forged]) }
        );
        Assert.Empty(hub.List().Single(e => e.Name == "a.child").AncestorDigests); // it is believed
        HubIndex.Write(
            _hub.Folder,
            hub.IndexFolder!,
            new Dictionary<string, IndexedName>
            {
                ["a.child"] = new(FakeHub.LongAgo.Ticks, [forged]),
                ["a.parent"] = new(FakeHub.LongAgo.Ticks, []),
            }
        );
        Assert.DoesNotContain(hub.List(), e => e.Name == "a.parent");
        Assert.Equal("a.parent", hub.FindDigest(parent.Digest)?.Name);
        Assert.Contains(
            "1 that did: a.child",
            Assert.Throws<MarrowException>(() => hub.Remove("a.parent")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_removed_since_it_was_found_is_said_to_be()
    {
        using var model = Drafts.Model();
        using var saved = Drafts.Of(model).Save(_hub.Folder);
        _hub.Remove(saved.Name);
        Assert.Contains(
            "Another process has removed it",
            Assert.Throws<MarrowException>(() => HubDisk.Load(saved.Path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_of_several_must_be_told_apart()
    {
        var first = FakeHub.Add(_hub.Folder, "a.one", 1);
        var second = FakeHub.Add(_hub.Folder, "a.one", 2);
        var error = Assert.Throws<MarrowException>(() => _hub.Remove("a.one")).Message;
        Assert.Contains(first.Digest, error, StringComparison.Ordinal);
        Assert.Contains(second.Digest, error, StringComparison.Ordinal);
        Assert.Equal(2, _hub.List().Count);
    }

    [Fact]
    public void A_checkpoint_of_another_hub_is_not_removed()
    {
        FakeHub.Add(_hub.Folder, "a.one");
        var other = FakeHub.Folder(_folder["other"], FakeHub.Add(_folder["other"], "a.one"));
        Assert.Contains(
            "one elsewhere",
            Assert.Throws<MarrowException>(() => _hub.Remove(other)).Message,
            StringComparison.Ordinal);
        Assert.True(Directory.Exists(other));
        Assert.Throws<MarrowException>(() => _hub.Remove("a.absent"));
        Assert.Throws<MarrowException>(() => _hub.Remove(_hub.Folder));
        Assert.Throws<MarrowException>(() => _hub.Remove(Path.Combine(_hub.Folder, "a.one")));
        Assert.Single(_hub.List());
    }

    [Fact]
    public void A_damaged_checkpoint_can_be_removed_by_digest_and_by_folder()
    {
        var first = FakeHub.Folder(_hub.Folder, FakeHub.Add(_hub.Folder, "a.one", 1));
        var second = FakeHub.Add(_hub.Folder, "a.one", 2);
        File.WriteAllText(Path.Combine(first, "checkpoint.json"), "{}");
        File.Delete(Path.Combine(FakeHub.Folder(_hub.Folder, second), "checkpoint.json"));
        _hub.Remove(first);
        _hub.Remove($"a.one@{second.Digest}");
        Assert.Empty(_hub.List());
    }

    [Fact]
    public void Leftovers_go_with_the_next_removal_when_they_are_a_day_old()
    {
        FakeHub.Add(_hub.Folder, "a.one");
        FakeHub.Add(_hub.Folder, "a.two");
        var (young, old, changing) = (
            _hub.CreateStagingFolder(),
            _hub.CreateStagingFolder(),
            _hub.CreateStagingFolder());
        var ofEarlyVersions = Directory.CreateDirectory(Path.Combine(_hub.Folder, "a.two", ".12.1.tmp")).FullName;
        var trash = Directory
            .CreateDirectory(Path.Combine(_hub.Folder, ".trash", Guid.NewGuid().ToString("N")))
            .FullName;
        File.WriteAllText(Path.Combine(changing, "model.safetensors"), "half"); // Written to just now.
        foreach (var folder in new[] { old, changing, ofEarlyVersions })
            Directory.SetLastWriteTimeUtc(folder, FakeHub.LongAgo);
        _hub.Remove("a.one");
        Assert.Equal(
            [true, false, true, false, false],
            new[] { young, old, changing, ofEarlyVersions, trash }.Select(Directory.Exists));
    }

    [Fact]
    public void Adding_over_a_damaged_one_mends_it_and_over_a_whole_one_changes_nothing()
    {
        var manifest = FakeHub.Add(_hub.Folder, "a.one");
        var place = FakeHub.Folder(_hub.Folder, manifest);
        string Stage()
        {
            var staged = _hub.CreateStagingFolder();
            foreach (
                var file in Directory.GetFiles(
                    FakeHub.Folder(_folder["source"], FakeHub.Add(_folder["source"], "a.one"))))
                File.Copy(file, Path.Combine(staged, Path.GetFileName(file)));
            return staged;
        }
        var card = Path.Combine(place, "README.md");
        File.SetLastWriteTimeUtc(card, FakeHub.LongAgo);
        Assert.Equal(manifest.Digest, _hub.Add(Stage()).Digest);
        Assert.Equal(FakeHub.LongAgo, File.GetLastWriteTimeUtc(card));

        File.WriteAllText(card, "# a.On");
        Assert.False(_hub.Verify().IsWhole);
        Assert.Equal(place, _hub.Add(Stage()).Folder);
        Assert.True(_hub.Verify().IsWhole);
        Assert.Empty(Directory.GetDirectories(Path.Combine(_hub.Folder, ".incoming")));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_hub.Folder, ".trash")));
    }

    [Fact]
    public void Many_that_add_and_remove_one_name_at_once_lose_nothing_and_leave_nothing_half()
    {
        // Each worker adds and removes its own checkpoint of the same name, so that the name's folder comes and goes.
        const int Workers = 6, Rounds = 40;
        var errors = new ConcurrentQueue<string>();
        HubMark.Give(_hub.Folder); // The watcher may come first.
        using var stop = new CancellationTokenSource();
        var watcher = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                foreach (var entry in _hub.List().Where(e => e.Problem is not null))
                    errors.Enqueue($"listed as damaged: {entry.Problem}");
                foreach (var fault in _hub.Verify().Faults)
                    errors.Enqueue($"verified as damaged: {fault}");
            }
        });
        watcher.Start();
        var threads = Enumerable
            .Range(0, Workers)
            .Select(worker => new Thread(() =>
            {
                try
                {
                    var source = FakeHub.Folder(
                        _folder[$"source-{worker}"],
                        FakeHub.Add(_folder[$"source-{worker}"], "a.one", worker));
                    for (var round = 0; round < Rounds; round++)
                    {
                        var staged = _hub.CreateStagingFolder();
                        foreach (var file in Directory.GetFiles(source))
                            File.Copy(file, Path.Combine(staged, Path.GetFileName(file)));
                        var added = _hub.Add(staged);
                        if (
                            !Directory.Exists(added.Folder)
                            || _hub.Find($"{added.Name}@{added.Digest}").Digest != added.Digest)
                            errors.Enqueue("lost");
                        _hub.Remove($"{added.Name}@{added.Digest}");
                    }
                }
                catch (Exception e)
                {
                    errors.Enqueue(e.ToString());
                }
            }))
            .ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        stop.Cancel();
        watcher.Join();
        Assert.Empty(errors);
        Assert.Empty(_hub.List());
        Assert.False(Directory.Exists(Path.Combine(_hub.Folder, "a.one")));
        Assert.All(new[] { ".incoming", ".trash" }, folder =>
            Assert.Empty(Directory.GetDirectories(Path.Combine(_hub.Folder, folder))));
    }
}
