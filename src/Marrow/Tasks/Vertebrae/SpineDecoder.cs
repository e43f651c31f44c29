// From the detector's numbers to one spine. Data flow: anchors with a fair score -> their corners -> those that see the
// same vertebra (non-maximum suppression) averaged by score, as several cells and anchors see each vertebra and their
// errors differ -> the best chain of 17 (SpineChain) -> gaps filled.

using Marrow.Imaging;
using Marrow.Modules;
using Marrow.Spine;
using static TorchSharp.torch;

namespace Marrow.Tasks.Vertebrae;

/// <summary>One vertebra as the detector sees it, input px, before any knowledge of the spine.</summary>
/// <param name="Score">0 to 1.</param>
public readonly record struct Detection(Vertebra Vertebra, float Score);

/// <summary>A whole spine, in the pixels of the model's input; an inverse transform brings it to the original's.</summary>
public sealed record SpinePrediction
{
    /// <summary>The vertebrae, exactly 17, from top to bottom.</summary>
    public required IReadOnlyList<Vertebra> Vertebrae { get; init; }

    /// <summary>[17], 0 to 1; 0 where filled in.</summary>
    public required IReadOnlyList<double> Scores { get; init; }

    /// <summary>[17]: true where nothing was detected and the vertebra was placed from its neighbours.</summary>
    public required IReadOnlyList<bool> Filled { get; init; }

    /// <summary>0 to 1: the mean score, lowered where vertebrae were filled in or stand oddly to each other.</summary>
    public required double Confidence { get; init; }

    /// <summary>The same before it was looked at again (<see cref="SecondLook"/>), which only knows where to look from it; null where it was not.</summary>
    internal SpinePrediction? FirstLook { get; init; }
}

public static class SpineDecoder
{
    private const int MostAnchors = 1000; // RetinaNet keeps as many before suppression
    private const float LowestScore = 0.01f; // the chain weighs faint detections; they help at the ends of the spine
    private const float SameVertebraIou = 0.5f; // RetinaNet's suppression
    private const float AveragedIou = 0.6f, AveragedScoreShare = 0.3f;

    /// <summary>One spine for each image of the batch; of the first class where there are several.</summary>
    /// <param name="mirrored">The output for the same images mirrored left to right; what it sees counts the same.</param>
    public static IReadOnlyList<SpinePrediction> Decode(DetectorOutput output, DetectorOutput? mirrored = null)
    {
        var spines = new SpinePrediction[output.ClassLogits.shape[0]];
        for (var image = 0; image < spines.Length; image++)
            spines[image] = Assemble(Detect(output, image, mirrored), output.Anchors.InputWidth, output.Anchors.InputHeight);
        return spines;
    }

    /// <summary>
    /// What the detector sees on one image, each vertebra once, by falling score. Without a corner head the corners are
    /// those of the box.
    /// </summary>
    /// <param name="mirrored">See <see cref="Decode"/>.</param>
    public static IReadOnlyList<Detection> Detect(DetectorOutput output, int image, DetectorOutput? mirrored = null)
    {
        var seen = Candidates(output, image);
        if (mirrored is not null)
        {
            var back = new AffineTransform(-1, 0, mirrored.Anchors.InputWidth, 0, 1, 0);
            seen.AddRange(Candidates(mirrored, image).Select(d => d with { Vertebra = d.Vertebra.Transform(back) }));
        }
        return Merge(seen);
    }

    /// <summary>The vertebrae that the anchors of a fair score see, each many times.</summary>
    private static List<Detection> Candidates(DetectorOutput output, int image)
    {
        using var scope = NewDisposeScope();
        var logits = ToArray(output.ClassLogits[image].select(1, 0)); // [R]
        var lowestLogit = MathF.Log(LowestScore / (1 - LowestScore));
        var best = AtLeast(logits, lowestLogit);
        if (best.Length > MostAnchors)
        {
            // Early in training nearly all anchors are above it: plain numbers are sorted much faster than anchors.
            float[] falling = [.. best.Select(r => -logits[r])];
            Array.Sort(falling);
            best = AtLeast(logits, -falling[MostAnchors - 1]);
        }
        Array.Sort(best, (a, b) => logits[a] != logits[b] ? logits[b].CompareTo(logits[a]) : a.CompareTo(b));
        if (best.Length > MostAnchors)
            best = best[..MostAnchors];
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
            var vertebra = output.CornerOffsets is null ? FromBox(BoxCoder.Decode(code, anchor)) : CornerCoder.Decode(code, anchor);
            if (IsPlausible(vertebra))
                found.Add(new(vertebra, 1 / (1 + MathF.Exp(-logits[best[i]]))));
        }
        return found;
    }

    private static int[] AtLeast(float[] logits, float lowest) => [.. Enumerable.Range(0, logits.Length).Where(r => logits[r] >= lowest)];

    /// <summary>The most likely spine of 17 among detections; see <see cref="SpineChain"/>.</summary>
    public static SpinePrediction Assemble(IReadOnlyList<Detection> detections, int inputWidth, int inputHeight) =>
        SpineChain.Find([.. detections.Where(d => IsPlausible(d.Vertebra))], inputWidth, inputHeight);

    /// <summary>Each vertebra once: the best detection's corners averaged with those of all that overlap it well.</summary>
    internal static IReadOnlyList<Detection> Merge(IReadOnlyList<Detection> detections)
    {
        var boxes = detections.Select(d => CornerCoder.BoxOf(d.Vertebra)).ToArray();
        var scores = detections.Select(d => d.Score).ToArray();
        var merged = new List<Detection>();
        foreach (var winner in Nms.Suppress(boxes, scores, SameVertebraIou))
        {
            var sum = new Vertebra();
            var total = 0.0;
            for (var i = 0; i < boxes.Length; i++)
            {
                if (scores[i] < AveragedScoreShare * scores[winner] || (i != winner && Box.Iou(boxes[i], boxes[winner]) < AveragedIou))
                    continue;
                var (v, weight) = (detections[i].Vertebra, (double)scores[i]);
                sum = new(sum.TopLeft + v.TopLeft * weight, sum.TopRight + v.TopRight * weight,
                    sum.BottomLeft + v.BottomLeft * weight, sum.BottomRight + v.BottomRight * weight);
                total += weight;
            }
            var share = 1 / total;
            merged.Add(new(new(sum.TopLeft * share, sum.TopRight * share, sum.BottomLeft * share, sum.BottomRight * share), scores[winner]));
        }
        return merged;
    }

    /// <summary>Finite, its right side to the right, its lower side below, and larger than a pixel.</summary>
    private static bool IsPlausible(in Vertebra v)
    {
        var axis = v.Axis;
        var down = v.LowerMidpoint - v.UpperMidpoint;
        return axis.X > 1 && axis.X * down.Y - axis.Y * down.X > 1 && double.IsFinite(axis.X * down.Y * v.Center.X * v.Center.Y);
    }

    private static Vertebra FromBox(in Box box) =>
        new(new Point2D(box.X1, box.Y1), new Point2D(box.X2, box.Y1), new Point2D(box.X1, box.Y2), new Point2D(box.X2, box.Y2));

    private static float[] ToArray(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }
}
