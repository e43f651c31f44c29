// RetinaNet's loss, and one for the corners. Data flow: objects of each image -> their boxes -> each anchor's object
// (Matcher) -> focal loss over all anchors but the ignored; box and corner losses over the foreground; all divided by
// the batch's foreground count.

using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Losses;
using Marrow.Modules;
using Marrow.Spine;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>One object that a detector has to find, in the pixels of the model's input.</summary>
/// <param name="Class">The index of the object's class.</param>
/// <param name="Corners">The object's four corners, for a detector with a corner head.</param>
/// <param name="IsGuess">
/// True when an object is known to be there but its place is uncertain. Its anchors then add no loss.
/// </param>
internal readonly record struct DetectionTarget(int Class, Box Box, Vertebra? Corners = null, bool IsGuess = false)
{
    /// <summary>
    /// Returns the target for a vertebra, with the box around it. Vertebrae are the only class of their detector.
    /// </summary>
    public static DetectionTarget Of(Vertebra vertebra, bool isGuess) =>
        new(0, CornerCoder.BoxOf(vertebra), vertebra, isGuess);

    /// <summary>
    /// Returns the visible part of each box of an image, in input pixels. Augmentation moves things partly out of the
    /// image: what is left of one is not to be found, and is no background.
    /// </summary>
    public static IReadOnlyList<DetectionTarget> Of(IReadOnlyList<LabelledBox> boxes, InputContract input)
    {
        const double leastVisible = 0.3; // of a box's area
        var targets = new List<DetectionTarget>();
        foreach (var box in boxes)
        {
            var whole = new Box((float)box.Left, (float)box.Top, (float)box.Right, (float)box.Bottom);
            var seen = whole.Within(input.Width, input.Height);
            if (seen.Area > 0)
                targets.Add(new(box.Class, seen, IsGuess: seen.Area < leastVisible * whole.Area));
        }
        return targets;
    }
}

/// <summary>The parts of a detector's loss, as float32 scalars.</summary>
/// <param name="Corner">The loss of the corners; null without a corner head.</param>
internal sealed record DetectionLosses(Tensor Classification, Tensor Box, Tensor? Corner)
{
    /// <summary>Returns the weighted sum of the parts, which training minimises.</summary>
    public Tensor Total(double boxWeight = 1, double cornerWeight = 1)
    {
        using var scope = NewDisposeScope();
        var total = Classification.Plus(Box * Scalars.Of(boxWeight));
        if (Corner is not null)
            total = total.Plus(Corner * Scalars.Of(cornerWeight));
        return total.MoveToOuterDisposeScope();
    }
}

internal static class DetectionLoss
{
    // Smooth L1, linear above beta (detectron2 and torchvision use 0 to 0.1). An anchor is about 40 px wide: corners
    // are pulled with full force until they are right to half a pixel.
    private const double BoxBeta = 0.05, CornerBeta = 0.01;

    /// <summary>
    /// [8, 8]: four corners (x, y) to their place, the vector across (left side to right), the one down, and the twist,
    /// each (x, y). An error of place along the spine is the largest for long, and corner by corner its sign would
    /// decide every pull; so the vector across, of which the angles are made, is pulled for itself, and twice as hard.
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

    /// <param name="targets">
    /// For each image what is to be found on it. Null stands for an image without labels: it adds no loss, and is not
    /// taken for background. An empty list is an image on which nothing is to be found.
    /// </param>
    internal static DetectionLosses Compute(
        DetectorOutput output,
        IReadOnlyList<IReadOnlyList<DetectionTarget>?> targets)
    {
        if (targets.Count != output.ClassLogits.shape[0])
            throw new ArgumentException(
                $"Expected targets for {output.ClassLogits.shape[0]} images, found {targets.Count}.",
                nameof(targets));
        using var scope = NewDisposeScope();
        var encoded = DetectionTargets.Encode(output, targets);
        var device = output.ClassLogits.device;
        var share = 1.0 / Math.Max(1, encoded.Foreground.Length);
        var foreground = tensor(encoded.Foreground, device: device); // [F], rows of [N * R]
        var cornered = tensor(encoded.Cornered, device: device); // [C], those of them whose corners are known

        var focal = FocalLoss.Sigmoid(
            output.ClassLogits,
            tensor(encoded.Classes, output.ClassLogits.shape, device: device));
        var counted = tensor(encoded.Counted, [.. output.ClassLogits.shape[..2], 1], device: device);
        var classification = (focal * counted).sum() * Scalars.Of(share);
        var box = Regression(output.BoxDeltas, foreground, encoded.Boxes, BoxBeta);
        var corner = output.CornerOffsets is null
            ? null
            : Regression(
                output.CornerOffsets,
                cornered,
                encoded.Corners,
                CornerBeta,
                tensor(CornerModes, [CornerCoder.Length, CornerCoder.Length], device: device));
        return new(
            classification.MoveToOuterDisposeScope(),
            box.MoveToOuterDisposeScope(),
            corner?.MoveToOuterDisposeScope());

        Tensor Regression(Tensor codes, Tensor rows, float[] expected, double beta, Tensor? modes = null)
        {
            var length = codes.shape[2];
            var found = codes.reshape(-1, length).index_select(0, rows).to(ScalarType.Float32); // [rows, length]
            var target = tensor(expected, [rows.shape[0], length], device: device);
            return functional.smooth_l1_loss(InModes(found), InModes(target), Reduction.Sum, beta) * Scalars.Of(share);

            Tensor InModes(Tensor values) => modes is null ? values : values.matmul(modes);
        }
    }
}

