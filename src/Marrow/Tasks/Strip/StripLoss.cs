using Marrow.Computing;
using Marrow.Losses;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Strip;

/// <summary>
/// How far found points are from the true ones. The four corners of a vertebra count by what they say together: where
/// it is, how long and how tilted its end plates are (across, twice), how high it is and how its sides lean (down), and
/// how its end plates differ (twist, half). Points of other items count each by itself. Beside it stands, with little
/// weight, how far each window's distribution is from a narrow one at the true place, which gives the maps their peaks.
/// </summary>
internal static class StripLoss
{
    private const double Beta = 0.5;           // cells: 2 px, about a label's own error; below it the loss is quadratic
    private const double PeakWeight = 0.1;
    private const double PeakSigma = 1.25;     // cells

    // Rows: place, across, down, twist, of the corners top left, top right, bottom left, bottom right.
    private static readonly float[] Modes =
    [
        0.25f, 0.25f, 0.25f, 0.25f,
        -0.25f, 0.25f, -0.25f, 0.25f,
        -0.25f, -0.25f, 0.25f, 0.25f,
        0.25f, -0.25f, -0.25f, 0.25f,
    ];

    private static readonly float[] ModeWeights = [1, 2, 1, 0.5f];

    /// <param name="windows">The windows round the expected places.</param>
    /// <param name="points">The true places in strip pixels, [N, M, K, 2]; NaN where unknown.</param>
    /// <param name="width">The width of the strip in pixels.</param>
    /// <param name="stride">Strip pixels from one cell of the maps to the next.</param>
    /// <returns>
    /// The distance in cells and the divergence in nats, already weighted, as float32 scalars: means over the items
    /// whose points are all known and within the strip.
    /// </returns>
    public static (Tensor Distance, Tensor Peaks) Compute(
        StripWindows.Windows windows, Tensor points, long width, long height, int stride)
    {
        using var scope = NewDisposeScope();
        var (place, known) = ClassificationTargets.Split(points.to(ScalarType.Float32));
        // [N, M, K]
        var counts = known.amin([3]) * Inside(place.select(3, 0), width) * Inside(place.select(3, 1), height);
        var items = counts.amin([2]); // [N, M]
        var difference = (windows.Means() - place) / Scalars.Of((double)stride); // [N, M, K, 2]
        var each = difference.shape[2] == CroppedSamples.CornerNames.Count ? ByModes(difference) : Huber(difference);
        var distance = Mean(each.sum(3).mean([2]), items);

        var (dx, dy) = (windows.X - place.narrow(3, 0, 1), windows.Y - place.narrow(3, 1, 1));
        var squared = (dx * dx).Plus(dy * dy) / Scalars.Of((double)stride * stride);
        var target = functional.log_softmax(squared / Scalars.Of(-2 * PeakSigma * PeakSigma), 3);
        var divergence = (target.exp() * (target - windows.LogProbability)).sum(3); // [N, M, K]
        return (
            distance.MoveToOuterDisposeScope(),
            (Mean(divergence, counts) * Scalars.Of(PeakWeight)).MoveToOuterDisposeScope());

        static Tensor Inside(Tensor values, long size) =>
            values.ge(Scalars.Of(0.0)).logical_and(values.le(Scalars.Of((double)size))).to(ScalarType.Float32);
    }

    private static Tensor Mean(Tensor values, Tensor counts) =>
        (values * counts).sum() / counts.sum().clamp_min(Scalars.Of(1.0));

    private static Tensor ByModes(Tensor difference)
    {
        var k = ModeWeights.Length;
        var modes = tensor(Modes, [k, k], device: difference.device);
        var weights = tensor(ModeWeights, [1, 1, k, 1], device: difference.device);
        return Huber(matmul(modes, difference)) * weights;
    }

    private static Tensor Huber(Tensor difference) =>
        functional.smooth_l1_loss(difference, zeros_like(difference), Reduction.None, Beta);
}
