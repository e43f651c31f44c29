using System.Text;
using Marrow.Checkpoints;
using Marrow.Soak;

namespace Marrow.Tests.Hub.Registry;

/// <summary>Names, types, sizes and promises of a manifest that no checkpoint of Marrow has.</summary>
public sealed class LyingManifestTests : LyingRegistry
{
    [Theory]
    [InlineData("../evil.json")]
    [InlineData("..")]
    [InlineData("/var/evil.json")]
    [InlineData("a/b.json")]
    [InlineData("..\\evil.json")]
    [InlineData("C:\\evil.json")]
    [InlineData("C:evil.json")]
    [InlineData("\\\\server\\share\\evil.json")]
    [InlineData("config.json:stream")]
    [InlineData("con")]
    [InlineData("NUL.json")]
    [InlineData("aux.tar.gz")]
    [InlineData("Com1.json")]
    [InlineData("evil.")]
    [InlineData("evil ")]
    [InlineData(".evil")]
    [InlineData("~evil")]
    [InlineData("evil\0.json")]
    [InlineData("evil\u001b[2J.json")]
    [InlineData("\u202ejson.evil")]
    [InlineData("")]
    public async Task Names_that_are_not_plain_are_refused_before_anything_is_fetched(string name)
    {
        ChangeManifest(m => m["layers"]![0]!["annotations"]!["org.cncf.model.filepath"] = name);
        await RefusedAsync("plain file names");
        Assert.DoesNotContain(Registry.Requests, r => r.Target.Contains("/blobs/", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Bench.To.Folder));
    }

    [Theory]
    [InlineData("CONFIG.json", "each file once")]
    [InlineData("config.json", "each file once")]
    [InlineData("other.json", "or other files")]
    public async Task Names_that_are_not_those_of_the_checkpoint_are_refused(string name, string part)
    {
        ChangeManifest(m => m["layers"]![0]!["annotations"]!["org.cncf.model.filepath"] = name);
        await RefusedAsync(part);
    }

    public static TheoryData<string, string, string> OtherTypes =>
        new()
        {
            { "mediaType", "application/vnd.oci.image.index.v1+json", "vnd.oci.image.manifest" },
            { "artifactType", "application/vnd.example", "artifact type" },
            { "config.mediaType", "application/vnd.oci.image.config.v1+json", "a config of" },
            { "config.digest", "sha256:12", "a config of" },
            { "layers.0.mediaType", "application/vnd.oci.image.layer.v1.tar+gzip", "model.doc.v1.raw" },
            { "layers.5.mediaType", "application/vnd.cncf.model.doc.v1.raw", "model.weight.v1.raw" },
            { "layers.0.digest", "sha512:ab", "a sha256 digest" },
            { "layers.0.digest", "sha256:../../../../var/evil", "a sha256 digest" },
            { "annotations.marrow.checkpoint.name", "../evil", "the annotations" },
            { "annotations.marrow.checkpoint.name", "densenet-mini.other", "or other files" },
            {
                "annotations.marrow.checkpoint.digest",
                "sha256:" + "00000000000000000000000000000000" + "00000000000000000000000000000000",
                "or other files"
            },
            { "annotations.marrow.checkpoint.parents", "[{", "marrow.checkpoint.parents" },
        };

    [Theory, MemberData(nameof(OtherTypes))]
    public async Task Other_types_and_promises_are_refused(string path, string value, string part)
    {
        ChangeManifest(manifest =>
        {
            var (at, parts) = (
                manifest,
                path.StartsWith("annotations.", StringComparison.Ordinal)
                    ? ["annotations", path["annotations.".Length..]]
                    : path.Split('.'));
            foreach (var step in parts[..^1])
                at = int.TryParse(step, out var index) ? at[index]! : at[step]!;
            at[parts[^1]] = value;
        });
        await RefusedAsync(part);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData(257L << 30)]
    public async Task Impossible_sizes_are_refused(long size)
    {
        ChangeManifest(m => (m["layers"]![0]!["size"], m["layers"]![2]!["size"]) = (size, size));
        await RefusedAsync(size < 0 ? "and a size" : "bytes in all");
    }

