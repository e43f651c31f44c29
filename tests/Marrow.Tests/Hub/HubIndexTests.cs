using System.Security.Cryptography;
using Marrow.Hub;
using Marrow.Imaging;

namespace Marrow.Tests.Hub;

public sealed class HubIndexTests : IDisposable
{
    private const int Names = 40, InEach = 3;
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub;

    public HubIndexTests()
    {
        _hub = new(_folder["hub"]) { IndexFolder = _folder["index"] };
        for (var i = 0; i < Names * InEach; i++)
            FakeHub.Add(
                _hub.Folder,
                $"densenet-mini.trial-{i % Names}",
                i,
                new() { Datasets = [new("cxr", "2", "CC-BY-4.0", "")], Checkpoints = [new("a.b", $"sha256:{i}")] }
            );
    }

    public void Dispose() => _folder.Dispose();

    private string Index => HubIndex.PathOf(_hub.Folder, _hub.IndexFolder!);

    /// <summary>What is listed, as one text; from manifests alone.</summary>
    private string Truth() => Text(new LocalHub(_hub.Folder) { IndexFolder = _folder[$"none-{Guid.NewGuid():N}"] });

    private static string Text(LocalHub hub) => System.Text.Json.JsonSerializer.Serialize(hub.List(), MarrowJson.Line);

    [Fact]
    public void What_the_index_tells_is_what_the_manifests_tell()
    {
        var first = Text(_hub);
        Assert.True(File.Exists(Index));
        Assert.Equal(first, Text(_hub));
        Assert.Equal(Truth(), first);
        Assert.Contains("\"ancestorLicenses\":[\"CC-BY-4.0\",\"LicenseRef-unknown\"]", first);
    }

    [Fact]
    public void A_second_listing_reads_no_manifest_that_has_not_changed()
    {
        var before = Text(_hub);
        var manifest = Path.Combine(_hub.List()[5].Folder, "checkpoint.json");
        File.WriteAllText(manifest, new string(' ', (int)new FileInfo(manifest).Length));
        File.SetLastWriteTimeUtc(manifest, FakeHub.LongAgo); // Only who reads it can know.
        Assert.Equal(before, Text(_hub));
        Assert.Contains(new LocalHub(_hub.Folder) { IndexFolder = _folder["other"] }.List(), e =>
            e.Problem is not null);
        // What names one checkpoint reads it.
        Assert.Throws<MarrowException>(() => _hub.Find($"{_hub.List()[5].Name}@{_hub.List()[5].Digest}"));
    }

    [Fact]
    public void A_manifest_changed_at_once_or_later_is_read_again()
    {
        _hub.List();
        var manifest = Path.Combine(_hub.List()[7].Folder, "checkpoint.json");
        var bytes = File.ReadAllBytes(manifest);
        bytes[^5] ^= 1; // The same size.
        File.WriteAllBytes(manifest, bytes);
        // The damaged one is dated before all others of its name.
        Assert.NotNull(_hub.List()[7 - 7 % InEach + InEach - 1].Problem);
        bytes[^5] ^= 1;
        File.WriteAllBytes(manifest, bytes);
        Assert.All(_hub.List(), e => Assert.Null(e.Problem));
    }

    [Fact]
    public void After_any_change_the_listing_is_that_of_the_manifests()
    {
        var random = new SeededRandom(5);
        for (var round = 0; round < 30; round++)
        {
            var all = _hub.List();
            var entry = all[random.Next(all.Count)];
            switch (random.Next(5))
            {
                case 0:
                    FakeHub.Add(_hub.Folder, entry.Name, 1000 + round);
                    break;
                case 1:
                    _hub.Remove(entry.Problem is null ? $"{entry.Name}@{entry.Digest}" : entry.Folder, force: true);
                    break;
                case 2:
                    File.AppendAllText(Path.Combine(entry.Folder, "checkpoint.json"), " ");
                    break;
                case 3:
                    Directory.Delete(Path.GetDirectoryName(entry.Folder)!, recursive: true);
                    break;
                default:
                    using (
                        var saved = (Drafts.Of(Model.Value) with { Name = $"densenet-mini.new-{round}" }).Save(
                            _hub.Folder))
                        Assert.Contains(_hub.List(), e => e.Digest == saved.Digest);
                    break;
            }
            Assert.Equal(Truth(), Text(_hub));
            foreach (var home in Directory.GetDirectories(_hub.Folder))
                Directory.SetLastWriteTimeUtc(home, FakeHub.LongAgo.AddSeconds(round)); // Time passes.
            Assert.Equal(Truth(), Text(_hub));
        }
    }

