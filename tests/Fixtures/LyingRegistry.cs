using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Soak;

namespace Marrow.Tests;

/// <summary>
/// A registry that holds one checkpoint and lies, another that it may point to, and two hubs. A lie harms nothing: the
/// pull is refused, the hub stays as it was, time and memory are bounded.
/// </summary>
public abstract class LyingRegistry : IDisposable
{
    private const long MostAllocated = 200L << 20;

    private protected LyingRegistry()
    {
        Bench.Options = Bench.Options with
        {
            Attempts = 2,
            ResponseTimeout = TimeSpan.FromSeconds(2),
            StallTimeout = TimeSpan.FromSeconds(1),
        };
        Saved = Bench.Save();
        Bench.PushAsync(Saved, Registry.Host).GetAwaiter().GetResult();
        foreach (var (name, bytes) in Registry.Blobs)
            Elsewhere.Blobs[name] = bytes;
        Registry.Requests.Clear();
    }

    public void Dispose()
    {
        Saved.Dispose();
        Registry.Dispose();
        Elsewhere.Dispose();
        Bench.Dispose();
    }

    private protected RegistryBench Bench { get; } = new();
    private protected FakeRegistry Registry { get; } = new();
    private protected FakeRegistry Elsewhere { get; } = new();
    private protected Checkpoint Saved { get; }

    private protected string Weights =>
        FakeRegistry.Digest(File.ReadAllBytes(Path.Combine(Saved.Path, "model.safetensors")));

    private protected async Task<string> RefusedAsync(string part, string name = ":v1")
    {
        var (watch, allocated) = (Stopwatch.StartNew(), GC.GetTotalAllocatedBytes());
        var error = await Assert.ThrowsAsync<MarrowException>(() => Bench.PullAsync(Registry.Host, name: name));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 15);
        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, MostAllocated);
        Bench.AssertUntouched();
        return error.Message;
    }

    /// <summary>Answers to GET of a path's end.</summary>
    private protected void Lie(string end, Func<FakeRequest, FakeAnswer> answer) =>
        Registry.Lie = request =>
            request.Method == "GET" && request.Target.EndsWith(end, StringComparison.Ordinal) ? answer(request) : null;

    private protected void ChangeManifest(Action<JsonNode> change)
    {
        var node = JsonNode.Parse(Registry.Manifests["v1"])!;
        change(node);
        Registry.Manifests["v1"] = Encoding.UTF8.GetBytes(node.ToJsonString());
    }

    private protected static FakeAnswer Redirect(string to) => new(307, "", ("Location", to));

    /// <summary>What a pull that was killed has left.</summary>
    private protected void Keep(string digest, int bytes, bool damage = false)
    {
        var folder = Path.Combine(Bench.To.Folder, ".incoming", "blobs");
        Directory.CreateDirectory(folder);
        var kept = Registry.Blobs[digest][..bytes];
        kept[bytes / 2] ^= (byte)(damage ? 1 : 0);
        File.WriteAllBytes(Path.Combine(folder, $"{digest[7..]}.part"), kept);
    }
}
