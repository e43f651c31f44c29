// From the detector's numbers to one spine. Data flow: anchors with a fair score -> their corners -> those that see the
// same vertebra (non-maximum suppression) averaged by score, as several cells and anchors see each vertebra and their
// errors differ -> the best chain of 17 (SpineChain) -> gaps filled -> where the count begins (LevelCount).

using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Modules;
using Marrow.Spine;
using static TorchSharp.torch;

namespace Marrow.Tasks.Vertebrae;

/// <summary>
/// One vertebra as the detector sees it, in input pixels, before anything that is known of spines is used.
/// </summary>
/// <param name="Score">The detector's confidence, 0 to 1.</param>
internal readonly record struct Detection(Vertebra Vertebra, float Score);

/// <summary>
/// A whole spine in the pixels of the model's input. The inverse of the transform to the input brings it to original
/// pixels.
/// </summary>
internal sealed record SpinePrediction
{
    /// <summary>The vertebrae, exactly 17, from top to bottom.</summary>
    public required IReadOnlyList<Vertebra> Vertebrae { get; init; }

    /// <summary>The score of each vertebra, [17], 0 to 1; 0 for one that was filled in.</summary>
    public required IReadOnlyList<double> Scores { get; init; }

    /// <summary>True for each vertebra that was not detected and was placed by its neighbours, [17].</summary>
    public required IReadOnlyList<bool> Filled { get; init; }

    /// <summary>
    /// The confidence in the whole spine, 0 to 1: the mean score, lowered when vertebrae were filled in or have
    /// unlikely positions relative to each other.
    /// </summary>
    public required double Confidence { get; init; }

    /// <summary>
    /// The same spine before the second look (<see cref="SecondLook"/>), which uses it only to know where to look; null
    /// when there was no second look.
    /// </summary>
    internal SpinePrediction? FirstLook { get; init; }
}

internal static class SpineDecoder
{
    /// <summary>
    /// Returns one spine for each image of the batch. When the detector has several classes, the first one is used.
    /// </summary>
    /// <param name="mirrored">
    /// The output for the same images mirrored left to right, whose detections have the same weight.
    /// </param>
    public static IReadOnlyList<SpinePrediction> Decode(DetectorOutput output, VertebraeDecoding decoding,
        DetectorOutput? mirrored = null)
    {
        var spines = new SpinePrediction[output.ClassLogits.shape[0]];
        for (var image = 0; image < spines.Length; image++)
        {
            var detections = Detect(output, image, decoding, mirrored);
            spines[image] = Assemble(detections, decoding, output.Anchors.InputWidth, output.Anchors.InputHeight);
        }
        return spines;
    }

    /// <summary>
    /// Returns what the detector sees on one image: each vertebra once, ordered by falling score. Without a corner head
    /// the corners are those of the box.
    /// </summary>
    /// <param name="mirrored">The output for the mirrored images; see <see cref="Decode"/>.</param>
    public static IReadOnlyList<Detection> Detect(DetectorOutput output, int image, VertebraeDecoding decoding,
        DetectorOutput? mirrored = null)
    {
        var seen = Candidates(output, image, decoding.Candidates);
        if (mirrored is not null)
            seen.AddRange(OnMirror(mirrored, image, decoding.Candidates));
        return Merge(seen, decoding.Candidates);
    }

    /// <summary>Returns what the detector sees on one image's mirror image alone, turned back.</summary>
    public static IReadOnlyList<Detection> DetectOnMirror(
        DetectorOutput mirrored, int image, VertebraeDecoding decoding) =>
        Merge([.. OnMirror(mirrored, image, decoding.Candidates)], decoding.Candidates);

    private static IEnumerable<Detection> OnMirror(DetectorOutput mirrored, int image, CandidateDecoding decoding)
    {
        var back = new AffineTransform(-1, 0, mirrored.Anchors.InputWidth, 0, 1, 0);
        return Candidates(mirrored, image, decoding).Select(d => d with { Vertebra = d.Vertebra.Transform(back) });
    }