    [Fact]
    public async Task A_manifest_served_as_something_else_is_refused()
    {
        Lie("/manifests/v1", r => new(200, Registry.Manifests["v1"], [("Content-Type", "text/html")]));
        await RefusedAsync("text/html");
        Lie("/manifests/v1", r => new(200, Registry.Manifests["v1"], []));
        await RefusedAsync("no media type");
        Lie("/manifests/v1", r =>
            Registry.Answer(r) with
            {
                Headers =
                [
                    ("Content-Type", "application/vnd.oci.image.manifest.v1+json"),
                    ("Docker-Content-Digest", $"sha256:{new string('0', 64)}"),
                ],
            }
        );
        await RefusedAsync("the digest that the registry names");
        var digest = $"sha256:{new string('1', 64)}";
        Registry.Manifests[digest] = Registry.Manifests["v1"];
        Registry.Lie = null;
        await RefusedAsync("a manifest of that digest", $"@{digest}");
    }

    [Fact]
    public async Task Huge_manifests_are_refused_for_what_they_are()
    {
        Registry.Manifests["v1"] = Encoding.UTF8.GetBytes($"{{\"a\":\"{new string('x', 5 << 20)}\"}}");
        await RefusedAsync("a manifest of at most");
        Registry.Manifests["v1"] = Encoding.UTF8.GetBytes(
            $"{{\"layers\":[{string.Join(',', Enumerable.Repeat("{}", 1_000_000))}]}}");
        await RefusedAsync("far more");
        Registry.Manifests["v1"] = Encoding.UTF8.GetBytes(new string('[', 100_000));
        await RefusedAsync("a manifest in JSON");
        Registry.Manifests["v1"] = [0xFF, 0xFE, 0];
        await RefusedAsync("a manifest in JSON");
        ChangeTo("[]");
        await RefusedAsync("an OCI image manifest");
        ChangeTo("{\"schemaVersion\":2}");
        await RefusedAsync("an OCI image manifest");

        void ChangeTo(string text) => Registry.Manifests["v1"] = Encoding.UTF8.GetBytes(text);
    }

    [Fact]
    public async Task More_than_the_disk_holds_is_refused_before_it_is_fetched()
    {
        var (bytes, manifest) = new CheckpointManifest
        {
            Name = "densenet-mini.large",
            Created = DateTimeOffset.UnixEpoch,
            Parents = new(),
            Files = [new("model.safetensors", 1L << 50, new string('a', 64))],
        }.Seal();
        Bench.Options = Bench.Options with { MaxCheckpointBytes = long.MaxValue };
        Registry.Blobs[FakeRegistry.Digest(bytes)] = bytes;
        ChangeManifest(m =>
        {
            var layers = m["layers"]!.AsArray();
            while (layers.Count > 2)
                layers.RemoveAt(0);
            (layers[0]!["digest"], layers[0]!["size"], layers[0]!["mediaType"]) = (
                FakeRegistry.Digest(bytes),
                bytes.Length,
                "application/vnd.cncf.model.doc.v1.raw");
            (layers[1]!["digest"], layers[1]!["size"], layers[1]!["mediaType"]) = (
                $"sha256:{new string('a', 64)}",
                1L << 50,
                "application/vnd.cncf.model.weight.v1.raw");
            (
                layers[0]!["annotations"]!["org.cncf.model.filepath"],
                layers[1]!["annotations"]!["org.cncf.model.filepath"]
            ) = ("checkpoint.json", "model.safetensors");
            (m["annotations"]!["marrow.checkpoint.name"], m["annotations"]!["marrow.checkpoint.digest"]) = (
                manifest.Name,
                manifest.Digest.ToString());
        });
        await RefusedAsync("of free disk space");
        Assert.Equal(1, Registry.Requests.Count(r => r.Target.Contains("/blobs/", StringComparison.Ordinal)));
    }
}
