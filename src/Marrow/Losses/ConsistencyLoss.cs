// How far the answer for an augmented image is from the answer for the plain one (Xie et al., "Unsupervised Data
// Augmentation for Consistency Training", NeurIPS 2020, section 2.2). The plain image's answer is the target: no
// gradient passes it. All are float32; each gives the loss by element and where the target was confident enough, 1 or
// 0; where it was not, the loss is 0.

using Marrow.Computing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Losses;

/// <summary>The loss of each element, and which of them were accepted.</summary>
/// <param name="Accepted">1 where the target was confident enough, else 0.</param>
/// <param name="Confidence">Of the target, 0 to 1.</param>
internal readonly record struct MaskedLoss(Tensor Loss, Tensor Accepted, Tensor Confidence)
{
    /// <summary>Leaves the scope in which it was made.</summary>
    public MaskedLoss MoveToOuterDisposeScope() =>
        new(Loss.MoveToOuterDisposeScope(), Accepted.MoveToOuterDisposeScope(), Confidence.MoveToOuterDisposeScope());
}

internal static class ConsistencyLoss
{
    /// <summary>Exactly one class: KL(softmax(original / temperature) || softmax(augmented)).</summary>
    /// <param name="original">[N, K] logits.</param>
    /// <param name="augmented">[N, K] logits.</param>
    /// <param name="confidence">Least largest probability, before the sharpening.</param>
    /// <returns>[N] each.</returns>
    public static MaskedLoss Softmax(Tensor original, Tensor augmented, double temperature, double confidence)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (original.detach().to(ScalarType.Float32), augmented.to(ScalarType.Float32));
        var certainty = x.softmax(1).amax([1]);
        var accepted = AtLeast(certainty, confidence);
        var target = functional.log_softmax(x / Scalars.Of(temperature), 1);
        var loss = (target.exp() * (target - functional.log_softmax(y, 1))).sum(1) * accepted;
        return new MaskedLoss(loss, accepted, certainty).MoveToOuterDisposeScope();
    }

    /// <summary>Findings that hold or not, each on its own: the same with the two states of each.</summary>
    /// <param name="original">[N, C] logits.</param>
    /// <param name="augmented">[N, C] logits.</param>
    /// <param name="confidence">Least of the larger of p and 1 - p, before the sharpening.</param>
    /// <returns>[N, C] each.</returns>
    public static MaskedLoss Bernoulli(Tensor original, Tensor augmented, double temperature, double confidence)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (original.detach().to(ScalarType.Float32), augmented.to(ScalarType.Float32));
        var certainty = x.abs().sigmoid();
        var accepted = AtLeast(certainty, confidence);
        var sharp = x / Scalars.Of(temperature);
        var (p, q) = (sharp.sigmoid(), (-sharp).sigmoid());
        var present = p * (functional.logsigmoid(sharp) - functional.logsigmoid(y));
        var absent = q * (functional.logsigmoid(-sharp) - functional.logsigmoid(-y));
        var loss = present.Plus(absent) * accepted;
        return new MaskedLoss(loss, accepted, certainty).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Angles: the target is the mean of the answers for the plain image and for its mirror image, which has the same
    /// angles; where the two differ much, neither is to be believed. Their likeness, 1 - sum|a - m| / sum(|a| + |m|),
    /// is the confidence.
    /// </summary>
    /// <param name="original">[N, A] degrees.</param>
    /// <param name="mirrored">[N, A] degrees.</param>
    /// <param name="augmented">[N, A] degrees.</param>
    /// <returns>[N] each; the loss as <see cref="AngleLoss"/>'s distance.</returns>
    public static MaskedLoss Angles(Tensor original, Tensor mirrored, Tensor augmented, double confidence)
    {
        using var scope = NewDisposeScope();
        var (a, m) = (original.detach().to(ScalarType.Float32), mirrored.detach().to(ScalarType.Float32));
        // 1 degree: a straight spine must not divide by zero
        var size = a.abs().Plus(m.abs()).sum(1).clamp_min(Scalars.Of(1.0));
        var certainty = (-(a - m).abs().sum(1) / size).Plus(1);
        var accepted = AtLeast(certainty, confidence);
        var loss = AngleLoss.Distance(augmented, a.Plus(m) * Scalars.Of(0.5)) * accepted;
        return new MaskedLoss(loss, accepted, certainty).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Numbers that a mirror image does not change, as <see cref="Angles"/>. A number may be near 0 or below it, so the
    /// confidence is 1 - half the mean |a - m| in deviations, not below 0.
    /// </summary>
    /// <param name="original">[N, C] in the labels' units.</param>
    /// <param name="mirrored">[N, C].</param>
    /// <param name="augmented">[N, C].</param>
    /// <param name="deviation">[C] of the labels, above 0.</param>
    /// <returns>[N] each; the loss as <see cref="NumberLoss"/>'s distance.</returns>
    public static MaskedLoss Numbers(
        Tensor original,
        Tensor mirrored,
        Tensor augmented,
        Tensor deviation,
        double confidence)
    {
        using var scope = NewDisposeScope();
        var (a, m) = (original.detach().to(ScalarType.Float32), mirrored.detach().to(ScalarType.Float32));
        var apart = ((a - m) / deviation).abs().mean([1]);
        var certainty = (apart * Scalars.Of(-0.5)).Plus(1).clamp_min(Scalars.Of(0.0));
        var accepted = AtLeast(certainty, confidence);
        var loss = NumberLoss.Distance(augmented, a.Plus(m) * Scalars.Of(0.5), deviation).mean([1]) * accepted;
        return new MaskedLoss(loss, accepted, certainty).MoveToOuterDisposeScope();
    }

    /// <summary>1 where the value is at least so large, else 0.</summary>
    public static Tensor AtLeast(Tensor value, double least)
    {
        using var scope = NewDisposeScope();
        return value.ge(Scalars.Of(least)).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
