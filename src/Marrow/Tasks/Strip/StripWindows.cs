using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tasks.Strip;

/// <summary>
/// Reads maps near the places where points are expected: of the cells in a window round each place a softmax, which is
/// the network's own distribution of the point, and its mean, which is finer than a cell. A window reaches half-way to
/// the next item, so that each item finds its own points.
/// </summary>
internal static class StripWindows
{
    // Cells on each side of the expected one. At a stride of 4 px they are 28 and 24 px: what a curve that another
    // model found is off, and the spread of an item's own shape.
    private const int ReachX = 7, ReachY = 6;

    // Lower than any logit of a trained map, and a number that float32 adds without loss of the others.
    private const double OutsideLogit = -1e4;

    /// <param name="LogProbability">The logarithm of the distribution over each window, [N, M, K, cells].</param>
    /// <param name="X">The centres of the windows' cells in strip pixels, [N, M, K, cells].</param>
    /// <param name="Y">The same, downwards.</param>
    internal sealed record Windows(Tensor LogProbability, Tensor X, Tensor Y)
    {
        /// <summary>The mean places in strip pixels, [N, M, K, 2].</summary>
        public Tensor Means()
        {
            using var scope = NewDisposeScope();
            var probability = LogProbability.exp();
            return stack([(probability * X).sum(3), (probability * Y).sum(3)], 3).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Opens a window round each expected place. The open dispose scope disposes its tensors.</summary>
    /// <param name="logits">The maps, [N, K, h, w] in float32.</param>
    /// <param name="places">The expected places in strip pixels, [N, M, K, 2].</param>
    /// <param name="stride">Strip pixels from one cell to the next.</param>
    public static Windows Open(Tensor logits, Tensor places, int stride)
    {
        var (n, k, h, w) = (logits.shape[0], logits.shape[1], logits.shape[2], logits.shape[3]);
        var m = places.shape[1];
        var (columns, rows) = (2 * ReachX + 1, 2 * ReachY + 1);
        using var scope = NewDisposeScope();
        var cells = places.detach() / Scalars.Of((double)stride);
        var first = cells.floor(); // the cell that holds the place
        var x = first.narrow(3, 0, 1).Plus(Steps(ReachX, columns).repeat([rows])); // [N, M, K, rows * columns]
        var y = first.narrow(3, 1, 1).Plus(Steps(ReachY, rows).repeat_interleave(columns));
        var inside = Within(x, w).logical_and(Within(y, h));
        // Whole numbers below 2^24, which float32 holds exactly: a strip's maps have some 10^5 cells.
        var row = linspace(0, k - 1, k, ScalarType.Float32, logits.device).view(1, 1, k, 1) * Scalars.Of((double)h);
        row = row.Plus(y.clamp(Scalars.Of(0.0), Scalars.Of(h - 1.0)));
        var at = (row * Scalars.Of((double)w)).Plus(x.clamp(Scalars.Of(0.0), Scalars.Of(w - 1.0)));
        var values = logits.flatten(1).gather(1, at.to(ScalarType.Int64).flatten(1)).view(n, m, k, rows * columns);
        values = where(inside, values, full_like(values, Scalars.Of(OutsideLogit)));
        return new(
            nn.functional.log_softmax(values, 3).MoveToOuterDisposeScope(),
            (x.Plus(0.5) * Scalars.Of((double)stride)).MoveToOuterDisposeScope(),
            (y.Plus(0.5) * Scalars.Of((double)stride)).MoveToOuterDisposeScope());

        Tensor Steps(int reach, int count) =>
            linspace(-reach, reach, count, ScalarType.Float32, logits.device);

        static Tensor Within(Tensor cell, long count) =>
            cell.ge(Scalars.Of(0.0)).logical_and(cell.lt(Scalars.Of((double)count)));
    }
}
