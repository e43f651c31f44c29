using Marrow.Soak;

namespace Marrow.Tests.Hub.Registry;

/// <summary>
/// Blobs and answers that are not what they should be, end early or late, lead elsewhere or never come.
/// </summary>
public sealed class LyingRegistryTests : LyingRegistry
{
    [Fact]
    public async Task Blobs_of_another_digest_are_thrown_away()
    {
        var bytes = (byte[])Registry.Blobs[Weights].Clone();
        bytes[^1] ^= 1;
        Lie(Weights, r => Registry.Answer(r) with { Body = bytes });
        await RefusedAsync("bytes of another digest");
        // once more, then no more
        Assert.Equal(2, Registry.Requests.Count(r => r.Target.EndsWith(Weights, StringComparison.Ordinal)));
        Assert.DoesNotContain(
            Directory.GetFiles(Bench.To.Folder, $"{Weights[7..]}.part", SearchOption.AllDirectories),
            path => new FileInfo(path).Length > 0);
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
        Lie("/manifests/v1", _ =>
            new FakeAnswer(200, "", ("Content-Type", "application/vnd.oci.image.manifest.v1+json")) with
            {
                Length = -1,
                Stream = Endless,
            }
        );
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
        Lie(Weights, r =>
            Registry.Answer(r) is var answer ? answer with { Length = answer.Body.Length + more } : null!);
        await RefusedAsync("does not keep to the sizes");
    }

    [Fact]
    public async Task A_blob_that_ends_early_is_asked_for_on_and_given_up_when_nothing_more_comes()
    {
        Lie(Weights, r =>
            Registry.Answer(r) is var answer
                ? answer with
                {
                    Length = answer.Body.Length,
                    Body = answer.Body[..Math.Min(100, answer.Body.Length)],
                }
                : null!);
        await RefusedAsync("2 times in a row");
    }

    [Fact]
    public async Task Redirects_are_counted_and_only_blobs_may_come_from_elsewhere()
    {
        Lie("/manifests/v1", _ => Redirect("/v2/lab/one/manifests/v1"));
        await RefusedAsync("at most 5 redirects");
        Assert.Equal(6, Registry.Requests.Count);
        Lie("/manifests/v1", _ => Redirect($"http://{Elsewhere.Host}/v2/lab/one/manifests/v1"));
        await RefusedAsync(Elsewhere.Host);
        Assert.Empty(Elsewhere.Requests);
        foreach (
            var address in (string[])
                [
                    "http://192.0.2.1/blob",
                    "file:///etc/passwd",
                    "ftp://192.0.2.1/blob",
                    $"http://user:secret@{Elsewhere.Host}/blob",
                ])
        {
            Lie(Weights, _ => Redirect(address));
            await RefusedAsync("Nothing was sent there");
        }
        Lie(Weights, _ => new(302));
        await RefusedAsync("a redirect with an address");
        Lie(Weights, _ => Redirect($"http://{Elsewhere.Host}/v2/lab/one/blobs/{Weights}"));
        Elsewhere.Lie = _ => Redirect($"http://{Registry.Host}/v2/lab/one/blobs/{Weights}");
        await RefusedAsync("at most 5 redirects");
    }

    [Fact]
    public async Task A_blob_may_come_from_a_storage_host()
    {
        Registry.Lie = r =>
            r.Target.Contains("/blobs/", StringComparison.Ordinal)
                ? Redirect($"http://{Elsewhere.Host}{r.Target}")
                : null;
        var pulled = (await Bench.PullAsync(Registry.Host))[^1];
        RegistryBench.AssertSame(Saved.Path, pulled.Folder);
        Assert.Equal(6, Elsewhere.Requests.Count);
        // a HEAD that leads elsewhere means that it is there
        var pushed = (await Bench.PushAsync(Saved, Registry.Host))[^1];
        Assert.Equal(0, pushed.FilesSent);
    }

