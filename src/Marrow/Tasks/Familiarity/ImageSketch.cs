// What an image looks like to a model, in a few dozen numbers. Data flow: normalised images [N, C, H, W] -> the maps of
// the backbone's deeper levels -> the mean of each channel over each of some bands from top to bottom, so that an image
// upside down differs from one that is not, and its mirror image hardly does -> sums with random signs
// (Achlioptas 2003: they keep distances), a few for each level. The signs follow from a seed and need no room.

using Marrow.Computing;
using Marrow.Imaging;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Familiarity;

/// <param name="FirstLevel">The shallowest level of the backbone that is looked at, 1 to 5.</param>
/// <param name="Bands">The number of bands from top to bottom over which channels are averaged, 1 to 16.</param>
/// <param name="NumbersPerLevel">How many numbers each level gives, 1 to 64.</param>
/// <param name="Seed">The seed of the signs.</param>
internal sealed record ImageSketch(int FirstLevel, int Bands, int NumbersPerLevel, ulong Seed)
{
    internal const int Levels = 5, MostBands = 16, MostNumbersPerLevel = 64;

    /// <summary>The number of numbers of a sketch.</summary>
    public int Length => (Levels + 1 - FirstLevel) * NumbersPerLevel;

    /// <summary>Returns the sketch of each image, [N][Length].</summary>
    /// <param name="images">Normalised images, in the memory layout of <paramref name="compute"/>.</param>
    public IReadOnlyList<double[]> Of(TaskModel task, Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var backbone = BackboneStages.BackboneOf(task.Model, task.Spec);
        var maps = compute.Forward(() => backbone.ForwardPyramid(images, FirstLevel));
        float[][] pooled = [.. maps.Select(Pool)];
        return [.. Enumerable.Range(0, (int)images.shape[0]).Select(image => Of([.. pooled.Select(level =>
        {
            var size = level.Length / (int)images.shape[0];
            return new ArraySegment<float>(level, image * size, size);
        })]))];
    }

    /// <summary>Returns the sketch of one image.</summary>
    /// <param name="pooled">For each level the mean of each channel over each band, [channels * bands].</param>
    internal double[] Of(IReadOnlyList<ArraySegment<float>> pooled)
    {
        var sketch = new double[Length];
        foreach (var (level, values) in pooled.Index())
        {
            var signs = SeededRandom.Fork(Seed, level);
            var sums = sketch.AsSpan(level * NumbersPerLevel, NumbersPerLevel);
            foreach (var value in values)
            {
                var bits = signs.NextUInt64(); // a sign for each of the numbers
                for (var k = 0; k < sums.Length; k++)
                    sums[k] += (bits >> k & 1) == 0 ? value : -value;
            }
            var scale = 1 / Math.Sqrt(values.Count);
            foreach (ref var sum in sums)
                sum *= scale;
        }
        return sketch;
    }

    // [N, F, h, w] -> [N * F * bands]
    private float[] Pool(Tensor map)
    {
        using var scope = NewDisposeScope();
        return functional.adaptive_avg_pool1d(map.to(float32).mean([3]), Bands).Values<float>();
    }
}
