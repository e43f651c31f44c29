using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Hub.Registry;
using Marrow.Soak;

namespace Marrow.Tests.Hub.Registry;

/// <summary>Against a real registry: what goes in comes out, and only what is missing travels.</summary>
public sealed class PushPullTests : IDisposable
{
    private readonly RegistryBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_program_is_told_what_was_moved_and_resolves_it_by_its_name_in_the_hub()
    {
        using var registry = RegistryBench.Start();
        using var saved = _bench.Save();
        var place = CheckpointRegistry.Normalize($"OCI://{registry.Host}/lab/one:v1");
        Assert.Equal($"oci://{registry.Host}/lab/one:v1", place);
        var cancellation = TestContext.Current.CancellationToken;
        var pushed = await _bench.Registry.PushAsync(_bench.From, saved, place, cancellation: cancellation);
        var pulled = await _bench.Registry.PullAsync(_bench.To, place, cancellation: cancellation);
        Assert.Equal(($"{saved.Name}@{saved.Digest}", pushed.Manifest), (pulled.Reference, pulled.Manifest));
        Assert.True(pushed.Bytes > 0 && pulled.Bytes > 0);
        Assert.Empty(pushed.Notes);
        using var resolved = _bench.To.Resolve(pulled.Reference);
        Assert.Equal(saved.Digest, resolved.Digest);

        using var other = _bench.Save(seed: 2);
        var again = await _bench.Registry.PushAsync(_bench.From, other, place, cancellation: cancellation);
        Assert.Equal(
            $"{place} named {pushed.Manifest} before; that is still there under its digest.",
            Assert.Single(again.Notes));
    }