    [Fact]
    public async Task Answers_that_drip_are_given_up()
    {
        Bench.Options = Bench.Options with
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(300),
            ResponseTimeout = TimeSpan.FromMilliseconds(300),
            StallTimeout = TimeSpan.FromMilliseconds(300),
        };
        static void Drip(Stream stream)
        {
            for (var i = 0; i < 1000; i++)
            {
                stream.WriteByte((byte)' ');
                Thread.Sleep(20);
            }
        }
        Lie(Weights, r => Registry.Answer(r) with { Stream = Drip });
        await RefusedAsync("fewer than");
        Lie("/manifests/v1", r => Registry.Answer(r) with { Stream = Drip });
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
        Lie("/manifests/v1", r => Interlocked.Decrement(ref left) >= 0 ? new(503) : Registry.Answer(r));
        Assert.Equal(Saved.Digest, (await Bench.PullAsync(Registry.Host))[^1].Digest);
    }

    [Fact]
    public async Task What_a_registry_says_can_not_paint_the_terminal()
    {
        Lie("/manifests/v1", _ =>
            new(
                400,
                "{\"errors\": [{\"code\": \"BAD\", \"message\": \"\\u001b[2J\\u0007gone "
                    + new string('x', 100_000)
                    + "\"}]}"));
        Assert.InRange((await RefusedAsync("BAD")).Length, 1, 600);
        Lie("/manifests/v1", _ => new FakeAnswer(
            200,
            "",
            [.. Enumerable.Range(0, 20_000).Select(i => ($"X-{i}", "xxxxxxxx"))]));
        await RefusedAsync("in a row");
    }

    [Theory]
    [InlineData("206", "bytes 3-9/10")]
    [InlineData("206", "bytes 0-9/10")]
    public async Task A_range_that_was_not_asked_for_is_refused(string status, string range)
    {
        Keep(Weights, 100);
        Lie(Weights, r => Registry.Answer(r) with { Status = int.Parse(status), Headers = [("Content-Range", range)] });
        await RefusedAsync("does not keep to the sizes");
    }

    [Fact]
    public async Task What_was_kept_is_used_whatever_the_registry_can_do()
    {
        var size = Registry.Blobs[Weights].Length;
        Keep(Weights, size / 2);
        Assert.Equal(Saved.Digest, await PulledAsync());
        Assert.Equal($"bytes={size / 2}-", Asked().Headers["range"]);

        Keep(Weights, size / 2);
        Lie(Weights, r => new(200, Registry.Blobs[Weights], [])); // knows no Range
        Assert.Equal(Saved.Digest, await PulledAsync());

        Keep(Weights, size / 2);
        Lie(Weights, r => r.Headers.ContainsKey("range") ? new(416) : Registry.Answer(r));
        Assert.Equal(Saved.Digest, await PulledAsync());

        Registry.Lie = null;
        Keep(Weights, size / 2, damage: true);
        Assert.Equal(Saved.Digest, await PulledAsync());
        Keep(Weights, size, damage: true);
        Assert.Equal(Saved.Digest, await PulledAsync());
        Keep(Weights, size);
        Assert.Equal(Saved.Digest, await PulledAsync());
        Assert.DoesNotContain(Registry.Requests, r => r.Target.EndsWith(Weights, StringComparison.Ordinal));

        FakeRequest Asked() => Registry.Requests.Last(r => r.Target.EndsWith(Weights, StringComparison.Ordinal));

        async Task<string> PulledAsync()
        {
            Registry.Requests.Clear();
            var pulled = (await Bench.PullAsync(Registry.Host))[^1];
            RegistryBench.AssertSame(Saved.Path, pulled.Folder);
            Directory.Delete(Bench.To.Folder, recursive: true);
            return pulled.Digest;
        }
    }

    [Fact]
    public void A_flipped_bit_on_the_way_is_noticed()
    {
        var report = PulledFlipSoak.Run(60, 1, _ => { });
        Assert.Empty(report.Faults);
        Assert.Equal(60, report.Counts.Values.Sum());
        Assert.All(report.Counts, c => Assert.True(c.Value > 0, c.Key));
    }
}
