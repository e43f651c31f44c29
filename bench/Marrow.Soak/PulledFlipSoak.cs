using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Hub.Registry;
using Marrow.Imaging;

namespace Marrow.Soak;

/// <summary>
/// Pulls a small checkpoint while one bit of one of its answers is flipped on the way, in the manifest or in a blob:
/// each time it comes (then the pull must be refused and the hub stay empty), or once (then it must be refused, or
/// noticed and fetched again: what arrives has the right digest).
/// </summary>
public static class PulledFlipSoak
{
    private const int CasesPerLine = 500;

    public static SoakReport Run(long cases, ulong seed, Action<string> say)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-soak-").FullName;
        using var registry = new FakeRegistry();
        try
        {
            var digest = Fill(registry, Path.Combine(folder, "source"));
            var sent = registry
                .Blobs.Where(b =>
                    registry
                        .Manifests["v1"]
                        .AsSpan()
                        .IndexOf(
                            System.Text.Encoding.ASCII.GetBytes(
                                $"\"digest\":\"{b.Key}\",\"size\":{b.Value.Length},\"annotations\"")
                        ) >= 0)
                .Select(b => (Name: b.Key, Bytes: b.Value))
                .Append(("v1", registry.Manifests["v1"]))
                .OrderBy(b => b.Item1, StringComparer.Ordinal)
                .ToArray();
            var (counts, faults) = (
                new SortedDictionary<string, long> { ["refused"] = 0, ["fetched again"] = 0 },
                new List<string>());
            for (var number = 0L; number < cases; number++)
            {
                var random = SeededRandom.Fork(seed, number);
                var (name, bytes) = sent[random.Next(sent.Length)];
                var (position, bit, once) = (random.Next(bytes.Length), random.Next(8), random.Next(4) == 0);
                var flips = once ? 1 : int.MaxValue;
                registry.Lie = request =>
                    request.Method == "GET"
                    && request.Target.EndsWith($"/{name}", StringComparison.Ordinal)
                    && Interlocked.Decrement(ref flips) >= 0
                        ? Flipped(registry.Answer(request), position, bit)
                        : null;
                var outcome = Pull(registry, Path.Combine(folder, "target"), digest);
                if (outcome is "refused" or "fetched again" && (once || outcome == "refused"))
                    counts[outcome]++;
                else
                    faults.Add(
                        $"seed {seed}, case {number}: bit {bit} of byte {position} of {name}{(once ? ", once" : "")}: "
                            + $"{outcome}"
                    );
                if ((number + 1) % CasesPerLine == 0)
                    say($"{number + 1:N0} flips, {faults.Count} not noticed");
            }
            return new("pulled-flips", cases, counts, faults);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FakeAnswer Flipped(FakeAnswer answer, int position, int bit)
    {
        var bytes = (byte[])answer.Body.Clone();
        bytes[position] ^= (byte)(1 << bit);
        return answer with { Body = bytes };
    }

    private static string Pull(FakeRegistry registry, string folder, string digest)
    {
        var hub = new LocalHub(folder);
        try
        {
            var pulled = new CheckpointRegistry(new RegistryOptions { FirstPause = TimeSpan.Zero })
                .PullAsync(hub, OciReference.Parse($"oci://{registry.Host}/soak:v1"))
                .GetAwaiter()
                .GetResult();
            using var checkpoint = Checkpoint.Load(pulled[^1].Folder); // every byte
            return checkpoint.Digest == digest ? "fetched again" : "another checkpoint";
        }
        catch (MarrowException)
        {
            return hub.List().Count == 0 ? "refused" : "refused, but the hub has it";
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Pushes a checkpoint of the smallest model under the tag v1; its digest.</summary>
    private static string Fill(FakeRegistry registry, string folder)
    {
        using var saved = SoakCheckpoint.Save(folder, "densenet-mini.soak");
        new CheckpointRegistry()
            .PushAsync(new(folder), saved, OciReference.Parse($"oci://{registry.Host}/soak:v1"))
            .GetAwaiter()
            .GetResult();
        return saved.Digest;
    }
}
