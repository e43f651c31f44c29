using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>
/// Compares a regressor's answers for images with those for their mirror images, [N, 2K] side by side. A regressor
/// gives no probability; but when the truth is the same for both, different answers show that it is guessing.
/// </summary>
internal static class BothSides
{
    /// <param name="images">Images [N, C, H, W] in the memory layout of <paramref name="compute"/>.</param>
    /// <param name="forward">Maps images to answers [N, K].</param>
    public static Tensor Of(Tensor images, Compute compute, Func<Tensor, Tensor> forward)
    {
        using var scope = NewDisposeScope();
        var mirrored = compute.Arrange(images.flip(3));
        return cat(
                [
                    compute.Forward(() => forward(images)).to(float32),
                    compute.Forward(() => forward(mirrored)).to(float32),
                ],
                1)
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Splits the answers into two views [N, K], one for the original images and one for the mirrored ones.
    /// </summary>
    public static (Tensor Original, Tensor Mirrored) Split(Tensor answers)
    {
        var count = answers.shape[1] / 2;
        return (answers.narrow(1, 0, count), answers.narrow(1, count, count));
    }

    /// <summary>Returns the mean of both answers for each image, [N][K].</summary>
    public static IReadOnlyList<double[]> Means(Tensor answers)
    {
        var count = (int)answers.shape[1] / 2;
        return
        [
            .. answers
                .Values<float>()
                .Chunk(2 * count)
                .Select(row => Enumerable.Range(0, count).Select(i => (row[i] + row[i + count]) / 2.0).ToArray()),
        ];
    }
}
