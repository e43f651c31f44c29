// Cross-entropies for labels of which some are unknown (NaN), as in CheXpert: an unknown label adds no loss and no
// gradient. Labels may be soft. Both give the mean over what is known, or a 0 that can still be differentiated.

using Marrow.Computing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Losses;

/// <summary>Several findings at once, each with a probability of its own.</summary>
internal static class MaskedBinaryCrossEntropy
{
    /// <param name="logits">[N, C].</param>
    /// <param name="targets">[N, C], 0 to 1, NaN where unknown.</param>
    /// <returns>A float32 scalar: the mean over the known labels.</returns>
    public static Tensor Compute(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var (labels, known) = ClassificationTargets.Split(targets.to(ScalarType.Float32));
        var loss = functional.binary_cross_entropy_with_logits(
            logits.to(ScalarType.Float32),
            labels,
            reduction: Reduction.None);
        return ((loss * known).sum() / known.sum().clamp_min(Scalars.Of(1.0))).MoveToOuterDisposeScope();
    }
}

/// <summary>Exactly one of the classes holds.</summary>
internal static class MaskedCrossEntropy
{
    /// <param name="logits">[N, C].</param>
    /// <param name="targets">[N, C], rows that sum to 1; a row with a NaN is unknown.</param>
    /// <returns>A float32 scalar: the mean over the known rows.</returns>
    public static Tensor Compute(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var (labels, known) = ClassificationTargets.Split(targets.to(ScalarType.Float32));
        var row = known.amin([1]); // [N]
        var loss = -(labels * functional.log_softmax(logits.to(ScalarType.Float32), 1)).sum(1);
        return ((loss * row).sum() / row.sum().clamp_min(Scalars.Of(1.0))).MoveToOuterDisposeScope();
    }
}

internal static class ClassificationTargets
{
    /// <summary>The labels with 0 for NaN, and 1 where known; both in the caller's scope.</summary>
    public static (Tensor Labels, Tensor Known) Split(Tensor targets)
    {
        using var unknown = targets.isnan();
        return (targets.masked_fill(unknown, Scalars.Of(0.0)), unknown.logical_not().to(ScalarType.Float32));
    }
}
