using System.Diagnostics;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Tensors;

namespace Marrow.Benchmarks;

/// <summary>
/// What the loader gives by itself, without a training step beside it: packing (resize without decoding), and images a
/// second from one background thread, without and with augmentation, at the size of a spine and of a chest radiograph.
/// </summary>
internal static class LoaderBenchmark
{
    private const int Images = 64;

    public static void Run(TextWriter output)
    {
        Measure(output, "spine 640x224", new InputContract { Width = 224, Height = 640 }, 854, 2360, 4);
        Measure(output, "chest 224x224", new InputContract { Width = 224, Height = 224, Channels = 3 }, 390, 320, 32);
    }

    private static void Measure(TextWriter output, string name, InputContract contract, int width, int height, int batch)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-loader-").FullName;
        try
        {
            var random = new SeededRandom(1);
            var pixels = new ushort[width * height];
            foreach (ref var pixel in pixels.AsSpan())
                pixel = (ushort)random.Next(256);
            var samples = Enumerable.Range(0, Images).Select(i => new Sample { Id = $"{i}", ImagePath = $"{i}", Patient = "" }).ToList();
            var start = Stopwatch.GetTimestamp();
            using var cache = PackedCache.Open(samples, contract, folder, null, (path, _, _) => new Radiograph
            {
                Width = width,
                Height = height,
                Pixels = pixels,
                BitDepth = 8,
                Source = path,
                OriginalWidth = width,
                OriginalHeight = height,
            });
            var packed = Images / Stopwatch.GetElapsedTime(start).TotalSeconds;
            output.WriteLine(FormattableString.Invariant(
                $"{name}: packed {packed:F0}/s, plain {Rate(null):F0}/s, augmented {Rate(new()):F0}/s, with blur {Rate(new() { BlurPixels = 2 }):F0}/s"));

            double Rate(AugmentationOptions? options)
            {
                using var loader = new BatchLoader(samples, cache, contract, options, batch, 1, shuffle: true, dropLast: true);
                for (var i = 0; i < loader.BatchesPerEpoch; i++)
                    loader.Next().Dispose();
                var (begin, images) = (Stopwatch.GetTimestamp(), 0);
                while (Stopwatch.GetElapsedTime(begin).TotalSeconds < 2)
                {
                    using var next = loader.Next();
                    images += next.Samples.Count;
                }
                return images / Stopwatch.GetElapsedTime(begin).TotalSeconds;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
