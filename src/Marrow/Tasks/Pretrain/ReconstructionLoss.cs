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

    /// <summary>The squared errors of the hidden pixels, image by image.</summary>
    /// <param name="Found">The sum over hidden pixels of (predicted - true) squared, [N].</param>
    /// <param name="Mean">The same sum for a predictor that always answers with each patch's mean, [N].</param>
    /// <param name="Pixels">The number of hidden pixels, [N].</param>
    public readonly record struct Errors(Tensor Found, Tensor Mean, Tensor Pixels);

    /// <summary>Returns the mean squared error of the hidden pixels, as a float32 scalar.</summary>
    /// <param name="predicted">The reconstruction, [N, 1, H, W] in float32.</param>
    /// <param name="images">
    /// The images [N, C, H, W] before patches were hidden; the first channel is the target.
    /// </param>
    /// <param name="mask">The mask; see <see cref="PatchMask.Of"/>.</param>
    public static Tensor Compute(Tensor predicted, Tensor images, Tensor mask, int patchPixels)
    {
        using var scope = NewDisposeScope();
        var errors = Measure(predicted, images, mask, patchPixels);
        return (errors.Found.sum() / errors.Pixels.sum()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Measures the error as <see cref="Compute"/> does, but for each image. The tensors belong to the caller's dispose
    /// scope.
    /// </summary>
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

    /// <summary>
    /// Returns the target [N, 1, H, W]: each patch with mean 0 and, apart from <see cref="LeastVariance"/>, standard
    /// deviation 1.
    /// </summary>
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