    /// <summary>
    /// Returns the vertebrae that the anchors with a sufficient score see. Each vertebra occurs many times.
    /// </summary>
    private static List<Detection> Candidates(DetectorOutput output, int image, CandidateDecoding decoding)
    {
        using var scope = NewDisposeScope();
        var logits = ToArray(output.ClassLogits[image].select(1, 0)); // [R]
        var best = Best(logits, decoding);
        if (best.Length == 0)
            return [];

        var rows = tensor(best.Select(r => (long)r).ToArray(), device: output.ClassLogits.device);
        var length = output.CornerOffsets is null ? BoxCoder.Length : CornerCoder.Length;
        var codes = ToArray((output.CornerOffsets ?? output.BoxDeltas)[image].index_select(0, rows)); // [best, length]
        var found = new List<Detection>(best.Length);
        for (var i = 0; i < best.Length; i++)
        {
            var code = codes.AsSpan(i * length, length);
            var anchor = output.Anchors.Boxes[best[i]];
            var vertebra = output.CornerOffsets is null
                ? FromBox(BoxCoder.Decode(code, anchor))
                : CornerCoder.Decode(code, anchor);
            if (IsPlausible(vertebra))
                found.Add(new(vertebra, 1 / (1 + MathF.Exp(-logits[best[i]]))));
        }
        return found;
    }

    /// <summary>Returns the indices of the anchors with a sufficient score, the best first.</summary>
    internal static int[] Best(float[] logits, CandidateDecoding decoding)
    {
        var (leastScore, most) = (decoding.LeastScore, decoding.MostAnchors);
        var best = AtLeast(logits, MathF.Log(leastScore / (1 - leastScore)));
        if (best.Length > most)
        {
            // Early in training nearly all anchors are above it: plain numbers are sorted much faster than anchors.
            float[] falling = [.. best.Select(r => -logits[r])];
            Array.Sort(falling);
            best = AtLeast(logits, -falling[most - 1]);
        }
        Array.Sort(best, (a, b) => logits[a] != logits[b] ? logits[b].CompareTo(logits[a]) : a.CompareTo(b));
        return best.Length > most ? best[..most] : best;
    }

    private static int[] AtLeast(float[] logits, float lowest) =>
        [.. Enumerable.Range(0, logits.Length).Where(r => logits[r] >= lowest)];

    /// <summary>
    /// Returns the most likely spine of 17 vertebrae that can be formed of the detections; see
    /// <see cref="SpineChain"/>.
    /// </summary>
    public static SpinePrediction Assemble(IReadOnlyList<Detection> detections, VertebraeDecoding decoding,
        int inputWidth, int inputHeight)
    {
        Detection[] plausible = [.. detections.Where(d => IsPlausible(d.Vertebra))];
        var spine = new SpineChain(decoding.Chain, inputWidth, inputHeight).Find(plausible);
        return decoding.Counting is { } counting ? LevelCount.Of(spine, plausible, counting, inputHeight) : spine;
    }

    /// <summary>
    /// Returns each vertebra once, with the corners of the best detection averaged with those of all detections that
    /// overlap it well.
    /// </summary>
    internal static IReadOnlyList<Detection> Merge(IReadOnlyList<Detection> detections, CandidateDecoding decoding)
    {
        var boxes = detections.Select(d => CornerCoder.BoxOf(d.Vertebra)).ToArray();
        var scores = detections.Select(d => d.Score).ToArray();
        var merged = new List<Detection>();
        foreach (var winner in Nms.Suppress(boxes, scores, decoding.SameVertebraIou))
        {
            var sum = new Vertebra();
            var total = 0.0;
            for (var i = 0; i < boxes.Length; i++)
            {
                if (scores[i] < decoding.AveragedScoreShare * scores[winner])
                    continue;
                if (i != winner && Box.Iou(boxes[i], boxes[winner]) < decoding.AveragedIou)
                    continue;
                var (v, weight) = (detections[i].Vertebra, (double)scores[i]);
                sum = new(sum.TopLeft + v.TopLeft * weight, sum.TopRight + v.TopRight * weight,
                    sum.BottomLeft + v.BottomLeft * weight, sum.BottomRight + v.BottomRight * weight);
                total += weight;
            }
            var share = 1 / total;
            merged.Add(
                new(
                    new(sum.TopLeft * share, sum.TopRight * share, sum.BottomLeft * share, sum.BottomRight * share),
                    scores[winner]));
        }
        return merged;
    }

    /// <summary>
    /// Returns true when all corners are finite, the right side is on the right, the lower side is below, and the
    /// vertebra is larger than a pixel.
    /// </summary>
    private static bool IsPlausible(in Vertebra v)
    {
        var axis = v.Axis;
        var down = v.LowerMidpoint - v.UpperMidpoint;
        return axis.X > 1
            && axis.X * down.Y - axis.Y * down.X > 1
            && double.IsFinite(axis.X * down.Y * v.Center.X * v.Center.Y);
    }

    private static Vertebra FromBox(in Box box) =>
        new(
            new Point2D(box.X1, box.Y1),
            new Point2D(box.X2, box.Y1),
            new Point2D(box.X1, box.Y2),
            new Point2D(box.X2, box.Y2));

    private static float[] ToArray(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.detach().to(ScalarType.Float32).Values<float>();
    }
}
