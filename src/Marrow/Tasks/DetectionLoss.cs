// RetinaNet's loss, and one for the corners. Data flow: vertebrae of each image -> boxes around their corners -> each
// anchor's object (Matcher) -> focal loss over all anchors but the ignored; box and corner losses over the foreground;
// all divided by the batch's foreground count.

using Marrow.Computing;
using Marrow.Losses;
using Marrow.Modules;
using Marrow.Spine;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>The parts of the loss, as float32 scalars.</summary>
/// <param name="Corner">Null without a corner head.</param>
public sealed record DetectionLosses(Tensor Classification, Tensor Box, Tensor? Corner)
{
    /// <summary>The weighted sum to differentiate.</summary>
    public Tensor Total(double boxWeight = 1, double cornerWeight = 1)
    {
        using var scope = NewDisposeScope();
        var total = Classification.Plus(Box * Scalars.Of(boxWeight));
        if (Corner is not null)
            total = total.Plus(Corner * Scalars.Of(cornerWeight));
        return total.MoveToOuterDisposeScope();
    }
}

public static class DetectionLoss
{
    // Smooth L1, linear above beta (detectron2 and torchvision use 0 to 0.1). An anchor is about 40 px wide: corners are
    // pulled with full force until they are right to half a pixel.
    private const double BoxBeta = 0.05, CornerBeta = 0.01;

    /// <summary>
    /// [8, 8]: four corners (x, y) to their place, the vector across (left side to right), the one down, and the twist,
    /// each (x, y). An error of place along the spine is the largest for long, and corner by corner its sign would decide
    /// every pull; so the vector across, of which the angles are made, is pulled for itself, and twice as hard.
    /// </summary>
    private static readonly float[] CornerModes = ModeMatrix(
        [0.5f, 0.5f, 0.5f, 0.5f], // TL, TR, BL, BR
        [-1, 1, -1, 1],
        [-0.5f, -0.5f, 0.5f, 0.5f],
        [0.5f, -0.5f, -0.5f, 0.5f]);

    private static float[] ModeMatrix(params float[][] signs)
    {
        var matrix = new float[CornerCoder.Length * CornerCoder.Length];
        for (var mode = 0; mode < signs.Length; mode++)
        {
            for (var corner = 0; corner < signs[mode].Length; corner++)
            {
                for (var axis = 0; axis < 2; axis++)
                    matrix[(corner * 2 + axis) * CornerCoder.Length + mode * 2 + axis] = signs[mode][corner];
            }
        }
        return matrix;
    }

    /// <param name="targetsInputPx">
    /// For each image its vertebrae, in the pixels of the model's input. An image without any is unlabelled: it adds no
    /// loss, and is not taken as background.
    /// </param>
    /// <param name="guessed">
    /// For each of them whether its place is a guess: its anchors then add no loss, as a vertebra is there but nobody knows
    /// just where. An image's list may be empty: none is.
    /// </param>
    public static DetectionLosses Compute(DetectorOutput output, IReadOnlyList<IReadOnlyList<Vertebra>> targetsInputPx, IReadOnlyList<IReadOnlyList<bool>>? guessed = null)
    {
        if (targetsInputPx.Count != output.ClassLogits.shape[0])
            throw new ArgumentException($"Expected targets for {output.ClassLogits.shape[0]} images, found {targetsInputPx.Count}.", nameof(targetsInputPx));
        using var scope = NewDisposeScope();
        var targets = DetectionTargets.Encode(output, targetsInputPx, guessed);
        var device = output.ClassLogits.device;
        var share = 1.0 / Math.Max(1, targets.Foreground.Length);
        var foreground = tensor(targets.Foreground, device: device); // [F], rows of [N * R]

        var focal = FocalLoss.Sigmoid(output.ClassLogits, tensor(targets.Classes, output.ClassLogits.shape, device: device));
        var counted = tensor(targets.Counted, [.. output.ClassLogits.shape[..2], 1], device: device);
        var classification = (focal * counted).sum() * Scalars.Of(share);
        var box = Regression(output.BoxDeltas, targets.Boxes, BoxBeta);
        var corner = output.CornerOffsets is null ? null : Regression(output.CornerOffsets, targets.Corners, CornerBeta, tensor(CornerModes, [CornerCoder.Length, CornerCoder.Length], device: device));
        return new(classification.MoveToOuterDisposeScope(), box.MoveToOuterDisposeScope(), corner?.MoveToOuterDisposeScope());

        Tensor Regression(Tensor codes, float[] expected, double beta, Tensor? modes = null)
        {
            var length = codes.shape[2];
            var found = codes.reshape(-1, length).index_select(0, foreground).to(ScalarType.Float32); // [F, length]
            var target = tensor(expected, [foreground.shape[0], length], device: device);
            return functional.smooth_l1_loss(InModes(found), InModes(target), Reduction.Sum, beta) * Scalars.Of(share);

            Tensor InModes(Tensor values) => modes is null ? values : values.matmul(modes);
        }
    }
}

