using System.Diagnostics;
using Marrow.Checkpoints;
using Marrow.Hub.Registry;
using Marrow.Imaging;
using Marrow.Soak;

namespace Marrow.Tests.Hub.Registry;

/// <summary>Whatever breaks off, at whatever byte: trying again ends with the same bytes on both sides.</summary>
public sealed class InterruptedTransferTests : IDisposable
{
    private const int Few = 8, Many = 150;
    private readonly RegistryBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    public Task A_push_that_is_cut_after_any_byte_ends_well(int attempts) => PushCutAsync(attempts, Few);

    [Theory(Explicit = true)]
    [InlineData(5)]
    [InlineData(1)]
    public Task A_push_that_is_cut_after_any_of_many_bytes_ends_well(int attempts) => PushCutAsync(attempts, Many);

    private async Task PushCutAsync(int attempts, int cuts)
    {
        using var registry = RegistryBench.Start();
        using var saved = _bench.Save();
        _bench.Options = _bench.Options with { Attempts = attempts, ChunkBytes = 100_000 };
        var total = await TrafficAsync(registry, saved, "measure");
        var cut = 0;
        foreach (var (number, up, down) in Places(cuts, total.Up, total.Down))
        {
            using var proxy = new CuttingProxy(registry.Port) { CutUpAfter = up, CutDownAfter = down };
            var target = OciReference.Parse($"oci://{proxy.Host}/lab/push{number}:v1"); // blobs are known by repository
            try
            {
                await _bench.Registry.PushAsync(_bench.From, saved, target);
            }
            catch (MarrowException) when (attempts == 1)
            {
                // The registry may still be at work on what was broken off, and say 500.
                await new CheckpointRegistry(_bench.Options with { Attempts = 5 }).PushAsync(
                    _bench.From,
                    saved,
                    target);
            }
            cut += proxy.Cuts;
            await AssertPullableAsync(OciReference.Parse($"oci://{registry.Host}/lab/push{number}:v1"), saved);
        }
        Assert.InRange(cut, cuts, 2 * cuts);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    public Task A_pull_that_is_cut_after_any_byte_ends_well(int attempts) => PullCutAsync(attempts, Few);

    [Theory(Explicit = true)]
    [InlineData(5)]
    [InlineData(1)]
    public Task A_pull_that_is_cut_after_any_of_many_bytes_ends_well(int attempts) => PullCutAsync(attempts, Many);

    private async Task PullCutAsync(int attempts, int cuts)
    {
        using var registry = RegistryBench.Start();
        using var saved = _bench.Save();
        await _bench.PushAsync(saved, registry.Host);
        _bench.Options = _bench.Options with { Attempts = attempts };
        long total;
        using (var proxy = new CuttingProxy(registry.Port))
        {
            await AssertPullableAsync(OciReference.Parse($"oci://{proxy.Host}/lab/one:v1"), saved);
            total = proxy.Down;
        }
        var cut = 0;
        foreach (var (_, _, down) in Places(cuts, 0, total))
        {
            using var proxy = new CuttingProxy(registry.Port) { CutDownAfter = down };
            var source = OciReference.Parse($"oci://{proxy.Host}/lab/one:v1");
            try
            {
                await _bench.Registry.PullAsync(_bench.To, source);
            }
            catch (MarrowException) when (attempts == 1)
            {
                Assert.Empty(_bench.To.List());
                await _bench.Registry.PullAsync(_bench.To, source);
            }
            cut += proxy.Cuts;
            if (attempts > 1) // else what was on its way for other files is lost with the command
                Assert.InRange(proxy.Down, 0, total + 20_000); // what had arrived was not fetched again
            await AssertPullableAsync(source, saved);
        }
        Assert.InRange(cut, cuts / 2, cuts);
    }

    [Fact]
    public async Task An_upload_goes_on_where_the_registry_says_it_stopped()
    {
        using var registry = new FakeRegistry();
        using var saved = _bench.Save();
        var weights = new FileInfo(Path.Combine(saved.Path, "model.safetensors")).Length;
        _bench.Options = _bench.Options with { ChunkBytes = 30_000, Parallel = 1 };
        registry.CutUploadAfter = 12_345;
        await _bench.PushAsync(saved, registry.Host);
        Assert.Equal(-1, registry.CutUploadAfter); // it was cut
        var status = Assert.Single(registry.Requests, r =>
            r.Method == "GET" && r.Target.Contains("/uploads/", StringComparison.Ordinal));
        var patches = registry.Requests.Where(r => r.Method == "PATCH" && r.Target == status.Target).ToList();
        Assert.StartsWith("12345-", patches[0].Headers["content-range"]); // the cut one was not counted as a request
        Assert.Equal(weights - 12_345, patches.Sum(p => (long)p.Body.Length));
        await AssertPullableAsync(OciReference.Parse($"oci://{registry.Host}/lab/one:v1"), saved);
    }

    [Fact]
    public async Task A_registry_that_forgets_uploads_gets_them_from_the_start_and_not_for_ever()
    {
        using var registry = new FakeRegistry();
        using var saved = _bench.Save();
        _bench.Options = _bench.Options with { ChunkBytes = 30_000 };
        var left = 2;
        registry.Lie = r =>
            r.Method == "PATCH"
            && r.Headers["content-range"].StartsWith("30000-", StringComparison.Ordinal)
            && Interlocked.Decrement(ref left) >= 0
                ? new(404)
                : null;
        await _bench.PushAsync(saved, registry.Host);
        await AssertPullableAsync(OciReference.Parse($"oci://{registry.Host}/lab/one:v1"), saved);

        registry.Blobs.Clear();
        registry.Lie = r =>
            r.Method == "PATCH" && r.Headers["content-range"].StartsWith("30000-", StringComparison.Ordinal)
                ? new(404)
                : null;
        Assert.Contains(
            "times in a row",
            (await Assert.ThrowsAsync<MarrowException>(() => _bench.PushAsync(saved, registry.Host))).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Real processes of the program, ended by SIGKILL at random moments.</summary>
    [Fact]
    public void Processes_that_are_killed_and_started_again_end_with_the_same_bytes()
    {
        using var registry = RegistryBench.Start();
        using var saved = _bench.Save();
        var random = new SeededRandom((ulong)Environment.ProcessId);
        using var proxy = new CuttingProxy(registry.Port) { PauseDown = TimeSpan.FromMilliseconds(2) };
        var name = $"oci://{proxy.Host}/lab/one:v1";
        var kills = Kill(3, () => Start("push", saved.Name, name, "--hub", _bench.From.Folder), random);
        using (var last = Start("push", saved.Name, name, "--hub", _bench.From.Folder))
            Assert.Equal(0, Finish(last));
        kills += Kill(4, () => Start("pull", name, "--hub", _bench.To.Folder), random);
        using (var last = Start("pull", name, "--hub", _bench.To.Folder))
            Assert.Equal(0, Finish(last));
        Assert.InRange(kills, 1, 7);
        RegistryBench.AssertSame(saved.Path, Assert.Single(_bench.To.List()).Folder);

        // Two at once, into one hub.
        Directory.Delete(_bench.To.Folder, recursive: true);
        using var one = Start("pull", name, "--hub", _bench.To.Folder);
        using var other = Start("pull", name, "--hub", _bench.To.Folder);
        Assert.Equal((0, 0), (Finish(one), Finish(other)));
        RegistryBench.AssertSame(saved.Path, Assert.Single(_bench.To.List()).Folder);
    }

    private static int Kill(int times, Func<Process> start, SeededRandom random)
    {
        var killed = 0;
        for (var i = 0; i < times; i++)
        {
            using var process = start();
            if (process.WaitForExit(120 + random.Next(500)))
                continue;
            process.Kill();
            process.WaitForExit();
            killed++;
        }
        return killed;
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll"), "hub", .. arguments, "--json"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static int Finish(Process process)
    {
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        TestContext.Current.TestOutputHelper?.WriteLine(errors);
        return process.ExitCode;
    }

    /// <summary>
    /// Bytes after which to cut: the first ones, and others spread over all. Up and down are cut in turns.
    /// </summary>
    private static IEnumerable<(int Number, long Up, long Down)> Places(int cuts, long up, long down)
    {
        for (var i = 0; i < cuts; i++)
        {
            if (up > 0)
                yield return (2 * i, i < 3 ? i : up * i / cuts, -1);
            yield return (2 * i + 1, -1, i < 3 ? i : down * i / cuts);
        }
    }

    private async Task<(long Up, long Down)> TrafficAsync(DockerRegistry registry, Checkpoint saved, string repository)
    {
        using var proxy = new CuttingProxy(registry.Port);
        await _bench.Registry.PushAsync(
            _bench.From,
            saved,
            OciReference.Parse($"oci://{proxy.Host}/lab/{repository}:v1")
        );
        return (proxy.Up, proxy.Down);
    }

    /// <summary>
    /// It is pulled, into a hub that is removed afterwards, with the digest and bytes it was pushed with.
    /// </summary>
    private async Task AssertPullableAsync(OciReference source, Checkpoint saved)
    {
        var pulled = (await _bench.Registry.PullAsync(_bench.To, source))[^1];
        Assert.Equal(saved.Digest, pulled.Digest);
        RegistryBench.AssertSame(saved.Path, pulled.Folder);
        Directory.Delete(_bench.To.Folder, recursive: true);
    }
}
