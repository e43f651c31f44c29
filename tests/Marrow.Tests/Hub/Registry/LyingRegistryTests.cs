using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Soak;

namespace Marrow.Tests.Hub.Registry;

/// <summary>A registry that lies harms nothing: the pull is refused, the hub stays as it was, time and memory are bounded.</summary>
public sealed class LyingRegistryTests : IDisposable
{
    private const long MostAllocated = 200L << 20;
    private readonly RegistryBench _bench = new();
    private readonly FakeRegistry _registry = new();
    private readonly FakeRegistry _elsewhere = new();
    private readonly Checkpoint _saved;

    public LyingRegistryTests()
    {
        _bench.Options = _bench.Options with { Attempts = 2, ResponseTimeout = TimeSpan.FromSeconds(2), StallTimeout = TimeSpan.FromSeconds(1) };
        _saved = _bench.Save();
        _bench.PushAsync(_saved, _registry.Host).GetAwaiter().GetResult();
        foreach (var (name, bytes) in _registry.Blobs)
            _elsewhere.Blobs[name] = bytes;
        _registry.Requests.Clear();
    }

    public void Dispose()
    {
        _saved.Dispose();
        _registry.Dispose();
        _elsewhere.Dispose();
        _bench.Dispose();
    }

    private string Weights => FakeRegistry.Digest(File.ReadAllBytes(Path.Combine(_saved.Path, "model.safetensors")));

