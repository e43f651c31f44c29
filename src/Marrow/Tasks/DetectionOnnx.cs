// What turns a detector's raw numbers into something a reader can use, as ONNX nodes: boxes and corners in input pixels
// and the anchors that remain after non-maximum suppression; and the same as Marrow computes it. The arithmetic is that
// of BoxCoder, CornerCoder and Nms.

using System.Runtime.InteropServices;
using Marrow.Imaging;
using Marrow.Modules;
using Marrow.Onnx;

namespace Marrow.Tasks;

internal static class DetectionOnnx
{
    // torchvision's nms_thresh, score_thresh and detections_per_img of a RetinaNet.
    public const float SuppressedIou = 0.5f, LowestScore = 0.05f;
    public const int MostDetections = 300;

    /// <summary>Adds the output "scores", [N, R, K].</summary>
    public static string Scores(OnnxGraph graph, string logits) => graph.Node("Sigmoid", "scores", [logits]);

    /// <summary>Adds the output "boxes", [N, R, 4]: left, top, right and bottom in input pixels.</summary>
    public static string Boxes(OnnxGraph graph, string deltas, IReadOnlyList<Box> anchors)
    {
        var (centers, sides) = Anchors(graph, anchors);
        var (offsets, logRatios) = (Part("deltas.offsets", 0, 2), Part("deltas.logRatios", 2, 4));
        var shift = graph.Node("Mul", "boxes.shift", [offsets, sides]);
        var middle = graph.Node("Add", "boxes.middle", [shift, centers]); // [N, R, 2]
        var bounded = graph.Node("Min", "boxes.bounded",
            [logRatios, graph.Constant("largestLogRatio", [BoxCoder.LargestLogRatio], 1)]);
        var whole = graph.Node("Mul", "boxes.sides", [graph.Node("Exp", "boxes.ratios", [bounded]), sides]);
        var halves = graph.Node("Mul", "boxes.halves", [whole, graph.Constant("half", [0.5f], 1)]);
        var upperLeft = graph.Node("Sub", "boxes.upperLeft", [middle, halves]);
        var lowerRight = graph.Node("Add", "boxes.lowerRight", [middle, halves]);
        return graph.Node("Concat", "boxes", [upperLeft, lowerRight], OnnxAttribute.Integer("axis", 2));

        string Part(string node, long start, long end) => graph.Node("Slice", node,
        [
            deltas, graph.Constant($"{node}.start", [start], 1), graph.Constant($"{node}.end", [end], 1),
            graph.Constant($"{node}.axis", [2], 1),
        ]);
    }

    /// <summary>
    /// Adds the output "corners", [N, R, 4, 2]: x and y of the top left, top right, bottom left and bottom right corner
    /// in input pixels. Call it after <see cref="Boxes"/>.
    /// </summary>
    public static string Corners(OnnxGraph graph, string offsets, int anchors)
    {
        var points = graph.Node("Reshape", "corners.points",
            [offsets, graph.Constant("corners.shape", [0, anchors, 4, 2], 4)]);
        var shift = graph.Node("Mul", "corners.shift", [points, Wide("sides")]);
        return graph.Node("Add", "corners", [shift, Wide("centers")]);

        string Wide(string name) => graph.Node("Unsqueeze", $"corners.{name}",
            [name, graph.Constant($"corners.{name}.axis", [1], 1)]); // [R, 1, 2]
    }

    /// <summary>
    /// Adds the output "selected", [S, 3]: the indices of image, class and anchor of each detection that is kept.
    /// </summary>
    public static string Selected(OnnxGraph graph, string scores, string boxes) =>
        graph.Node("NonMaxSuppression", "selected",
        [
            boxes, // its order of x and y does not matter to overlaps
            graph.Node("Transpose", "scores.byClass", [scores], OnnxAttribute.Integers("perm", 0, 2, 1)),
            graph.Constant("mostDetections", [(long)MostDetections], 1),
            graph.Constant("suppressedIou", [SuppressedIou], 1),
            graph.Constant("lowestScore", [LowestScore], 1),
        ]);

    /// <summary>
    /// Returns the indices of image, class and anchor of the detections that <see cref="Nms"/> keeps.
    /// </summary>
    /// <param name="scores">The scores, [N, R, K].</param>
    /// <param name="boxes">The boxes, [N, R, 4].</param>
    public static HashSet<(long Image, long Class, long Anchor)> Kept(
        float[] scores, float[] boxes, int images, int classes)
    {
        var anchors = boxes.Length / (images * BoxCoder.Length);
        var kept = new HashSet<(long, long, long)>();
        for (var n = 0; n < images; n++)
        {
            for (var k = 0; k < classes; k++)
            {
                var candidates = Enumerable.Range(0, anchors).Where(r => Score(r) > LowestScore).ToArray();
                var indices = Nms.Suppress(
                    [.. candidates.Select(BoxOf)], [.. candidates.Select(Score)], SuppressedIou);
                kept.UnionWith(indices.Take(MostDetections).Select(i => ((long)n, (long)k, (long)candidates[i])));

                float Score(int anchor) => scores[(n * anchors + anchor) * classes + k];
            }

            Box BoxOf(int anchor)
            {
                var b = boxes.AsSpan((n * anchors + anchor) * BoxCoder.Length);
                return new(b[0], b[1], b[2], b[3]);
            }
        }
        return kept;
    }

    /// <summary>Converts deltas to boxes in input pixels, in place.</summary>
    /// <param name="boxes">The deltas on entry and the boxes on return, [N, R, 4].</param>
    public static void DecodeBoxes(float[] boxes, IReadOnlyList<Box> anchors)
    {
        for (var i = 0; i < boxes.Length; i += BoxCoder.Length)
        {
            var box = BoxCoder.Decode(boxes.AsSpan(i, BoxCoder.Length), anchors[i / BoxCoder.Length % anchors.Count]);
            (boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]) = (box.X1, box.Y1, box.X2, box.Y2);
        }
    }

    /// <summary>Converts offsets to corners in input pixels, in place.</summary>
    /// <param name="corners">The offsets on entry and the corners on return, [N, R, 8].</param>
    public static void DecodeCorners(float[] corners, IReadOnlyList<Box> anchors)
    {
        for (var i = 0; i < corners.Length; i += CornerCoder.Length)
        {
            var anchor = anchors[i / CornerCoder.Length % anchors.Count];
            var v = CornerCoder.Decode(corners.AsSpan(i, CornerCoder.Length), anchor);
            var points = (ReadOnlySpan<Point2D>)[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight];
            for (var p = 0; p < points.Length; p++)
                (corners[i + 2 * p], corners[i + 2 * p + 1]) = ((float)points[p].X, (float)points[p].Y);
        }
    }

    /// <summary>Adds the constants "centers" and "sides" of the anchors, [R, 2].</summary>
    private static (string Centers, string Sides) Anchors(OnnxGraph graph, IReadOnlyList<Box> anchors) => (
        graph.Constant("centers", Flat(anchors.Select(a => (a.CenterX, a.CenterY))), anchors.Count, 2),
        graph.Constant("sides", Flat(anchors.Select(a => (a.Width, a.Height))), anchors.Count, 2));

    private static float[] Flat(IEnumerable<(float X, float Y)> pairs) =>
        MemoryMarshal.Cast<(float X, float Y), float>(pairs.ToArray()).ToArray();
}