    [Fact]
    public async Task A_checkpoint_comes_out_byte_for_byte_with_the_same_digest()
    {
        using var registry = RegistryBench.Start();
        using var saved = _bench.Save();
        var pushed = Assert.Single(await _bench.PushAsync(saved, registry.Host));
        Assert.Equal((saved.Digest, pushed.Files, pushed.FilesSent), (pushed.Digest, 6, 6));
        Assert.Null(pushed.Replaced);

        var byTag = Assert.Single(await _bench.PullAsync(registry.Host));
        Assert.Equal(
            (saved.Digest, pushed.Manifest, 6, false),
            (byTag.Digest, byTag.Manifest, byTag.FilesFetched, byTag.WasThere));
        RegistryBench.AssertSame(saved.Path, byTag.Folder);
        using var resolved = _bench.To.Resolve(saved.Name);
        Assert.Equal(saved.Digest, resolved.Digest);

        var byDigest = Assert.Single(await _bench.PullAsync(registry.Host, name: $"@{pushed.Manifest}"));
        Assert.Equal((true, 0L), (byDigest.WasThere, byDigest.BytesFetched));
        Assert.Empty(
            Directory.GetFiles(Path.Combine(_bench.To.Folder, ".incoming"), "*.part", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("README.md")]
    [InlineData("checkpoint.json")]
    public async Task A_pull_mends_a_damaged_checkpoint_of_the_hub(string file)
    {
        using var registry = new FakeRegistry();
        using var saved = _bench.Save();
        await _bench.PushAsync(saved, registry.Host);
        var first = Assert.Single(await _bench.PullAsync(registry.Host));
        var damaged = Path.Combine(first.Folder, file);
        var bytes = File.ReadAllBytes(damaged);
        bytes[^2] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        Assert.False(_bench.To.Verify().IsWhole);

        var second = Assert.Single(await _bench.PullAsync(registry.Host));
        Assert.Equal((first.Folder, false), (second.Folder, second.WasThere));
        RegistryBench.AssertSame(saved.Path, second.Folder);
        Assert.True(_bench.To.Verify().IsWhole);
    }

    [Fact]
    public async Task Pushing_again_sends_no_blob_and_gives_the_same_manifest()
    {
        using var registry = RegistryBench.Start();
        using var proxy = new CuttingProxy(registry.Port);
        using var saved = _bench.Save();
        var first = Assert.Single(await _bench.PushAsync(saved, proxy.Host));
        var before = proxy.Requests.Count;
        var second = Assert.Single(await _bench.PushAsync(saved, proxy.Host));
        Assert.Equal(first.Manifest, second.Manifest);
        Assert.Equal((0, 0L), (second.FilesSent, second.BytesSent));
        var again = proxy.Requests.Skip(before).ToList();
        Assert.DoesNotContain(again, r =>
            r.StartsWith("POST ", StringComparison.Ordinal) || r.StartsWith("PATCH ", StringComparison.Ordinal));
        Assert.Equal(1, again.Count(r => r.StartsWith("PUT ", StringComparison.Ordinal))); // the manifest
    }

    [Fact]
    public async Task Of_a_second_checkpoint_only_the_files_that_differ_travel_either_way()
    {
        using var registry = RegistryBench.Start();
        using var proxy = new CuttingProxy(registry.Port);
        using var one = _bench.Save();
        await _bench.PushAsync(one, proxy.Host);
        await _bench.PullAsync(proxy.Host);
        // the same weights under another name: card, weights' metadata and manifest differ
        using var other = _bench.Save("densenet-mini.b");
        var shared = Directory
            .GetFiles(one.Path)
            .Count(path =>
                File.ReadAllBytes(path)
                    .SequenceEqual(File.ReadAllBytes(Path.Combine(other.Path, Path.GetFileName(path)))));
        Assert.InRange(shared, 1, 5);

        var before = proxy.Count("POST");
        var pushed = (await _bench.PushAsync(other, proxy.Host))[^1];
        Assert.Equal(6 - shared, pushed.FilesSent);
        Assert.Equal(6 - shared + 1, proxy.Count("POST") - before); // and the config
        Assert.StartsWith("sha256:", pushed.Replaced); // the tag named the first

        before = proxy.Requests.Count(r =>
            r.StartsWith("GET ", StringComparison.Ordinal) && r.Contains("/blobs/", StringComparison.Ordinal));
        var pulled = (await _bench.PullAsync(proxy.Host))[^1];
        Assert.Equal(6 - shared, pulled.FilesFetched);
        Assert.Equal(
            6 - shared,
            proxy.Requests.Count(r =>
                r.StartsWith("GET ", StringComparison.Ordinal) && r.Contains("/blobs/", StringComparison.Ordinal)
            ) - before);
        RegistryBench.AssertSame(other.Path, pulled.Folder);
    }

    [Fact]
    public async Task Large_files_go_in_chunks()
    {
        using var registry = RegistryBench.Start();
        using var proxy = new CuttingProxy(registry.Port);
        using var saved = _bench.Save();
        _bench.Options = _bench.Options with { ChunkBytes = 10_000 };
        await _bench.PushAsync(saved, proxy.Host);
        var expected = Directory
            .GetFiles(saved.Path)
            .Select(path => new FileInfo(path).Length)
            .Where(bytes => bytes > 10_000)
            .Sum(bytes => (bytes + 9_999) / 10_000);
        Assert.InRange(expected, 3, 10_000);
        Assert.Equal(expected, proxy.Count("PATCH"));
        RegistryBench.AssertSame(saved.Path, (await _bench.PullAsync(proxy.Host))[^1].Folder);
    }

    [Fact]
    public async Task Parents_come_along_the_oldest_first()
    {
        using var registry = RegistryBench.Start();
        using var grandparent = _bench.Save("densenet-mini.grandparent", 1);
        using var parent = _bench.Save("densenet-mini.parent", 2, parents: grandparent);
        using var child = _bench.Save("densenet-mini.child", 3, parents: [parent, grandparent]);
        var order = new string[] { grandparent.Digest, parent.Digest, child.Digest };

        var pushed = await _bench.PushAsync(child, registry.Host, withParents: true);
        Assert.Equal(order, pushed.Select(p => p.Digest));
        Assert.EndsWith($":sha256-{parent.Digest.Hex[..16]}", pushed[1].Reference);

        // alone, unless asked
        Assert.Equal([child.Digest.ToString()], (await _bench.PullAsync(registry.Host)).Select(p => p.Digest));
        Assert.Single(_bench.To.List());
        var pulled = await _bench.PullAsync(registry.Host, withParents: true);
        Assert.Equal(order, pulled.Select(p => p.Digest));
        Assert.Equal([false, false, true], pulled.Select(p => p.WasThere));
        Assert.Equal(order.Order(), _bench.To.List().Select(e => e.Digest.ToString()).Order());
    }

    [Fact]
    public async Task An_absent_parent_is_named_on_both_sides()
    {
        using var registry = RegistryBench.Start();
        using var parent = _bench.Save("densenet-mini.parent", 2);
        using var child = _bench.Save("densenet-mini.child", 3, parents: parent);
        await _bench.PushAsync(child, registry.Host);
        var pull = await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host, withParents: true));
        Assert.Contains($"densenet-mini.parent@{parent.Digest}", pull.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.To.List());

        parent.Dispose();
        Directory.Delete(parent.Path, recursive: true);
        var blobs = registry.Blobs;
        var push = await Assert.ThrowsAsync<MarrowException>(() =>
            _bench.PushAsync(child, registry.Host, withParents: true));
        Assert.Contains($"densenet-mini.parent@{parent.Digest}", push.Message, StringComparison.Ordinal);
        Assert.Equal(blobs, registry.Blobs);
    }

