using Marrow.Hub;
using Marrow.Soak;

namespace Marrow.Tests.Hub;

public sealed class HubVerificationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub;

    public HubVerificationTests() => _hub = new(_folder["hub"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_damaged_missing_and_unlisted_file_is_named()
    {
        (string, string)[] files =
        [
            ("README.md", "card"),
            ("config.json", "{}"),
            ("metrics.json", "[]"),
            ("model.safetensors", "weights"),
        ];
        var damaged = FakeHub.Folder(
            _hub.Folder,
            FakeHub.Add(_hub.Folder, FakeHub.Manifest("a.one", files: files), files));
        var whole = FakeHub.Add(_hub.Folder, "a.two");
        Assert.True(_hub.Verify().IsWhole);

        string In(string file) => Path.Combine(damaged, file);
        File.WriteAllText(In("README.md"), "cord");
        File.Delete(In("config.json"));
        File.AppendAllText(In("model.safetensors"), "!");
        File.WriteAllText(In("notes.txt"), "");
        Directory.CreateDirectory(In("folder"));

        var result = _hub.Verify();
        Assert.Equal(
            new[] { "README.md", "config.json", "model.safetensors", "folder", "notes.txt" }.Select(In),
            result.Faults.Select(f => f.Path));
        Assert.Contains("SHA-256", result.Faults[0].Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(damaged, result.Faults[0].Problem, StringComparison.Ordinal);
        Assert.Empty(result.Checkpoints.Single(c => c.Digest == whole.Digest).Faults);
        Assert.True(_hub.Verify("a.two").IsWhole);
        Assert.Equal(5, _hub.Verify("a.one").Faults.Count);
        Assert.Equal(5, _hub.Verify(damaged).Faults.Count);
    }

    [Fact]
    public void What_lies_where_no_checkpoint_can_be_is_told()
    {
        var manifest = FakeHub.Add(_hub.Folder, "a.one");
        var folder = FakeHub.Folder(_hub.Folder, manifest);
        var upper = Path.Combine(_hub.Folder, "a.one", manifest.Digest.Hex.ToUpperInvariant());
        CopyTo(upper);
        var otherDigest = Path.Combine(_hub.Folder, "a.one", new string('0', 64));
        CopyTo(otherDigest);
        var otherName = Path.Combine(_hub.Folder, "b.two", manifest.Digest.Hex);
        CopyTo(otherName);
        CopyTo(Path.Combine(_hub.Folder, "No Name", manifest.Digest.Hex));
        File.WriteAllText(Path.Combine(_hub.Folder, "a.one", "file"), "");
        File.WriteAllText(Path.Combine(_hub.Folder, "README.md"), "of the hub");
        Directory.CreateDirectory(Path.Combine(_hub.Folder, "docs"));

        var result = _hub.Verify();
        Assert.Equal(
            new[]
            {
                Path.Combine(otherDigest, "checkpoint.json"),
                otherName,
                Path.Combine(_hub.Folder, "No Name"),
                upper,
                Path.Combine(_hub.Folder, "a.one", "file"),
            }.Order(StringComparer.Ordinal),
            result.Faults.Select(f => f.Path).Order(StringComparer.Ordinal));

        void CopyTo(string target)
        {
            Directory.CreateDirectory(target);
            foreach (var file in Directory.GetFiles(folder))
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    [Fact]
    public void Progress_ends_with_every_byte()
    {
        FakeHub.Add(_hub.Folder, "a.one");
        FakeHub.Add(_hub.Folder, "a.two");
        var seen = new List<Progress>();
        var result = _hub.Verify(progress: seen.Add);
        Assert.Equal(_hub.List().Sum(e => e.Bytes), seen[^1].Total);
        Assert.Equal(seen[^1].Total, seen[^1].Done);
        Assert.Equal(result.Checkpoints.Sum(c => c.Bytes), seen[^1].Done);
        Assert.Equal(seen.Select(s => s.Done).Order(), seen.Select(s => s.Done));
    }

    [Fact]
    public void An_unknown_reference_is_an_error_and_an_emptied_hub_is_whole()
    {
        FakeHub.Add(_hub.Folder, "a.two");
        _hub.Remove("a.two");
        Assert.True(_hub.Verify().IsWhole);
        Assert.Throws<MarrowException>(() => _hub.Verify("a.one"));
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            FakeHub.Add(_hub.Folder, "a.one");
            _hub.Verify(cancellation: new CancellationToken(canceled: true));
        });
    }

    [Fact]
    public void Single_flipped_bits_are_noticed_by_verifying_and_by_loading()
    {
        var report = BitFlipSoak.Run(150, seed: 2, _ => { });
        Assert.Empty(report.Faults);
        Assert.Equal((150, 150), (report.Counts["noticed by verify"], report.Counts["noticed by load"]));
        Assert.Equal(7, report.Counts.Count(c => c.Key.Contains('.')));
    }
}