    private async Task<string> RefusedAsync(string part, string name = ":v1")
    {
        var (watch, allocated) = (Stopwatch.StartNew(), GC.GetTotalAllocatedBytes());
        var error = await Assert.ThrowsAsync<MarrowException>(() => _bench.PullAsync(_registry.Host, name: name));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 15);
        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, MostAllocated);
        _bench.AssertUntouched();
        return error.Message;
    }

    /// <summary>Answers to GET of a path's end.</summary>
    private void Lie(string end, Func<FakeRequest, FakeAnswer> answer) =>
        _registry.Lie = request => request.Method == "GET" && request.Target.EndsWith(end, StringComparison.Ordinal) ? answer(request) : null;

    private void ChangeManifest(Action<JsonNode> change)
    {
        var node = JsonNode.Parse(_registry.Manifests["v1"])!;
        change(node);
        _registry.Manifests["v1"] = Encoding.UTF8.GetBytes(node.ToJsonString());
    }

    private static FakeAnswer Redirect(string to) => new(307, "", ("Location", to));

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task A_push_goes_on_when_the_registry_misses_a_file_that_it_had_and_ends_when_it_always_does(int times)
    {
        var left = times;
        _registry.Lie = request =>
        {
            if (request.Method != "PUT" || !request.Target.Contains("/manifests/", StringComparison.Ordinal) || --left < 0)
                return null;
            _registry.Blobs.TryRemove(Weights, out _);
            return new(400, """{"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry"}]}""");
        };
        if (times > 1)
        {
            var error = await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, _registry.Host));
            Assert.Contains("2 times in a row", error.Message, StringComparison.Ordinal);
            return;
        }
        var pushed = (await _bench.PushAsync(_saved, _registry.Host))[^1];
        Assert.Equal(1, pushed.FilesSent);
        Assert.Equal(new FileInfo(Path.Combine(_saved.Path, "model.safetensors")).Length, pushed.BytesSent);
        Assert.Contains(Weights, _registry.Blobs.Keys);
    }

    [Fact]
    public async Task Blobs_of_another_digest_are_thrown_away()
    {
        var bytes = (byte[])_registry.Blobs[Weights].Clone();
        bytes[^1] ^= 1;
        Lie(Weights, r => _registry.Answer(r) with { Body = bytes });
        await RefusedAsync("bytes of another digest");
        Assert.Equal(2, _registry.Requests.Count(r => r.Target.EndsWith(Weights, StringComparison.Ordinal))); // once more, then no more
        Assert.DoesNotContain(Directory.GetFiles(_bench.To.Folder, $"{Weights[7..]}.part", SearchOption.AllDirectories), path => new FileInfo(path).Length > 0);
    }

    [Fact]
    public async Task A_body_without_an_end_is_read_to_the_size_that_was_promised()
    {
        static void Endless(Stream stream)
        {
            for (var bytes = new byte[1 << 16]; ;)
                stream.Write(bytes);
        }
        Lie(Weights, _ => new FakeAnswer(200) with { Length = -1, Stream = Endless });
        await RefusedAsync("bytes of another digest");
        Lie("/manifests/v1", _ => new FakeAnswer(200, "", ("Content-Type", "application/vnd.oci.image.manifest.v1+json")) with { Length = -1, Stream = Endless });
        await RefusedAsync("a manifest of at most");
        Lie("/manifests/v1", _ => new FakeAnswer(404) with { Length = -1, Stream = Endless });
        await RefusedAsync("none of that name");
        Lie("/manifests/v1", _ => new FakeAnswer(403) with { Length = -1, Stream = Endless });
        await RefusedAsync("403 Forbidden");
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    [InlineData(1L << 60)]
    public async Task A_length_that_is_not_the_manifests_is_refused(long more)
    {
        Lie(Weights, r => _registry.Answer(r) is var answer ? answer with { Length = answer.Body.Length + more } : null!);
        await RefusedAsync("does not keep to the sizes");
    }

    [Fact]
    public async Task A_blob_that_ends_early_is_asked_for_on_and_given_up_when_nothing_more_comes()
    {
        Lie(Weights, r => _registry.Answer(r) is var answer ? answer with { Length = answer.Body.Length, Body = answer.Body[..Math.Min(100, answer.Body.Length)] } : null!);
        await RefusedAsync("2 times in a row");
    }

    [Fact]
    public async Task Redirects_are_counted_and_only_blobs_may_come_from_elsewhere()
    {
        Lie("/manifests/v1", _ => Redirect("/v2/lab/one/manifests/v1"));
        await RefusedAsync("at most 5 redirects");
        Assert.Equal(6, _registry.Requests.Count);
        Lie("/manifests/v1", _ => Redirect($"http://{_elsewhere.Host}/v2/lab/one/manifests/v1"));
        await RefusedAsync(_elsewhere.Host);
        Assert.Empty(_elsewhere.Requests);
        foreach (var address in (string[])["http://192.0.2.1/blob", "file:///etc/passwd", "ftp://192.0.2.1/blob", $"http://user:secret@{_elsewhere.Host}/blob"])
        {
            Lie(Weights, _ => Redirect(address));
            await RefusedAsync("Nothing was sent there");
        }
        Lie(Weights, _ => new(302));
        await RefusedAsync("a redirect with an address");
        Lie(Weights, _ => Redirect($"http://{_elsewhere.Host}/v2/lab/one/blobs/{Weights}"));
        _elsewhere.Lie = _ => Redirect($"http://{_registry.Host}/v2/lab/one/blobs/{Weights}");
        await RefusedAsync("at most 5 redirects");
    }

    [Fact]
    public async Task A_blob_may_come_from_a_storage_host()
    {
        _registry.Lie = r => r.Target.Contains("/blobs/", StringComparison.Ordinal) ? Redirect($"http://{_elsewhere.Host}{r.Target}") : null;
        var pulled = (await _bench.PullAsync(_registry.Host))[^1];
        RegistryBench.AssertSame(_saved.Path, pulled.Folder);
        Assert.Equal(6, _elsewhere.Requests.Count);
        var pushed = (await _bench.PushAsync(_saved, _registry.Host))[^1]; // a HEAD that leads elsewhere means that it is there
        Assert.Equal(0, pushed.FilesSent);
    }

    [Theory]
    [InlineData("../evil.json")]
    [InlineData("..")]
    [InlineData("/tmp/evil.json")]
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
        Assert.DoesNotContain(_registry.Requests, r => r.Target.Contains("/blobs/", StringComparison.Ordinal));
        Assert.False(Directory.Exists(_bench.To.Folder));
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

    public static TheoryData<string, string, string> OtherTypes => new()
    {
        { "mediaType", "application/vnd.oci.image.index.v1+json", "vnd.oci.image.manifest" },
        { "artifactType", "application/vnd.example", "artifact type" },
        { "config.mediaType", "application/vnd.oci.image.config.v1+json", "a config of" },
        { "config.digest", "sha256:12", "a config of" },
        { "layers.0.mediaType", "application/vnd.oci.image.layer.v1.tar+gzip", "model.doc.v1.raw" },
        { "layers.5.mediaType", "application/vnd.cncf.model.doc.v1.raw", "model.weight.v1.raw" },
        { "layers.0.digest", "sha512:ab", "a sha256 digest" },
        { "layers.0.digest", "sha256:../../../../tmp/evil", "a sha256 digest" },
        { "annotations.marrow.checkpoint.name", "../evil", "the annotations" },
        { "annotations.marrow.checkpoint.name", "densenet-mini.other", "or other files" },
        { "annotations.marrow.checkpoint.digest", "sha256:" + "00000000000000000000000000000000" + "00000000000000000000000000000000", "or other files" },
        { "annotations.marrow.checkpoint.parents", "[{", "marrow.checkpoint.parents" },
    };

    [Theory, MemberData(nameof(OtherTypes))]
    public async Task Other_types_and_promises_are_refused(string path, string value, string part)
    {
        ChangeManifest(manifest =>
        {
            var (at, parts) = (manifest, path.StartsWith("annotations.", StringComparison.Ordinal) ? ["annotations", path["annotations.".Length..]] : path.Split('.'));
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
        Lie("/manifests/v1", r => new(200, _registry.Manifests["v1"], [("Content-Type", "text/html")]));
        await RefusedAsync("text/html");
        Lie("/manifests/v1", r => new(200, _registry.Manifests["v1"], []));
        await RefusedAsync("no media type");
        Lie("/manifests/v1", r => _registry.Answer(r) with { Headers = [("Content-Type", "application/vnd.oci.image.manifest.v1+json"), ("Docker-Content-Digest", $"sha256:{new string('0', 64)}")] });
        await RefusedAsync("the digest that the registry names");
        var digest = $"sha256:{new string('1', 64)}";
        _registry.Manifests[digest] = _registry.Manifests["v1"];
        _registry.Lie = null;
        await RefusedAsync("a manifest of that digest", $"@{digest}");
    }

    [Fact]
    public async Task Huge_manifests_are_refused_for_what_they_are()
    {
        _registry.Manifests["v1"] = Encoding.UTF8.GetBytes($"{{\"a\":\"{new string('x', 5 << 20)}\"}}");
        await RefusedAsync("a manifest of at most");
        _registry.Manifests["v1"] = Encoding.UTF8.GetBytes($"{{\"layers\":[{string.Join(',', Enumerable.Repeat("{}", 1_000_000))}]}}");
        await RefusedAsync("far more");
        _registry.Manifests["v1"] = Encoding.UTF8.GetBytes(new string('[', 100_000));
        await RefusedAsync("a manifest in JSON");
        _registry.Manifests["v1"] = [0xFF, 0xFE, 0];
        await RefusedAsync("a manifest in JSON");
        ChangeTo("[]");
        await RefusedAsync("an OCI image manifest");
        ChangeTo("{\"schemaVersion\":2}");
        await RefusedAsync("an OCI image manifest");

        void ChangeTo(string text) => _registry.Manifests["v1"] = Encoding.UTF8.GetBytes(text);
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
        _bench.Options = _bench.Options with { MaxCheckpointBytes = long.MaxValue };
        _registry.Blobs[FakeRegistry.Digest(bytes)] = bytes;
        ChangeManifest(m =>
        {
            var layers = m["layers"]!.AsArray();
            while (layers.Count > 2)
                layers.RemoveAt(0);
            (layers[0]!["digest"], layers[0]!["size"], layers[0]!["mediaType"]) = (FakeRegistry.Digest(bytes), bytes.Length, "application/vnd.cncf.model.doc.v1.raw");
            (layers[1]!["digest"], layers[1]!["size"], layers[1]!["mediaType"]) = ($"sha256:{new string('a', 64)}", 1L << 50, "application/vnd.cncf.model.weight.v1.raw");
            (layers[0]!["annotations"]!["org.cncf.model.filepath"], layers[1]!["annotations"]!["org.cncf.model.filepath"]) = ("checkpoint.json", "model.safetensors");
            (m["annotations"]!["marrow.checkpoint.name"], m["annotations"]!["marrow.checkpoint.digest"]) = (manifest.Name, manifest.Digest);
        });
        await RefusedAsync("of free disk space");
        Assert.Equal(1, _registry.Requests.Count(r => r.Target.Contains("/blobs/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Answers_that_drip_are_given_up()
    {
        _bench.Options = _bench.Options with { ConnectTimeout = TimeSpan.FromMilliseconds(300), ResponseTimeout = TimeSpan.FromMilliseconds(300), StallTimeout = TimeSpan.FromMilliseconds(300) };
        static void Drip(Stream stream)
        {
            for (var i = 0; i < 1000; i++)
            {
                stream.WriteByte((byte)' ');
                Thread.Sleep(20);
            }
        }
        Lie(Weights, r => _registry.Answer(r) with { Stream = Drip });
        await RefusedAsync("fewer than");
        Lie("/manifests/v1", r => _registry.Answer(r) with { Stream = Drip });
        await RefusedAsync("not complete within");
        Lie("/manifests/v1", r =>
        {
            Thread.Sleep(2000);
            return new(404);
        });
        await RefusedAsync("no answer within");
    }

    [Fact]
    public async Task A_busy_registry_is_waited_for_but_not_as_long_as_it_likes()
    {
        Lie("/manifests/v1", _ => new(429, "", ("Retry-After", "1000000")));
        await RefusedAsync("answered 429");
        var left = 1;
        Lie("/manifests/v1", r => Interlocked.Decrement(ref left) >= 0 ? new(503) : _registry.Answer(r));
        Assert.Equal(_saved.Digest, (await _bench.PullAsync(_registry.Host))[^1].Digest);
    }

    [Fact]
    public async Task What_a_registry_says_can_not_paint_the_terminal()
    {
        Lie("/manifests/v1", _ => new(400, "{\"errors\": [{\"code\": \"BAD\", \"message\": \"\\u001b[2J\\u0007gone " + new string('x', 100_000) + "\"}]}"));
        Assert.InRange((await RefusedAsync("BAD")).Length, 1, 600);
        Lie("/manifests/v1", _ => new FakeAnswer(200, "", [.. Enumerable.Range(0, 20_000).Select(i => ($"X-{i}", "xxxxxxxx"))]));
        await RefusedAsync("in a row");
    }

    [Theory]
    [InlineData("206", "bytes 3-9/10")]
    [InlineData("206", "bytes 0-9/10")]
    public async Task A_range_that_was_not_asked_for_is_refused(string status, string range)
    {
        Keep(Weights, 100);
        Lie(Weights, r => _registry.Answer(r) with { Status = int.Parse(status), Headers = [("Content-Range", range)] });
        await RefusedAsync("does not keep to the sizes");
    }

    [Fact]
    public async Task What_was_kept_is_used_whatever_the_registry_can_do()
    {
        var size = _registry.Blobs[Weights].Length;
        Keep(Weights, size / 2);
        Assert.Equal(_saved.Digest, await PulledAsync());
        Assert.Equal($"bytes={size / 2}-", Asked().Headers["range"]);

        Keep(Weights, size / 2);
        Lie(Weights, r => new(200, _registry.Blobs[Weights], [])); // knows no Range
        Assert.Equal(_saved.Digest, await PulledAsync());

        Keep(Weights, size / 2);
        Lie(Weights, r => r.Headers.ContainsKey("range") ? new(416) : _registry.Answer(r));
        Assert.Equal(_saved.Digest, await PulledAsync());

        _registry.Lie = null;
        Keep(Weights, size / 2, damage: true);
        Assert.Equal(_saved.Digest, await PulledAsync());
        Keep(Weights, size, damage: true);
        Assert.Equal(_saved.Digest, await PulledAsync());
        Keep(Weights, size);
        Assert.Equal(_saved.Digest, await PulledAsync());
        Assert.DoesNotContain(_registry.Requests, r => r.Target.EndsWith(Weights, StringComparison.Ordinal));

        FakeRequest Asked() => _registry.Requests.Last(r => r.Target.EndsWith(Weights, StringComparison.Ordinal));

        async Task<string> PulledAsync()
        {
            _registry.Requests.Clear();
            var pulled = (await _bench.PullAsync(_registry.Host))[^1];
            RegistryBench.AssertSame(_saved.Path, pulled.Folder);
            Directory.Delete(_bench.To.Folder, recursive: true);
            return pulled.Digest;
        }
    }

    [Theory]
    [InlineData("http://192.0.2.1/v2/lab/one/blobs/uploads/1")]
    [InlineData("https://192.0.2.1/upload")]
    [InlineData("file:///tmp/upload")]
    public async Task Weights_are_sent_to_nobody_else(string location)
    {
        _registry.Blobs.Clear();
        _registry.Lie = r => r.Method == "POST" ? new(202, "", ("Location", location)) : null;
        Assert.Contains("Nothing was sent there", (await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, _registry.Host))).Message, StringComparison.Ordinal);
        _registry.Lie = r => r.Method == "POST" ? new(202, "", ("Location", $"http://{_elsewhere.Host}/upload")) : null;
        await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, _registry.Host));
        _registry.Lie = r => r.Method == "POST" ? Redirect($"http://{_elsewhere.Host}/upload") : null;
        Assert.Contains("no redirect of what is written", (await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, _registry.Host))).Message, StringComparison.Ordinal);
        Assert.Empty(_elsewhere.Requests);
    }

    [Fact]
    public async Task A_registry_that_keeps_something_else_is_found_out()
    {
        _registry.Lie = r => r.Method == "PUT" && r.Target.Contains("/manifests/", StringComparison.Ordinal) ? new(201, "", ("Docker-Content-Digest", $"sha256:{new string('0', 64)}")) : null;
        Assert.Contains("changes manifests", (await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, _registry.Host))).Message, StringComparison.Ordinal);
        _registry.Lie = r => r.Method == "HEAD" && r.Target.EndsWith(Weights, StringComparison.Ordinal) ? new(200, "short") : null;
        Assert.Contains("holds a damaged blob", (await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(_saved, _registry.Host))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_on_the_way_is_noticed()
    {
        var report = PulledFlipSoak.Run(60, 1, _ => { });
        Assert.Empty(report.Faults);
        Assert.Equal(60, report.Counts.Values.Sum());
        Assert.All(report.Counts, c => Assert.True(c.Value > 0, c.Key));
    }

    /// <summary>What a pull that was killed has left.</summary>
    private void Keep(string digest, int bytes, bool damage = false)
    {
        var folder = Path.Combine(_bench.To.Folder, ".incoming", "blobs");
        Directory.CreateDirectory(folder);
        var kept = _registry.Blobs[digest][..bytes];
        kept[bytes / 2] ^= (byte)(damage ? 1 : 0);
        File.WriteAllBytes(Path.Combine(folder, $"{digest[7..]}.part"), kept);
    }
}
