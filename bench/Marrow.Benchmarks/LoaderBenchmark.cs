using System.Diagnostics;
using System.Globalization;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using Marrow.Training.Recipes;

namespace Marrow.Benchmarks;

/// <summary>
/// The loader against training's need: images a second from one background thread, and the share of the time for which
/// a real training loop waits for it.
/// </summary>
internal static class LoaderBenchmark
{
    private const int Images = 64;

    public static IEnumerable<Comparison> Run(int rounds)
    {
        yield return Measure(
            "loader: 224 x 224 from 390 x 320",
            Subjects.ChestInput,
            390,
            320,
            Subjects.Classifier,
            8,
            rounds);
        yield return Measure(
            "loader: 192 x 576 from 854 x 2360",
            Subjects.SpineInput,
            854,
            2360,
            Subjects.Detector,
            4,
            rounds);
    }

    private static Comparison Measure(
        string title,
        InputContract input,
        int width,
        int height,
        Func<TaskModel> create,
        int batch,
        int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-bench-").FullName;
        try
        {
            var samples = Subjects.Samples(Images, width, height);
            using var cache = Pack(samples, input, width, height, folder);
            using var plain = new BatchLoader(
                samples,
                cache,
                input,
                null,
                batch,
                1,
                shuffle: true,
                dropLast: true,
                workers: 1,
                prefetch: 1);
            using var augmented = new BatchLoader(
                samples,
                cache,
                input,
                new(),
                batch,
                1,
                shuffle: true,
                dropLast: true,
                workers: 1,
                prefetch: 1);
            var comparison = Comparison.Measure(title + ", one thread", Images, rounds,
                new("as it is", () => Epoch(plain)), new("augmented", () => Epoch(augmented)));
            var made = comparison.Timings[1].ImagesPerSecond!.Value;

            // One batch ahead where recipes have four, so that a short run can't live on what was made before it began.
            using var loader = new BatchLoader(
                samples,
                cache,
                input,
                new(),
                batch,
                1,
                shuffle: true,
                dropLast: true,
                workers: 1,
                prefetch: 1);
            var (needed, waited) = Train(create, loader, batch, Math.Max(2, rounds), folder);
            return comparison with
            {
                Note = string.Create(
                    CultureInfo.InvariantCulture,
                    $"training takes {needed:F1} images/s: one thread makes {made / needed:F0} times as many; a "
                        + $"training loop waited for {waited:P2} of its time (target: under 3 %)"),
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static PackedCache Pack(
        IReadOnlyList<Sample> samples,
        InputContract input,
        int width,
        int height,
        string folder)
    {
        var random = new SeededRandom(1);
        var pixels = new ushort[width * height];
        foreach (ref var pixel in pixels.AsSpan())
            pixel = (ushort)random.Next(256);
        return PackedCache.Open(samples, input, folder, null, (path, _, _) =>
            new Radiograph(width, height, pixels, 8, path));
    }

    private static void Epoch(BatchLoader loader)
    {
        for (var i = 0; i < loader.BatchesPerEpoch; i++)
            loader.Next().Dispose();
    }

    /// <summary>Images a second and the share of waiting, from the first step's end to the last's.</summary>
    private static (double ImagesPerSecond, double WaitShare) Train(
        Func<TaskModel> create,
        BatchLoader loader,
        int batch,
        int steps,
        string folder)
    {
        using var task = create();
        var options = new TrainOptions { Epochs = 0, Steps = steps + 1, Batch = batch, SaveEverySeconds = 3600 };
        using var method = new Supervised(task, Compute.Choose());
        using var loop = new TrainingLoop("loader", method, options, loader, null, folder, "");
        var marks = new List<(int Step, long Time, double Wait)>();
        loop.Run(false, e => marks.Add((e.Step, Stopwatch.GetTimestamp(), loader.WaitSeconds)), CancellationToken.None);
        var (first, last) = (marks[0], marks[^1]);
        var seconds = Stopwatch.GetElapsedTime(first.Time, last.Time).TotalSeconds;
        return ((last.Step - first.Step) * batch / seconds, (last.Wait - first.Wait) / seconds);
    }
}
