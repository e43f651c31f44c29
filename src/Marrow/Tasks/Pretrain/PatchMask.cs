using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tasks.Pretrain;

/// <summary>Which patches of each image are hidden, and images with them hidden.</summary>
internal static class PatchMask
{
    /// <summary>The patches with the lowest scores are hidden: the same number in each image.</summary>
    /// <param name="scores">[N, patches], row by row from the top left; random numbers without ties.</param>
    /// <returns>[N, 1, height, width] float32: 1 where hidden, else 0.</returns>
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

    /// <summary>The images with middle grey, which is 0 for the model, where the mask is 1.</summary>
    public static Tensor Hide(Tensor images, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return (images * mask.eq(Scalars.Of(0.0)).to(images.dtype)).MoveToOuterDisposeScope();
    }
}
