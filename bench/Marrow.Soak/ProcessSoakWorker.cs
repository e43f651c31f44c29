using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Hub.Registry;
using Marrow.Imaging;

namespace Marrow.Soak;

/// <summary>
/// One of the processes of <see cref="ProcessSoak"/>. It writes what it did into a log of its own, a line each: what, a
/// tab, the digest or what went wrong. That another process has removed what it was about to use is no fault.
/// </summary>
internal static class ProcessSoakWorker
{
    public const string Command = "worker", Fault = "fault";

    /// <summary>Each worker keeps a child of each, so that none of them can ever be removed.</summary>
    public static readonly string[] Roots = ["densenet-mini.root-a", "densenet-mini.root-b"];

    /// <param name="arguments">Folder, registry, number of the process, rounds, seed.</param>
    public static int Run(string[] arguments)
    {
        var (folder, host, number) = (arguments[0], arguments[1], arguments[2]);
        var rounds = long.Parse(arguments[3], System.Globalization.CultureInfo.InvariantCulture);
        var random = SeededRandom.Fork(
            ulong.Parse(arguments[4], System.Globalization.CultureInfo.InvariantCulture),
            long.Parse(number, System.Globalization.CultureInfo.InvariantCulture));
        var hub = new LocalHub(Path.Combine(folder, "hub"));
        using var log = new StreamWriter(Path.Combine(folder, $"{number}.log")) { AutoFlush = true };
        void Write(string what, string digest) => log.WriteLine($"{what}\t{digest.ReplaceLineEndings(" ")}");

        for (var i = 0; i < Roots.Length; i++)
            Write("saved", SaveChild(hub, i, $"densenet-mini.keep-{number}-{i}", seed: 1));
        var own = new List<string>(); // pushed by this process
        for (var round = 0L; round < rounds; round++)
        {
            var others = hub.List()
                .Where(e =>
                    !Roots.Contains(e.Name) && !e.Name.StartsWith("densenet-mini.keep", StringComparison.Ordinal))
                .ToList();
            var chosen = others.Count == 0 ? null : others[random.Next(others.Count)];
            switch (random.Next(6))
            {
                case 0:
                    Save($"densenet-mini.w{number}-{round}", round);
                    break;
                case 1 when chosen is not null:
                    Attempt("push", chosen, () =>
                    {
                        using var checkpoint = Checkpoint.Load(chosen.Folder);
                        Registry()
                            .PushAsync(hub, checkpoint, At(host, chosen.Digest), withParents: true)
                            .GetAwaiter()
                            .GetResult();
                        own.Add(chosen.Digest);
                        Write("pushed", chosen.Digest);
                    });
                    break;
                case 2 when own.Count > 0:
                    var wanted = own[random.Next(own.Count)];
                    Write(
                        "pulled",
                        Pull(hub, host, wanted).Digest == wanted
                            ? wanted
                            : throw new InvalidOperationException($"another checkpoint than {wanted}"));
                    break;
                case 3:
                    var found = hub.Verify();
                    Write(found.IsWhole ? "verified" : Fault, found.IsWhole ? "" : string.Join("; ", found.Faults));
                    break;
                case 4 when chosen is not null:
                    Attempt("remove", chosen, () => Write("removed", hub.Remove(chosen.Reference).Digest));
                    break;
                case 5:
                    RefuseRoot(random.Next(Roots.Length));
                    break;
            }
        }
        return 0;

        void Save(string name, long seed)
        {
            try
            {
                Write("saved", SaveChild(hub, random.Next(Roots.Length), name, seed));
            }
            catch (MarrowException e) when (hub.List().All(entry => entry.Name != name))
            {
                // another process removed it before it was loaded again
                Write("came too late", $"save {name}: {e.Message}");
            }
        }

        // What is no longer there was removed by another process; what is there must do.
        void Attempt(string what, HubEntry entry, Action action)
        {
            try
            {
                action();
            }
            catch (MarrowException e)
            {
                var gone =
                    hub.FindDigest(entry.Digest) is null
                    || e.Message.Contains("Another process has removed it", StringComparison.Ordinal);
                Write(gone ? "came too late" : Fault, $"{what} {entry.Reference}: {e.Message}");
            }
        }

        void RefuseRoot(int root)
        {
            try
            {
                hub.Remove(Roots[root]);
                Write(Fault, $"{Roots[root]} was removed though others need it");
            }
            catch (MarrowException e)
            {
                Write(
                    e.Message.Contains("that did:", StringComparison.Ordinal) ? "refused to remove" : Fault,
                    e.Message);
            }
        }
    }

    /// <summary>With its parents, under the tag of its digest.</summary>
    internal static PulledCheckpoint Pull(LocalHub hub, string host, string digest) =>
        Registry().PullAsync(hub, At(host, digest), withParents: true).GetAwaiter().GetResult()[^1];

    private static CheckpointRegistry Registry() =>
        new(new RegistryOptions { CredentialFile = Path.Combine(Path.GetTempPath(), "no-credentials.json") });

    private static OciReference At(string host, string digest) =>
        OciReference.Parse($"oci://{host}/soak:d{digest["sha256:".Length..]}");

    private static string SaveChild(LocalHub hub, int root, string name, long seed)
    {
        var parent = hub.Find(Roots[root]);
        using var saved = SoakCheckpoint.Save(
            hub.Folder,
            name,
            seed,
            new ParentCheckpoint(parent.Name, parent.Digest, "init", parent.License));
        return saved.Digest;
    }
}
