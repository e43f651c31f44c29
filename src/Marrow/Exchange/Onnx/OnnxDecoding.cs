// What turns a model's raw numbers into something a reader can use, as ONNX nodes: probabilities, and for a detector
// boxes and corners in input pixels and the anchors that remain after non-maximum suppression. The arithmetic is that of
// ClassProbabilities, BoxCoder, CornerCoder and Nms.

using System.Runtime.InteropServices;
using Marrow.Datasets;
using Marrow.Modules;

namespace Marrow.Exchange.Onnx;

internal static class OnnxDecoding
{
    // torchvision's nms_thresh, score_thresh and detections_per_img of a RetinaNet.
    public const float SuppressedIou = 0.5f, LowestScore = 0.05f;
    public const int MostDetections = 300;

    /// <summary>"probabilities", [N, classes].</summary>
    public static string Probabilities(OnnxGraph graph, string logits, ClassLayout layout)
    {
        const string name = "probabilities";
        if (layout.Exclusive)
            return graph.Node("Softmax", name, [logits], OnnxAttribute.Integer("axis", 1));
        if (layout.ThreeClass.Count == 0)
            return graph.Node("Sigmoid", name, [logits]);

        // Single findings first, then three columns for each finding of three; at last each column to its place.
        var parts = new List<string> { graph.Node("Sigmoid", "single", [logits]) };
        var places = Enumerable.Range(0, layout.Names.Count).Select(i => (long)i).ToArray();
        var smallest = graph.Constant("smallest", [float.Epsilon], 1);
        for (var f = 0; f < layout.ThreeClass.Count; f++)
        {
            var (finding, at) = (layout.ThreeClass[f], $"finding{f}");
            var three = graph.Node("Softmax", at, [Columns($"{at}.logits", logits, finding.Positive, finding.Negative, finding.Uncertain)], OnnxAttribute.Integer("axis", 1));
            var positive = Columns($"{at}.positive", three, 0);
            var sum = graph.Node("Max", $"{at}.sum", [graph.Node("Add", $"{at}.either", [positive, Columns($"{at}.negative", three, 1)]), smallest]);
            parts.Add(graph.Node("Div", $"{at}.share", [positive, sum]));
            parts.Add(Columns($"{at}.rest", three, 1, 2));
            var first = layout.Names.Count + 3 * f;
            (places[finding.Positive], places[finding.Negative], places[finding.Uncertain]) = (first, first + 1, first + 2);
        }
        return Columns(name, graph.Node("Concat", "columns", parts, OnnxAttribute.Integer("axis", 1)), places);

        string Columns(string node, string x, params long[] columns) =>
            graph.Node("Gather", node, [x, graph.Constant($"{node}.columns", columns, columns.Length)], OnnxAttribute.Integer("axis", 1));
    }

    /// <summary>"scores" [N, R, K].</summary>
    public static string Scores(OnnxGraph graph, string logits) => graph.Node("Sigmoid", "scores", [logits]);

    /// <summary>"boxes" [N, R, 4]: left, top, right, bottom in input px.</summary>
    public static string Boxes(OnnxGraph graph, string deltas, IReadOnlyList<Box> anchors)
    {
        var (centers, sides) = Anchors(graph, anchors);
        var (offsets, logRatios) = (Part("deltas.offsets", 0, 2), Part("deltas.logRatios", 2, 4));
        var middle = graph.Node("Add", "boxes.middle", [graph.Node("Mul", "boxes.shift", [offsets, sides]), centers]); // [N, R, 2]
        var bounded = graph.Node("Min", "boxes.bounded", [logRatios, graph.Constant("largestLogRatio", [BoxCoder.LargestLogRatio], 1)]);
        var halves = graph.Node("Mul", "boxes.halves", [graph.Node("Mul", "boxes.sides", [graph.Node("Exp", "boxes.ratios", [bounded]), sides]), graph.Constant("half", [0.5f], 1)]);
        return graph.Node("Concat", "boxes", [graph.Node("Sub", "boxes.upperLeft", [middle, halves]), graph.Node("Add", "boxes.lowerRight", [middle, halves])], OnnxAttribute.Integer("axis", 2));

        string Part(string node, long start, long end) => graph.Node("Slice", node,
            [deltas, graph.Constant($"{node}.start", [start], 1), graph.Constant($"{node}.end", [end], 1), graph.Constant($"{node}.axis", [2], 1)]);
    }

    /// <summary>"corners" [N, R, 4, 2]: x, y of top left, top right, bottom left, bottom right in input px. After <see cref="Boxes"/>.</summary>
    public static string Corners(OnnxGraph graph, string offsets, int anchors)
    {
        var points = graph.Node("Reshape", "corners.points", [offsets, graph.Constant("corners.shape", [0, anchors, 4, 2], 4)]);
        return graph.Node("Add", "corners", [graph.Node("Mul", "corners.shift", [points, Wide("sides")]), Wide("centers")]);

        string Wide(string name) => graph.Node("Unsqueeze", $"corners.{name}", [name, graph.Constant($"corners.{name}.axis", [1], 1)]); // [R, 1, 2]
    }

    /// <summary>"selected" [S, 3]: image, class and anchor of each detection that is kept.</summary>
    public static string Selected(OnnxGraph graph, string scores, string boxes) => graph.Node("NonMaxSuppression", "selected",
    [
        boxes, // its order of x and y does not matter to overlaps
        graph.Node("Transpose", "scores.byClass", [scores], OnnxAttribute.Integers("perm", 0, 2, 1)),
        graph.Constant("mostDetections", [(long)MostDetections], 1),
        graph.Constant("suppressedIou", [SuppressedIou], 1),
        graph.Constant("lowestScore", [LowestScore], 1),
    ]);

    /// <summary>"centers" and "sides" of the anchors, [R, 2].</summary>
    private static (string Centers, string Sides) Anchors(OnnxGraph graph, IReadOnlyList<Box> anchors) => (
        graph.Constant("centers", Flat(anchors.Select(a => (a.CenterX, a.CenterY))), anchors.Count, 2),
        graph.Constant("sides", Flat(anchors.Select(a => (a.Width, a.Height))), anchors.Count, 2));

    private static float[] Flat(IEnumerable<(float X, float Y)> pairs) => MemoryMarshal.Cast<(float X, float Y), float>(pairs.ToArray()).ToArray();
}
