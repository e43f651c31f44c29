using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tests;

/// <summary>Features and labels drawn from a seed.</summary>
internal static class RandomFeatures
{
    public static double[][] Rows(ulong seed, int images, int dimensions)
    {
        var random = new SeededRandom(seed);
        return
        [
            .. Enumerable
                .Range(0, images)
                .Select(_ => Enumerable.Range(0, dimensions).Select(_ => random.NextGaussian()).ToArray()),
        ];
    }

    /// <summary>Classes in turn, each with a mean of its own along the first dimensions.</summary>
    public static (double[][] Features, int[] Classes) Classes(
        ulong seed,
        int images,
        int dimensions,
        int classes,
        double apart)
    {
        var features = Rows(seed, images, dimensions);
        int[] classOf = [.. Enumerable.Range(0, images).Select(i => i % classes)];
        for (var i = 0; i < images; i++)
            features[i][classOf[i]] += apart;
        return (features, classOf);
    }

    public static double[][] OneHot(int[] classOf) =>
        [.. classOf.Select(c => Enumerable.Range(0, classOf.Max() + 1).Select(k => k == c ? 1.0 : 0).ToArray())];

    public static Tensor Matrix(double[][] rows) =>
        tensor(rows.SelectMany(r => r).ToArray(), [rows.Length, rows[0].Length]);

    /// <summary>The same rows in directions turned at random.</summary>
    public static double[][] Turned(double[][] rows, ulong seed)
    {
        using var scope = NewDisposeScope();
        var (rotation, _) = linalg.qr(Matrix(Rows(seed, rows[0].Length, rows[0].Length)));
        return [.. Matrix(rows).matmul(rotation).contiguous().data<double>().ToArray().Chunk(rows[0].Length)];
    }
}
