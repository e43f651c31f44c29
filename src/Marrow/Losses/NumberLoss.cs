using Marrow.Computing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Losses;

/// <summary>Loss of numbers in their own units, some of them unknown (NaN).</summary>
internal static class NumberLoss
{
    private const double Beta = 0.5; // of a deviation: beyond, absolute errors, so that one odd label does not lead

    /// <param name="predicted">[N, C].</param>
    /// <param name="numbers">[N, C]; NaN where unknown, which adds no loss.</param>
    /// <param name="deviation">[C], above 0: what errors are divided by, so that all columns weigh alike.</param>
    /// <returns>A float32 scalar: the mean over what is known.</returns>
    public static Tensor Compute(Tensor predicted, Tensor numbers, Tensor deviation)
    {
        using var scope = NewDisposeScope();
        var (target, known) = ClassificationTargets.Split(numbers.to(ScalarType.Float32));
        return (
            (Distance(predicted, target, deviation) * known).sum() / known.sum().clamp_min(Scalars.Of(1.0))
        ).MoveToOuterDisposeScope();
    }

    /// <summary>The distances [N, C], in standard deviations.</summary>
    public static Tensor Distance(Tensor predicted, Tensor target, Tensor deviation)
    {
        using var scope = NewDisposeScope();
        return functional
            .smooth_l1_loss(predicted.to(ScalarType.Float32) / deviation, target / deviation, Reduction.None, Beta)
            .MoveToOuterDisposeScope();
    }
}
