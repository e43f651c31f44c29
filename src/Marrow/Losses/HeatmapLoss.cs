using Marrow.Models;
using Marrow.Native;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Losses;

/// <summary>What is minimised for heatmaps of points; disposing is the caller's. Float32 scalars.</summary>
/// <param name="Shape">How far the heatmaps are from Gaussians at the points, in nats; 0 is best.</param>
/// <param name="Place">How far the soft-argmax is from the points, in cells.</param>
internal sealed record HeatmapLosses(Tensor Shape, Tensor Place);

/// <summary>
/// The two terms of Nibali et al. 2018: the distance of the soft-argmax, and a regulariser that wants each heatmap to be a
/// Gaussian at its point. Theirs is the Jensen-Shannon divergence, which hardly changes while the two do not overlap; the
/// Kullback-Leibler divergence used here has its steepest slope just then, at the start, where few labels need it.
/// </summary>
internal static class HeatmapLoss
{
    private const double SigmaCells = 1.5; // finer than the labels' own error at usual inputs, coarse enough to be found
    private const double Beta = 1;         // cells: below, quadratic

    /// <param name="logits">[N, K, h, w].</param>
    /// <param name="points">[N, K, 2]: x, y in input pixels. One that is NaN or outside the input adds no loss.</param>
    /// <param name="width">Of the input, px.</param>
    public static HeatmapLosses Compute(Tensor logits, Tensor points, long width, long height)
    {
        using var scope = NewDisposeScope();
        var (place, given) = ClassificationTargets.Split(points.to(ScalarType.Float32));
        var (trueX, trueY) = (place.narrow(2, 0, 1), place.narrow(2, 1, 1)); // [N, K, 1]
        var counts = (given.amin([2], keepdim: true) * Inside(trueX, width) * Inside(trueY, height)).squeeze(2); // [N, K]
        var (x, y) = PointLocator.Cells(logits, width, height);
        var (cellX, cellY) = ((double)width / logits.shape[3], (double)height / logits.shape[2]);
        var logProbability = functional.log_softmax(logits.to(ScalarType.Float32).flatten(2), 2); // [N, K, h*w]

        var target = functional.log_softmax(Distance(x, trueX, cellX).Plus(Distance(y, trueY, cellY)) / Scalars.Of(-2 * SigmaCells * SigmaCells), 2);
        var divergence = (target.exp() * (target - logProbability)).sum(2);

        var probability = logProbability.exp();
        var meanX = (probability * x).sum(2, keepdim: true) / Scalars.Of(cellX);
        var meanY = (probability * y).sum(2, keepdim: true) / Scalars.Of(cellY);
        var error = functional.smooth_l1_loss(cat([meanX, meanY], 2), cat([trueX / Scalars.Of(cellX), trueY / Scalars.Of(cellY)], 2), Reduction.None, Beta).sum(2);

        return new(Mean(divergence).MoveToOuterDisposeScope(), Mean(error).MoveToOuterDisposeScope());

        Tensor Mean(Tensor each) => (each * counts).sum() / counts.sum().clamp_min(Scalars.Of(1.0));

        // Squared, in cells: [N, K, h*w].
        static Tensor Distance(Tensor cells, Tensor at, double cell)
        {
            var difference = (cells - at) / Scalars.Of(cell);
            return difference * difference;
        }

        static Tensor Inside(Tensor values, long size) =>
            values.ge(Scalars.Of(0.0)).logical_and(values.le(Scalars.Of((double)size))).to(ScalarType.Float32);
    }
}
