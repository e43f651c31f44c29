// From the detector's numbers to boxes, as torchvision's RetinaNet reads them. Data flow: scores of all anchors and
// classes -> the best thousand -> their boxes, cut at the image's edge -> of those that overlap, class by class, the
// best.

using Marrow.Computing;
using Marrow.Modules;
using static TorchSharp.torch;

namespace Marrow.Tasks.Detect;

/// <summary>One detected object on one image, in the pixels of the model's input.</summary>
/// <param name="Score">The detector's confidence, 0 to 1.</param>
internal readonly record struct DetectedBox(int Class, Box Box, double Score);

/// <summary>Decodes a detector's outputs to boxes, as the beginning of this file describes.</summary>
internal static class BoxDecoder
{
    /// <summary>Returns the boxes of each of the N images, ordered by falling score.</summary>
    public static IReadOnlyList<IReadOnlyList<DetectedBox>> Decode(
        DetectorOutput output,
        BoxSelectionDecoding decoding
    ) => [.. Enumerable.Range(0, (int)output.ClassLogits.shape[0]).Select(image => Decode(output, image, decoding))];

    /// <summary>
    /// Returns the boxes that remain of candidates ordered by falling score. They are cut off at the image's edge.
    /// </summary>
    /// <param name="width">The width of the input in pixels.</param>
    public static IReadOnlyList<DetectedBox> Keep(
        IReadOnlyList<DetectedBox> candidates, float width, float height, BoxSelectionDecoding decoding)
    {
        var within = candidates.Take(decoding.MostCandidates)
            .Where(found => found.Score > decoding.LeastScore)
            .Select(found => found with { Box = found.Box.Within(width, height) })
            .Where(found => found.Box.Width > 0 && found.Box.Height > 0);
        var once = within.GroupBy(found => found.Class).SelectMany(ofOneClass => OnceEach([.. ofOneClass], decoding));
        return [.. once.OrderByDescending(found => found.Score).Take(decoding.MostBoxes)];
    }

    private static IReadOnlyList<DetectedBox> Decode(DetectorOutput output, int image, BoxSelectionDecoding decoding)
    {
        using var scope = NewDisposeScope();
        var classes = (int)output.ClassLogits.shape[2];
        var scores = output.ClassLogits[image].to(ScalarType.Float32).sigmoid().flatten(); // [R * K]
        var (best, at) = scores.topk((int)Math.Min(decoding.MostCandidates, scores.shape[0]));
        var places = at.Values<long>();
        var bestScores = best.Values<float>();
        var rows = tensor(places.Select(place => place / classes).ToArray(), device: output.BoxDeltas.device);
        var codes = output.BoxDeltas[image].index_select(0, rows).to(ScalarType.Float32).Values<float>(); // [best * 4]
        var candidates = new DetectedBox[places.Length];
        for (var i = 0; i < candidates.Length; i++)
        {
            var code = codes.AsSpan(i * BoxCoder.Length, BoxCoder.Length);
            var box = BoxCoder.Decode(code, output.Anchors.Boxes[places[i] / classes]);
            candidates[i] = new((int)(places[i] % classes), box, bestScores[i]);
        }
        return Keep(candidates, output.Anchors.InputWidth, output.Anchors.InputHeight, decoding);
    }

    private static IEnumerable<DetectedBox> OnceEach(DetectedBox[] ofOneClass, BoxSelectionDecoding decoding)
    {
        Box[] boxes = [.. ofOneClass.Select(found => found.Box)];
        float[] scores = [.. ofOneClass.Select(found => (float)found.Score)];
        return Nms.Suppress(boxes, scores, (float)decoding.SameThingIou).Select(i => ofOneClass[i]);
    }
}
