using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Hub.Registry;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Issues;

/// <summary>
/// A hub's commands once deleted whatever lay under .trash, .incoming and *.tmp of any folder, through links too.
/// </summary>
public sealed class HubOwnershipTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _hub;

    public HubOwnershipTests() => _hub = Directory.CreateDirectory(_folder["hub"]).FullName;

    public void Dispose() => _folder.Dispose();

    private static string Guids => Guid.NewGuid().ToString("N");

    /// <summary>A folder with a file in it, unchanged for long.</summary>
    private string Precious(string path)
    {
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "thesis.tex"), "three years");
        File.SetLastWriteTimeUtc(Path.Combine(path, "thesis.tex"), FakeHub.LongAgo);
        Directory.SetLastWriteTimeUtc(path, FakeHub.LongAgo);
        return Path.Combine(path, "thesis.tex");
    }

    private string In(params string[] parts) => Path.Combine([_hub, .. parts]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_that_others_made_is_ever_deleted(bool isHub)
    {
        if (isHub)
            FakeHub.Add(_hub, "a.one");
        // A folder that is no hub may hold names like ours; within a hub names are what is ours.
        string[] kept =
        [
            Precious(In(".trash", "photos")),
            Precious(In(".incoming", "mail")),
            Precious(In("my.project", ".build.tmp")),
            Precious(In("my.project", ".1.tmp")),
            Precious(In(".trash", Guids.ToUpperInvariant())),
            Precious(In(".trash", new string('0', 32))),
            .. isHub
                ? []
                : new[]
                {
                    Precious(In(".trash", Guids)),
                    Precious(In(".incoming", Guids)),
                    Precious(In("my.project", ".12.1.tmp")),
                },
        ];
        if (isHub)
            FakeHub.Add(_hub, "a.two");
        var hub = new LocalHub(_hub);
        if (isHub)
            hub.Verify();
        else
            Assert.Contains(
                "found a folder that is none",
                Assert.Throws<MarrowException>(() => hub.Verify()).Message,
                StringComparison.Ordinal);
        Assert.ThrowsAny<MarrowException>(() => hub.Verify("b.absent"));
        if (isHub)
            hub.Remove("a.two");
        else
            Assert.ThrowsAny<MarrowException>(() => hub.Remove("a.two"));
        Assert.All(kept, file => Assert.True(File.Exists(file), file));
    }

    [Theory]
    [InlineData(".trash")]
    [InlineData(".incoming")]
    public void A_link_in_place_of_a_hubs_folder_is_never_followed(string name)
    {
        FakeHub.Add(_hub, "a.one");
        FakeHub.Add(_hub, "a.two");
        var precious = Precious(Path.Combine(_folder["home"], Guids));
        Directory.CreateSymbolicLink(In(name), _folder["home"]);
        var hub = new LocalHub(_hub);
        Assert.True(hub.Verify().IsWhole);
        if (name == ".trash")
            Assert.Contains(
                "found a link",
                Assert.Throws<MarrowException>(() => hub.Remove("a.one")).Message,
                StringComparison.Ordinal);
        else
            Assert.Contains(
                "found a link",
                Assert.Throws<MarrowException>(() => hub.CreateStagingFolder()).Message,
                StringComparison.Ordinal);
        Assert.True(File.Exists(precious));
        Assert.Single(Directory.GetFileSystemEntries(_folder["home"]));
        Assert.Equal(2, hub.List().Count);
    }

    [Fact]
    public void Links_below_a_hubs_folders_go_alone_and_what_they_lead_to_stays()
    {
        var manifest = FakeHub.Add(_hub, "a.one");
        FakeHub.Add(_hub, "a.two");
        var precious = Precious(_folder["home"]);
        Directory.CreateSymbolicLink(
            Path.Combine(Directory.CreateDirectory(In(".trash", Guids)).FullName, "inner"),
            _folder["home"]);
        var stray = Directory.CreateSymbolicLink(In(".trash", Guids), _folder["home"]).FullName;
        Directory.CreateSymbolicLink(In("b.linked"), _folder["home"]);
        // Another hub's checkpoint by a link: of its name, and of its digest.
        FakeHub.Add(_folder["other"], "c.three");
        Directory.CreateSymbolicLink(In("c.three"), Path.Combine(_folder["other"], "c.three"));
        var linked = FakeHub.Add(_folder["other"], "a.one", 5);
        Directory.CreateSymbolicLink(In("a.one", linked.Digest.Hex), FakeHub.Folder(_folder["other"], linked));

        var hub = new LocalHub(_hub);
        Assert.Contains(
            "found a link",
            Assert.Throws<MarrowException>(() => hub.Remove("c.three")).Message,
            StringComparison.Ordinal);
        hub.Remove($"a.one@{linked.Digest}");
        hub.Remove("a.two");
        hub.Verify();
        Assert.True(File.Exists(precious));
        Assert.True(new LocalHub(_folder["other"]).Verify().IsWhole);
        Assert.Equal(2, new LocalHub(_folder["other"]).List().Count);
        Assert.Equal(manifest.Digest, hub.Find("a.one").Digest);
        Assert.Equal([stray], Directory.GetFileSystemEntries(In(".trash"))); // Marrow made no link there.
    }

    [Fact]
    public void A_hub_of_an_earlier_version_is_tidied_and_gets_its_mark()
    {
        FakeHub.Add(_hub, "a.one");
        var trash = Precious(In(".trash", Guids));
        Assert.True(new LocalHub(_hub).Verify().IsWhole);
        Assert.False(File.Exists(trash));
        Assert.False(File.Exists(In(HubMark.FileName)));
        new LocalHub(_hub).Remove("a.one");
        Assert.True(File.Exists(In(HubMark.FileName)));
        Directory.CreateDirectory(In("docs")); // Of an empty one too.
        Assert.True(new LocalHub(_hub).Verify().IsWhole);
    }

    [Fact]
    public void A_hub_that_was_emptied_before_it_had_a_mark_is_still_one_and_a_forged_mark_makes_none()
    {
        Directory.CreateDirectory(In(".trash"));
        File.WriteAllText(In(".lock"), "");
        Assert.True(HubMark.IsHub(_hub));
        File.WriteAllText(In("notes.txt"), "");
        Assert.False(HubMark.IsHub(_hub));
        File.WriteAllText(In(HubMark.FileName), "");
        Assert.False(HubMark.IsHub(_hub));
        HubMark.Give(_folder["marked"]);
        File.Delete(In(HubMark.FileName));
        File.CreateSymbolicLink(In(HubMark.FileName), Path.Combine(_folder["marked"], HubMark.FileName));
        Assert.False(HubMark.IsHub(_hub));
        Assert.True(HubMark.IsHub(_folder["marked"]));
    }

    [Theory]
    [InlineData(".trash")]
    [InlineData(".incoming")]
    public void A_folder_with_nothing_but_anothers_trash_is_no_hub(string name)
    {
        Directory.CreateDirectory(In(name, Guids));
        Assert.True(HubMark.IsHub(_hub));
        File.WriteAllText(In(name, "photo.jpg"), "mine");
        Assert.False(HubMark.IsHub(_hub));
        Refused(Call("hub", "verify", "--hub", _hub), _hub, "a folder that is none");
    }

    [Fact]
    public void What_a_user_put_into_a_checkpoints_folder_is_not_removed_with_it()
    {
        var folder = FakeHub.Folder(_hub, FakeHub.Add(_hub, "a.one"));
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "mine");
        var hub = new LocalHub(_hub);
        Assert.Contains(
            "found notes.txt",
            Assert.Throws<MarrowException>(() => hub.Remove("a.one")).Message,
            StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "checkpoint.json")));
        File.WriteAllText(Path.Combine(folder, "README.md"), "damaged");
        var staged = hub.CreateStagingFolder();
        foreach (
            var file in Directory.GetFiles(FakeHub.Folder(_folder["source"], FakeHub.Add(_folder["source"], "a.one"))))
            File.Copy(file, Path.Combine(staged, Path.GetFileName(file)));
        Assert.Contains(
            "found notes.txt",
            Assert.Throws<MarrowException>(() => hub.Add(staged)).Message,
            StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, "notes.txt")));
        File.Delete(Path.Combine(folder, "notes.txt"));
        File.WriteAllText(Path.Combine(folder, ".DS_Store"), "");
        hub.Add(staged);
        Assert.True(hub.Verify().IsWhole);
    }

    [Fact]
    public void Every_file_that_a_checkpoint_may_have_is_known_without_its_manifest()
    {
        var folder = FakeHub.Folder(_hub, FakeHub.Add(_hub, "a.one"));
        foreach (
            var name in typeof(Checkpoint)
                .GetFields(
                    System.Reflection.BindingFlags.Static
                        | System.Reflection.BindingFlags.Public
                        | System.Reflection.BindingFlags.NonPublic)
                .Where(field => field is { IsLiteral: true } && field.Name.EndsWith("File", StringComparison.Ordinal))
                .Select(field => (string)field.GetRawConstantValue()!))
            File.WriteAllText(Path.Combine(folder, name), "");
        File.WriteAllText(Path.Combine(folder, "checkpoint.json"), "damaged");
        Assert.True(File.Exists(Path.Combine(folder, "split.json")));
        Assert.Empty(HubMark.Foreign(folder));
    }

    [Theory]
    [InlineData("absent", "nothing of that name")]
    [InlineData("empty", "an empty folder")]
    [InlineData("foreign", "a folder that is none")]
    [InlineData("file", "a file")]
    public void Verify_of_what_is_no_hub_is_an_error_also_as_json(string kind, string found)
    {
        var path = _folder[kind];
        if (kind is "empty" or "foreign")
            Directory.CreateDirectory(path);
        if (kind is "foreign")
            Directory.CreateDirectory(Path.Combine(path, "overlay2", new string('a', 64), "diff"));
        if (kind is "file")
            File.WriteAllText(path, "");
        Refused(Call("hub", "verify", "--hub", path), path, kind == "file" ? "nothing of that name" : found);
        Refused(Call("hub", "verify", "--hub", path, "--json"), path);
        Assert.Contains(
            found,
            Assert.Throws<MarrowException>(() => new LocalHub(path).Verify()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_hub_of_damaged_checkpoints_alone_is_told_damaged_not_no_hub()
    {
        var folder = FakeHub.Folder(_hub, FakeHub.Add(_hub, "a.one"));
        File.Delete(Path.Combine(folder, "checkpoint.json"));
        Assert.Single(new LocalHub(_hub).Verify().Faults);
        Assert.False(HubMark.IsHub(_hub));
    }

    [Fact]
    public async Task A_part_that_is_a_link_is_not_written_through()
    {
        var hex = new string('a', 64);
        var blobs = Directory.CreateDirectory(In(".incoming", "blobs")).FullName;
        var precious = Precious(_folder["home"]);
        var part = Path.Combine(blobs, $"{hex}.part");
        var parts = new BlobParts(_hub);

        File.CreateSymbolicLink(part, precious);
        Assert.Contains(
            "found a link",
            (
                await Assert.ThrowsAsync<MarrowException>(() =>
                    parts.OpenAsync(hex, TestContext.Current.CancellationToken))
            ).Message,
            StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => parts.TryTake(hex, 11, _folder["target"]));
        File.Delete(part);
        File.CreateSymbolicLink(part, _folder["not-there"]);
        await Assert.ThrowsAsync<MarrowException>(() => parts.OpenAsync(hex, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(_folder["not-there"]));
        File.Delete(part);
        (await parts.OpenAsync(hex, TestContext.Current.CancellationToken)).Dispose();
        File.Delete(part);

        if (OperatingSystem.IsLinux())
        {
            using (var link = System.Diagnostics.Process.Start("ln", [precious, part]))
                await link.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Contains(
                "2 names",
                (
                    await Assert.ThrowsAsync<MarrowException>(() =>
                        parts.OpenAsync(hex, TestContext.Current.CancellationToken))
                ).Message,
                StringComparison.Ordinal);
            File.Delete(part);
            using (var pipe = System.Diagnostics.Process.Start("mkfifo", [part]))
                await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Contains(
                "found a pipe",
                (
                    await Assert.ThrowsAsync<MarrowException>(() =>
                        parts.OpenAsync(hex, TestContext.Current.CancellationToken))
                ).Message,
                StringComparison.Ordinal);
        }
        Directory.Delete(blobs, recursive: true);
        Directory.CreateSymbolicLink(blobs, _folder["home"]);
        Assert.Contains(
            "found a link",
            (
                await Assert.ThrowsAsync<MarrowException>(() =>
                    parts.OpenAsync(hex, TestContext.Current.CancellationToken))
            ).Message,
            StringComparison.Ordinal);
        Assert.Equal("three years", File.ReadAllText(precious));
        Assert.Single(Directory.GetFiles(_folder["home"]));
    }

    [Fact]
    public void A_lock_that_is_a_link_is_refused_and_one_with_several_names_locks()
    {
        var precious = Precious(_folder["home"]);
        File.CreateSymbolicLink(In(".lock"), precious);
        Assert.Contains(
            "found a link",
            Assert.Throws<MarrowException>(() => FolderLock.Take(_hub)).Message,
            StringComparison.Ordinal);
        File.Delete(In(".lock"));
        using (FolderLock.Take(_hub))
            Assert.Null(FolderLock.TryTake(_hub));
        FolderLock.Take(_hub).Dispose();
    }
}