/// <summary>The values that the heads should return for a batch.</summary>
/// <param name="Classes">The class targets [N * R * K]: 1 for the class of a foreground anchor, otherwise 0.</param>
/// <param name="Counted">
/// The weights [N * R]: 1 for an anchor that adds to the classification loss, otherwise 0.
/// </param>
/// <param name="Foreground">The indices of the F foreground anchors among all N * R anchors.</param>
/// <param name="Boxes">The box targets of the foreground anchors, [F * 4].</param>
/// <param name="Cornered">
/// The indices of the C foreground anchors whose object has corners; empty without a corner head.
/// </param>
/// <param name="Corners">The corner targets of those, [C * 8].</param>
internal sealed record DetectionTargets(
    float[] Classes,
    float[] Counted,
    long[] Foreground,
    float[] Boxes,
    long[] Cornered,
    float[] Corners)
{
    public static DetectionTargets Encode(DetectorOutput output, IReadOnlyList<IReadOnlyList<DetectionTarget>?> images)
    {
        var anchors = output.Anchors.Boxes;
        var classCount = (int)output.ClassLogits.shape[2];
        var hasCorners = output.CornerOffsets is not null;
        var classes = new float[images.Count * anchors.Length * classCount];
        var counted = new float[images.Count * anchors.Length];
        var matches = new int[images.Count][];
        Parallel.For(0, images.Count, n => matches[n] =
            images[n] is { } objects ? Matcher.Match([.. objects.Select(BoxInFrame)], anchors) : []);

        var foreground = new List<long>();
        for (var n = 0; n < images.Count; n++)
        {
            for (var a = 0; a < matches[n].Length; a++)
            {
                var row = n * anchors.Length + a;
                var match = matches[n][a];
                var isGuess = match >= 0 && images[n]![match].IsGuess;
                counted[row] = match == Matcher.Ignored || isGuess ? 0 : 1;
                if (match < 0 || isGuess)
                    continue;
                classes[row * classCount + images[n]![match].Class] = 1;
                foreground.Add(row);
            }
        }
        var boxes = new float[foreground.Count * BoxCoder.Length];
        for (var f = 0; f < foreground.Count; f++)
            BoxCoder.Encode(
                Found(foreground[f], out var anchor).Box,
                anchor,
                boxes.AsSpan(f * BoxCoder.Length, BoxCoder.Length));
        long[] cornered = hasCorners ? [.. foreground.Where(row => Found(row, out _).Corners is not null)] : [];
        var corners = new float[cornered.Length * CornerCoder.Length];
        for (var c = 0; c < cornered.Length; c++)
            CornerCoder.Encode(
                Found(cornered[c], out var anchor).Corners!.Value,
                anchor,
                corners.AsSpan(c * CornerCoder.Length, CornerCoder.Length));
        return new(classes, counted, [.. foreground], boxes, cornered, corners);

        DetectionTarget Found(long row, out Box anchor)
        {
            var (n, a) = ((int)(row / anchors.Length), (int)(row % anchors.Length));
            anchor = anchors[a];
            return images[n]![matches[n][a]];
        }

        // Augmentation moves things out of the image: half of one is not to be found. An empty box has no anchor.
        Box BoxInFrame(DetectionTarget target)
        {
            var (x, y) = target.Corners is { } corners
                ? (corners.Center.X, corners.Center.Y)
                : (target.Box.CenterX, target.Box.CenterY);
            return x >= 0 && x <= output.Anchors.InputWidth && y >= 0 && y <= output.Anchors.InputHeight
                ? target.Box
                : default;
        }
    }
}
