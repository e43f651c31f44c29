using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tasks.Pretrain;

/// <summary>Chooses which patches of each image are hidden, and hides them.</summary>
internal static class PatchMask
{
    /// <summary>
    /// Returns the mask of the hidden patches, which are those with the lowest scores. Their number is the same in each
    /// image.
    /// </summary>
    /// <param name="scores">Random scores [N, patches] without ties, row by row from the top left.</param>
    /// <returns>The mask [N, 1, height, width] in float32: 1 where a pixel is hidden, otherwise 0.</returns>
    public static Tensor Of(Tensor scores, MaskingSpec spec, int width, int height)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = (height / spec.PatchPixels, width / spec.PatchPixels);
        var rank = scores.argsort(1).argsort(1);
        var hidden = rank.lt(Scalars.Of((long)spec.Hidden(rows * columns)))
            .to(ScalarType.Float32)
            .view(-1, 1, rows, columns);
        return hidden
            .repeat_interleave(spec.PatchPixels, 2)
            .repeat_interleave(spec.PatchPixels, 3)
            .MoveToOuterDisposeScope();
    }

    /// <summary>Returns the images with middle grey, the model's 0, wherever the mask is 1.</summary>
    public static Tensor Hide(Tensor images, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return (images * mask.eq(Scalars.Of(0.0)).to(images.dtype)).MoveToOuterDisposeScope();
    }
}
