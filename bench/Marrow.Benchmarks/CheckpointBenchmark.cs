using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Benchmarks;

/// <summary>Saving and loading a checkpoint of DenseNet-121 against copying and reading the same bytes.</summary>
internal static class CheckpointBenchmark
{
    public static IEnumerable<Comparison> Run(int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-bench-").FullName;
        try
        {
            using var task = Subjects.Classifier();
            var weights = ModelWeights.Of(task.Model);
            yield return Save("f32", null);
            yield return Save("bf16", torch.ScalarType.BFloat16);


            using var saved = Draft(task, weights).Save(folder);
            yield return Comparison.Measure("checkpoint: build, bf16, DenseNet-121", 0, rounds,
                new("every tensor of the weights", () => ReadAll(Path.Combine(saved.Path, Checkpoint.WeightsFile))),
                new("loaded, and the model built", () => Build(saved.Path, verifyGolden: false)),
                new("... and its golden sample verified", () => Build(saved.Path, verifyGolden: true)));

            Comparison Save(string name, torch.ScalarType? matricesAs)
            {
                var (source, copy, written) = (
                    Path.Combine(folder, $"{name}.safetensors"),
                    Path.Combine(folder, "copy"),
                    Path.Combine(folder, "written"));
                Safetensors.Write(source, weights, null, matricesAs);
                var bytes = new FileInfo(source).Length;
                return Comparison.Measure(
                    FormattableString.Invariant(
                        $"checkpoint: save, {name}, DenseNet-121, {bytes / 1e6:F1} MB, flushed to disk"),
                    0,
                    rounds,
                    new("plain file copy", () => AtomicFile.Write(copy, stream =>
                    {
                        using var from = File.OpenRead(source);
                        from.CopyTo(stream, 1 << 20);
                    })),
                    new("Safetensors.Write", () => Safetensors.Write(written, weights, null, matricesAs)));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>
    /// Loading into a model that is there, against reading the same files: what verifying every byte costs.
    /// </summary>
    public static IEnumerable<Comparison> Load(int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-bench-").FullName;
        try
        {
            using var task = Subjects.Classifier();
            foreach (var type in new[] { torch.ScalarType.Float32, torch.ScalarType.BFloat16 })
            {
                using var saved = (Draft(task, ModelWeights.Of(task.Model)) with { MatricesAs = type }).Save(folder);
                var files = Directory.GetFiles(saved.Path);
                yield return Comparison.Measure(
                    FormattableString.Invariant(
                        $"checkpoint: load, {type}, DenseNet-121, {files.Sum(f => new FileInfo(f).Length) / 1e6:F1} MB"
                    ),
                    0,
                    rounds,
                    new("File.ReadAllBytes of its files", () => Array.ForEach(files, path => File.ReadAllBytes(path))),
                    new("Load: every byte verified", () => Checkpoint.Load(saved.Path).Dispose()),
                    new("... and every tensor in a model", () =>
                        Checkpoint.Load(saved.Path, task.Model, verifyGolden: false).Dispose()));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void ReadAll(string path)
    {
        using var file = Safetensors.Open(path);
        foreach (var entry in file.Entries)
            file.Read(entry.Name).Dispose();
    }

    private static void Build(string path, bool verifyGolden)
    {
        using var checkpoint = Checkpoint.Load(path);
        checkpoint.BuildModel(verifyGolden).Dispose();
    }

    private static CheckpointDraft Draft(TaskModel task, IReadOnlyList<KeyValuePair<string, torch.Tensor>> weights) =>
        new()
        {
            Name = "densenet121.benchmark",
            Config = task.Describe(),
            Weights = weights,
            Card = new()
            {
                Summary = "Random weights, for timing.",
                Data = "None.",
                Limits = "Predicts nothing.",
                License = "CC0-1.0",
            },
        };
}
