using Marrow.Checkpoints;
using Marrow.Hub;

namespace Marrow.Benchmarks;

/// <summary>
/// Listing a hub of ten thousand checkpoints, with what was read before at hand and without; removing from one.
/// </summary>
internal static class HubBenchmark
{
    private const int Checkpoints = 10_000;

    public static IEnumerable<Comparison> Run(int rounds)
    {
        // The hardest case: a folder each; and a lab's: many trials of few models.
        yield return List(rounds, names: Checkpoints);
        yield return List(rounds, names: 100);
        yield return Remove(rounds);
    }

    private static Comparison List(int rounds, int names) =>
        InHub(names, hub =>
            Comparison.Measure(
                FormattableString.Invariant($"hub: list {Checkpoints:N0} checkpoints of {names:N0} names"),
                0,
                rounds,
                new("without index: all manifests read", () =>
                {
                    if (Directory.Exists(hub.IndexFolder))
                        Directory.Delete(hub.IndexFolder!, recursive: true);
                    Require(hub);
                }),
                new("with index", () => Require(hub))));

    private static Comparison Remove(int rounds) => InHub(Checkpoints, hub =>
        {
            var next = 0;
            return Comparison.Measure(
                FormattableString.Invariant($"hub: remove one of {Checkpoints:N0} checkpoints"),
                0,
                rounds,
                new Alternative("all manifests read for descendants", () => hub.Remove($"densenet121.trial-{next++}")));
        });

    private static Comparison InHub(int names, Func<LocalHub, Comparison> measure)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-bench-").FullName;
        try
        {
            var hub = new LocalHub(Path.Combine(folder, "hub")) { IndexFolder = Path.Combine(folder, "index") };
            Fill(hub.Folder, names);
            return measure(hub);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Require(LocalHub hub)
    {
        if (hub.List().Count(e => e.Problem is null) != Checkpoints)
            throw new InvalidOperationException($"{hub.Folder}: not every checkpoint was listed.");
    }

    /// <summary>
    /// Manifests as a fine-tuned checkpoint has them; the files that they list are not needed to list them.
    /// </summary>
    private static void Fill(string hub, int names)
    {
        var hourAgo = DateTime.UtcNow.AddHours(-1);
        for (var i = 0; i < Checkpoints; i++)
        {
            var (bytes, manifest) = Manifest($"densenet121.trial-{i % names}", i).Seal();
            var folder = Directory.CreateDirectory(Path.Combine(hub, manifest.Name, manifest.Digest.Hex)).FullName;
            var path = Path.Combine(folder, CheckpointManifest.FileName);
            File.WriteAllBytes(path, bytes);
            File.SetLastWriteTimeUtc(path, hourAgo);
        }
        foreach (var home in Directory.GetDirectories(hub))
            Directory.SetLastWriteTimeUtc(home, hourAgo);
    }

    private static CheckpointManifest Manifest(string name, int number) =>
        new()
        {
            Name = name,
            Created = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(number),
            License = "LicenseRef-SpineWeb-research",
            Parents = new()
            {
                Checkpoints =
                [
                    new(
                        "retinanet-densenet121.spineweb16",
                        "sha256:" + new string('a', 64),
                        license: "LicenseRef-SpineWeb-research"),
                ],
                Datasets =
                [
                    new(
                        "spineweb16",
                        "",
                        "LicenseRef-SpineWeb-research",
                        new string('b', 64),
                        "Wu, Bailey, Rasoulinejad, Li. MICCAI 2017.",
                        333),
                ],
                Inherited = [new(LineageKind.Dataset, "cxr", new string('c', 64), "CC-BY-4.0")],
            },
            Origin = new(
                "0.1.0",
                new(new string('#', 3000), "cobb", "marrow run spine.yaml --data spineweb16=DIR", (ulong)number, 5400)),
            Files =
            [
                .. new[]
                {
                    "README.md",
                    "config.json",
                    "golden.json",
                    "metrics.json",
                    "model.safetensors",
                    "receipt.json",
                }.Select(f => new ManifestFile(f, 1000, new string('d', 64))),
            ],
        };
}