    private static readonly Lazy<TorchSharp.torch.nn.Module> Model = new(() => Drafts.Model());

    [Fact]
    public void A_damaged_index_is_not_used()
    {
        var truth = Text(_hub);
        var whole = File.ReadAllBytes(Index);
        var random = new SeededRandom(3);
        for (var i = 0; i < 60; i++)
        {
            var damaged = whole.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(Index, i % 3 == 0 ? damaged[..random.Next(damaged.Length)] : damaged);
            Assert.Equal(truth, Text(_hub));
        }
        Assert.Equal(whole.Length, new FileInfo(Index).Length); // Made anew.
    }

    [Fact]
    public void A_hostile_index_with_the_right_hash_ends_nothing()
    {
        var truth = Text(_hub);
        var whole = File.ReadAllBytes(Index);
        var random = new SeededRandom(4);
        for (var i = 0; i < 200; i++)
        {
            var body = whole[40..];
            for (var k = 0; k <= i % 4; k++)
                body[random.Next(Math.Min(body.Length, 4000))] = (byte)random.Next(256);
            File.WriteAllBytes(Index, [.. whole[..8], .. SHA256.HashData(body), .. body]);
            // It can lie, as whoever may write it could lie in other ways; it can't make a checkpoint appear that is
            // not there.
            Assert.All(_hub.List(), e => Assert.True(Directory.Exists(e.Folder)));
        }
        File.WriteAllBytes(Index, [.. whole[..8], .. SHA256.HashData(Huge), .. Huge]);
        Assert.Equal(truth, Text(_hub));
    }

    // A path, then a number of names and of letters that no memory has.
    private static readonly byte[] Huge = [1, (byte)'/', 255, 255, 255, 127, 255, 255, 255, 255, 7];

    [Fact]
    public void A_cache_that_cannot_be_written_and_a_hub_that_cannot_either_are_listed_all_the_same()
    {
        File.WriteAllText(_folder["file"], "");
        var hub = new LocalHub(_hub.Folder) { IndexFolder = Path.Combine(_folder["file"], "below") };
        Assert.Equal(Truth(), Text(hub));
        Assert.Equal(Names, Directory.GetFileSystemEntries(_hub.Folder).Length); // Nothing was written into the hub.
    }

    [Fact]
    public void A_small_hub_has_no_index()
    {
        var hub = new LocalHub(_folder["small"]) { IndexFolder = _folder["small-index"] };
        FakeHub.Add(hub.Folder, "densenet-mini.a");
        Assert.Single(hub.List());
        Assert.False(Directory.Exists(hub.IndexFolder));
    }

    [Fact]
    public void A_name_that_is_a_link_is_listed_each_time()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        FakeHub.Add(_folder["elsewhere"], "densenet-mini.linked");
        var target = Path.Combine(_folder["elsewhere"], "densenet-mini.linked");
        Directory.CreateSymbolicLink(Path.Combine(_hub.Folder, "densenet-mini.linked"), target);
        Assert.Equal(Names * InEach + 1, _hub.List().Count);
        FakeHub.Add(_folder["elsewhere"], "densenet-mini.linked", 1);
        Assert.Equal(Names * InEach + 2, _hub.List().Count);
    }
}
