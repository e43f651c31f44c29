using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tasks.Pretrain;

/// <summary>
/// How well hidden patches were filled in. What is compared are the pixels less their patch's mean, over its deviation
/// (He et al. 2022, section 4.1, "per-patch normalization"): structure counts, and the grey of soft tissue or of a
/// film's exposure does not outweigh it.
/// </summary>
internal static class ReconstructionLoss
{
    // Added to a patch's variance, in the model's units: a deviation of 2.5 % of black to white. Below it is noise and
    // the blocks of JPEG files, which the background beside a patient would otherwise be blown up to.
    private const double LeastVariance = 0.01;

    /// <summary>Squared errors of what was hidden, by image.</summary>
    /// <param name="Found">[N]: the sum over hidden pixels of (predicted - true) squared.</param>
    /// <param name="Mean">[N]: the same for one who predicts each patch's mean.</param>
    /// <param name="Pixels">[N]: hidden pixels.</param>
    public readonly record struct Errors(Tensor Found, Tensor Mean, Tensor Pixels);

    /// <summary>The mean squared error of the hidden pixels, a float32 scalar.</summary>
    /// <param name="predicted">[N, 1, H, W] float32.</param>
    /// <param name="images">
    /// [N, C, H, W] as they were before patches were hidden; the first channel is the target.
    /// </param>
    /// <param name="mask">See <see cref="PatchMask.Of"/>.</param>
    public static Tensor Compute(Tensor predicted, Tensor images, Tensor mask, int patchPixels)
    {
        using var scope = NewDisposeScope();
        var errors = Measure(predicted, images, mask, patchPixels);
        return (errors.Found.sum() / errors.Pixels.sum()).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="Compute"/>, image by image; the tensors are in the caller's scope.</summary>
    public static Errors Measure(Tensor predicted, Tensor images, Tensor mask, int patchPixels)
    {
        using var scope = NewDisposeScope();
        using var target = Target(images, patchPixels);
        return new(
            Sum((predicted - target).pow(Scalars.Of(2.0))).MoveToOuterDisposeScope(),
            Sum(target.pow(Scalars.Of(2.0))).MoveToOuterDisposeScope(),
            mask.sum([1, 2, 3]).MoveToOuterDisposeScope());

        Tensor Sum(Tensor squares) => (squares * mask).sum([1, 2, 3]);
    }

    /// <summary>[N, 1, H, W]: each patch with mean 0 and, but for <see cref="LeastVariance"/>, deviation 1.</summary>
    internal static Tensor Target(Tensor images, int patchPixels)
    {
        using var scope = NewDisposeScope();
        var (height, width) = (images.shape[2], images.shape[3]);
        // [N, rows, patch, columns, patch]
        var patches = images
            .narrow(1, 0, 1)
            .contiguous()
            .view(-1, height / patchPixels, patchPixels, width / patchPixels, patchPixels)
            .to(ScalarType.Float32);
        var centred = patches - patches.mean([2, 4], keepdim: true);
        var variance = centred.pow(Scalars.Of(2.0)).mean([2, 4], keepdim: true);
        return (centred / variance.Plus(LeastVariance).sqrt()).view(-1, 1, height, width).MoveToOuterDisposeScope();
    }
}