    [Fact]
    public async Task Terms_are_kept_before_anything_is_sent()
    {
        using var registry = new Marrow.Soak.FakeRegistry();
        using var parent = _bench.Save("densenet-mini.parent", 2, "CC-BY-NC-4.0");
        using var child = _bench.Save("densenet-mini.child", 3, "CC-BY-NC-4.0", parent);
        var error = await Assert.ThrowsAsync<MarrowException>(() =>
            _bench.PushAsync(child, registry.Host, license: "MIT"));
        Assert.Contains(
            "densenet-mini.parent is under CC-BY-NC-4.0, which forbids commercial use",
            error.Message,
            StringComparison.Ordinal);
        Assert.Empty(registry.Requests);

        var stricter = (await _bench.PushAsync(child, registry.Host, license: "CC-BY-NC-SA-4.0"))[^1];
        Assert.Equal("CC-BY-NC-SA-4.0", stricter.License);
        var pulled = (await _bench.PullAsync(registry.Host))[^1];
        Assert.Equal(("CC-BY-NC-SA-4.0", child.Digest), (pulled.License, pulled.Digest));
    }

    [Fact]
    public async Task The_manifest_is_the_one_of_the_documentation()
    {
        using var registry = new Marrow.Soak.FakeRegistry();
        using var parent = _bench.Save("densenet-mini.parent", 2);
        using var child = _bench.Save("densenet-mini.child", 3, parents: parent);
        var pushed = await _bench.PushAsync(child, registry.Host, withParents: true);
        using var manifest = JsonDocument.Parse(registry.Manifests["v1"]);
        var root = manifest.RootElement;
        Assert.Equal("application/vnd.oci.image.manifest.v1+json", root.GetProperty("mediaType").GetString());
        Assert.Equal("application/vnd.cncf.model.manifest.v1+json", root.GetProperty("artifactType").GetString());
        var layers = root.GetProperty("layers")
            .EnumerateArray()
            .ToDictionary(l => l.GetProperty("annotations").GetProperty("org.cncf.model.filepath").GetString()!);
        Assert.Equal(
            Directory.GetFiles(child.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal),
            layers.Keys);
        Assert.All(layers, l =>
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(child.Path, l.Key)),
                registry.Blobs[l.Value.GetProperty("digest").GetString()!]));
        Assert.All(layers, l =>
            Assert.Equal(
                l.Key == "model.safetensors"
                    ? "application/vnd.cncf.model.weight.v1.raw"
                    : "application/vnd.cncf.model.doc.v1.raw",
                l.Value.GetProperty("mediaType").GetString()));
        var annotations = root.GetProperty("annotations");
        Assert.Equal(child.Digest, annotations.GetProperty("marrow.checkpoint.digest").GetString());
        using var parents = JsonDocument.Parse(annotations.GetProperty("marrow.checkpoint.parents").GetString()!);
        Assert.Equal(pushed[0].Manifest, parents.RootElement[0].GetProperty("manifest").GetString());

        using var config = JsonDocument.Parse(
            registry.Blobs[root.GetProperty("config").GetProperty("digest").GetString()!]);
        Assert.Equal(
            layers.Values.Select(l => l.GetProperty("digest").GetString()),
            config.RootElement.GetProperty("modelfs").GetProperty("diffIds").EnumerateArray().Select(d => d.GetString())
        );
        Assert.Equal("bf16", config.RootElement.GetProperty("config").GetProperty("precision").GetString());
    }

    [Fact]
    public async Task An_unknown_tag_is_answered_with_the_known_ones()
    {
        using var registry = RegistryBench.Start();
        using var saved = _bench.Save();
        await _bench.PushAsync(saved, registry.Host);
        Assert.Contains(
            "Known tags: v1.",
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host, name: ":v2"))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "knows no tag of",
            (
                await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host, name: "/other:v2"))
            ).Message,
            StringComparison.Ordinal);
        var digest = $"@sha256:{new string('0', 64)}";
        Assert.Contains(
            "Known tags: v1.",
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(registry.Host, name: digest))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_digest_is_no_place_to_push_to_and_weights_alone_are_no_checkpoint()
    {
        using var saved = _bench.Save();
        var target = OciReference.Parse($"oci://127.0.0.1:1/a@sha256:{new string('0', 64)}");
        Assert.Contains(
            "a tag to push to",
            (
                await Assert.ThrowsAsync<MarrowException>(() => _bench.Registry.PushAsync(_bench.From, saved, target))
            ).Message,
            StringComparison.Ordinal);
        using var weights = Checkpoint.LoadWeights(Path.Combine(saved.Path, "model.safetensors"));
        Assert.Contains(
            "weights alone",
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(weights, "127.0.0.1:1"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pulls_at_once_of_one_checkpoint_all_end_well()
    {
        using var registry = new Marrow.Soak.FakeRegistry();
        using var saved = _bench.Save();
        await _bench.PushAsync(saved, registry.Host);
        var pulls = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(() => _bench.PullAsync(registry.Host))));
        Assert.All(pulls, p => Assert.Equal(saved.Digest, p[^1].Digest));
        RegistryBench.AssertSame(saved.Path, Assert.Single(_bench.To.List()).Folder);
        Assert.DoesNotContain(
            Directory.GetFiles(Path.Combine(_bench.To.Folder, ".incoming"), "*.part", SearchOption.AllDirectories),
            path => new FileInfo(path).Length > 0);
    }
}