/// <summary>What the heads should say.</summary>
/// <param name="Classes">[N * R * K]: 1 for the class of a foreground anchor.</param>
/// <param name="Counted">[N * R]: 1 where an anchor adds to the classification loss.</param>
/// <param name="Foreground">[F]: rows of [N * R].</param>
/// <param name="Boxes">[F * 4].</param>
/// <param name="Corners">[F * 8].</param>
internal sealed record DetectionTargets(float[] Classes, float[] Counted, long[] Foreground, float[] Boxes, float[] Corners)
{
    public static DetectionTargets Encode(DetectorOutput output, IReadOnlyList<IReadOnlyList<Vertebra>> images, IReadOnlyList<IReadOnlyList<bool>>? guessed = null)
    {
        var anchors = output.Anchors.Boxes;
        var classCount = (int)output.ClassLogits.shape[2];
        var classes = new float[images.Count * anchors.Length * classCount];
        var counted = new float[images.Count * anchors.Length];
        var matches = new int[images.Count][];
        Parallel.For(0, images.Count, n => matches[n] = images[n].Count == 0 ? [] :
            Matcher.Match([.. images[n].Select(BoxInFrame)], anchors));

        var foreground = new List<long>();
        for (var n = 0; n < images.Count; n++)
        {
            for (var a = 0; a < matches[n].Length; a++)
            {
                var row = n * anchors.Length + a;
                var isGuess = matches[n][a] >= 0 && guessed?[n] is { Count: > 0 } guesses && guesses[matches[n][a]];
                counted[row] = matches[n][a] == Matcher.Ignored || isGuess ? 0 : 1;
                if (matches[n][a] < 0 || isGuess)
                    continue;
                classes[row * classCount] = 1; // a vertebra is the first class
                foreground.Add(row);
            }
        }
        var boxes = new float[foreground.Count * BoxCoder.Length];
        var corners = new float[foreground.Count * CornerCoder.Length];
        for (var f = 0; f < foreground.Count; f++)
        {
            var (n, a) = ((int)(foreground[f] / anchors.Length), (int)(foreground[f] % anchors.Length));
            var vertebra = images[n][matches[n][a]];
            BoxCoder.Encode(CornerCoder.BoxOf(vertebra), anchors[a], boxes.AsSpan(f * BoxCoder.Length, BoxCoder.Length));
            CornerCoder.Encode(vertebra, anchors[a], corners.AsSpan(f * CornerCoder.Length, CornerCoder.Length));
        }
        return new(classes, counted, [.. foreground], boxes, corners);

        // Augmentation moves vertebrae out of the image: half a vertebra is not to be found. An empty box has no anchor.
        Box BoxInFrame(Vertebra v) => v.Center is var c && c.X >= 0 && c.X <= output.Anchors.InputWidth && c.Y >= 0 && c.Y <= output.Anchors.InputHeight
            ? CornerCoder.BoxOf(v) : default;
    }
}
