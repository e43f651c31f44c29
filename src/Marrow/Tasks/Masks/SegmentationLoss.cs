using Marrow.Computing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Masks;

/// <summary>
/// Cross-entropy and soft Dice (Milletari et al., V-Net, 2016), each with weight 1 as in nnU-Net (Isensee et al. 2021).
/// Cross-entropy judges each pixel and keeps gradients alive where all is wrong; Dice judges the area found, however
/// small its share of the image. With one logit, a sigmoid and binary cross-entropy; with several, a softmax of which
/// the first is background. All in float32.
/// </summary>
internal static class SegmentationLoss
{
    internal const double CrossEntropyWeight = 1;
    internal const double DiceWeight = 1;

    /// <summary>The value in masks of a pixel whose class nobody knows.</summary>
    internal const byte Unknown = byte.MaxValue;

    // Pixels added to both sides of the quotient: an image without the class has a Dice of 1 when nothing is found
    // there.
    private const double Smoothing = 1;

    /// <summary>
    /// Returns both weighted parts of the loss as float32 scalars, whose sum training minimises. The cross-entropy is
    /// the mean over all pixels. The Dice part is 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1), the mean over images
    /// and all classes except the background.
    /// </summary>
    /// <param name="logits">The logits, [N, outputs, H, W].</param>
    /// <param name="masks">The masks, [N, H, W] bytes: 0 is the background, 1 the first class, and so on.</param>
    public static (Tensor CrossEntropy, Tensor Dice) Compute(Tensor logits, Tensor masks) =>
        Compute(logits, masks, gaps: false);

    /// <summary>
    /// Computes the loss of the known pixels only. The Dice part covers the images that have known pixels; at least one
    /// must have some.
    /// </summary>
    /// <param name="gaps">True when masks may have the value <see cref="Unknown"/>.</param>
    internal static (Tensor CrossEntropy, Tensor Dice) Compute(Tensor logits, Tensor masks, bool gaps)
    {
        using var scope = NewDisposeScope();
        var x = logits.to(ScalarType.Float32);
        var outputs = x.shape[1];
        var reduction = gaps ? Reduction.None : Reduction.Mean;
        Tensor? known = null; // [N, H, W]
        if (gaps)
        {
            known = masks.ne(Scalars.Of((long)Unknown)).to(ScalarType.Float32);
            masks = masks * known.to(ScalarType.Byte);
        }
        Tensor entropy, probabilities, truth;
        if (outputs == 1)
        {
            truth = masks.unsqueeze(1).to(ScalarType.Float32); // [N, 1, H, W]
            entropy = functional.binary_cross_entropy_with_logits(x, truth, reduction: reduction);
            probabilities = x.sigmoid();
        }
        else
        {
            var classes = tensor(
                [.. Enumerable.Range(1, (int)outputs - 1).Select(c => (long)c)],
                [1, outputs - 1, 1, 1],
                device: x.device);
            truth = masks.unsqueeze(1).eq(classes).to(ScalarType.Float32); // [N, outputs - 1, H, W]
            entropy = functional.cross_entropy(x, masks.to(ScalarType.Int64), reduction: reduction);
            probabilities = x.softmax(1).narrow(1, 1, outputs - 1);
        }
        if (known is not null)
        {
            entropy = (entropy * known.view_as(entropy)).sum() / known.sum();
            probabilities = probabilities * known.unsqueeze(1);
        }
        var both = (probabilities * truth).sum([2, 3]); // [N, classes]
        var either = probabilities.sum([2, 3]).Plus(truth.sum([2, 3]));
        var dice = (both * Scalars.Of(2.0)).Plus(Smoothing) / either.Plus(Smoothing);
        if (known is not null)
            dice = dice[known.amax([1, 2]).to(ScalarType.Bool)]; // [images with a known pixel, classes]
        var loss = (-dice.mean()).Plus(1);
        return (
            (entropy * Scalars.Of(CrossEntropyWeight)).MoveToOuterDisposeScope(),
            (loss * Scalars.Of(DiceWeight)).MoveToOuterDisposeScope());
    }
}
