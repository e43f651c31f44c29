using Marrow.Computing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Losses;

/// <summary>Focal loss (Lin et al., ICCV 2017): cross-entropy that pays little heed to what is easy.</summary>
internal static class FocalLoss
{
    /// <summary>
    /// For each element; float32, the shape of <paramref name="logits"/>. Targets are 0 to 1; with a negative
    /// <paramref name="alpha"/> both classes weigh alike. As torchvision.ops.sigmoid_focal_loss.
    /// </summary>
    public static Tensor Sigmoid(Tensor logits, Tensor targets, double alpha = 0.25, double gamma = 2)
    {
        using var scope = NewDisposeScope();
        var x = logits.to(ScalarType.Float32);
        var y = targets.to(ScalarType.Float32);
        var p = x.sigmoid();
        var missed = p.Plus(y) - p * Scalars.Of(2.0) * y; // 1 - p_t
        var entropy = functional.binary_cross_entropy_with_logits(x, y, reduction: Reduction.None);
        var loss = entropy * (gamma == 2 ? missed * missed : missed.pow(Scalars.Of(gamma)));
        if (alpha >= 0)
            loss *= (y * Scalars.Of(2 * alpha - 1)).Plus(1 - alpha);
        return loss.MoveToOuterDisposeScope();
    }
}
