using Marrow.Computing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Losses;

/// <summary>Loss of the angles a regressor gives.</summary>
internal static class AngleLoss
{
    private const double DegreesPerUnit = 20; // a usual angle: brings the loss near 1
    private const double Beta = 0.1;          // units: below 2 degrees, about the labels' own error, quadratic

    /// <param name="predictedDegrees">[N, 3].</param>
    /// <param name="degrees">[N, 3]; a row with a NaN is unknown and adds no loss.</param>
    /// <param name="smapeWeight">
    /// Weight of a term as the data set's metric: for each image, the sum of the three errors over the sum of the six
    /// angles (as a fraction, not in percent).
    /// </param>
    /// <returns>A float32 scalar: the mean over the known rows.</returns>
    public static Tensor Compute(Tensor predictedDegrees, Tensor degrees, double smapeWeight = 0)
    {
        using var scope = NewDisposeScope();
        var (target, known) = ClassificationTargets.Split(degrees.to(ScalarType.Float32));
        var row = known.amin([1]); // [N]
        var predicted = predictedDegrees.to(ScalarType.Float32);
        var loss = Distance(predicted, target);
        if (smapeWeight != 0)
        {
            var error = (predicted - target).abs().sum(1);
            var size = predicted.abs().Plus(target.abs()).sum(1);
            // 1 degree: a straight spine must not divide by zero
            loss = loss.Plus(error * Scalars.Of(smapeWeight) / size.clamp_min(Scalars.Of(1.0)));
        }
        return ((loss * row).sum() / row.sum().clamp_min(Scalars.Of(1.0))).MoveToOuterDisposeScope();
    }

    /// <summary>[N, A] degrees each -> [N]: smooth L1 in units of 20 degrees, the mean over the angles.</summary>
    internal static Tensor Distance(Tensor predictedDegrees, Tensor degrees)
    {
        using var scope = NewDisposeScope();
        var (predicted, target) = (
            predictedDegrees.to(ScalarType.Float32) / Scalars.Of(DegreesPerUnit),
            degrees / Scalars.Of(DegreesPerUnit));
        return functional.smooth_l1_loss(predicted, target, Reduction.None, Beta).mean([1]).MoveToOuterDisposeScope();
    }
}
