using System.Globalization;
using Marrow.Modules;
using Marrow.Onnx;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>
/// <see cref="RetinaNet"/> as ONNX nodes, in its order: levels side by side, R anchors. Its outputs are "classLogits"
/// [N, R, K], "boxDeltas" [N, R, 4] and, with a corner head, "cornerOffsets" [N, R, 8]; decoded "scores" [N, R, K],
/// "boxes" [N, R, 4], "corners" [N, R, 4, 2] and "selected" [S, 3].
/// </summary>
internal sealed class RetinaNetOnnx : TaskOnnx<RetinaNet>
{
    private const string CornerOrder = "x, y of top left, top right, bottom left and bottom right";

    protected override void Write(OnnxSheet sheet, RetinaNet model)
    {
        var (graph, spec) = (sheet.Graph, model.Spec);
        var anchors = Anchors(model, sheet.Config);
        var maps = sheet.Pyramid(spec.FirstPyramidLevel);
        var levels = FeaturePyramid.WriteOnnx(sheet.Layers, "backbone.fpn", maps, spec.AnchorSizes.Count);
        var logits = Head("classification_head", "cls_logits", spec.Classes, "classLogits");
        var deltas = Head("regression_head", "bbox_reg", BoxCoder.Length, "boxDeltas");
        var offsets = spec.Corners == 0
            ? null
            : Head("corner_head", "corner_reg", CornerCoder.Length, "cornerOffsets");
        if (!sheet.Decode)
        {
            sheet.Output(logits, "logit", sheet.Named("A sigmoid gives the score of each anchor"),
                anchors.Count, spec.Classes);
            sheet.Output(deltas, "share of the anchor",
                "Centre offsets over the anchor's sides, logarithms of the sides' ratios.",
                anchors.Count, BoxCoder.Length);
            if (offsets is not null)
                sheet.Output(offsets, "share of the anchor",
                    $"{CornerOrder}: offsets from the anchor's centre over its sides.",
                    anchors.Count, CornerCoder.Length);
            return;
        }
        var scores = DetectionOnnx.Scores(graph, logits);
        var boxes = DetectionOnnx.Boxes(graph, deltas, anchors);
        sheet.Output(scores, "probability", sheet.Named("Scores, 0 to 1, of each anchor"), anchors.Count, spec.Classes);
        sheet.Output(boxes, "input pixel", "Left, top, right, bottom.", anchors.Count, BoxCoder.Length);
        if (offsets is not null)
            sheet.Output(DetectionOnnx.Corners(graph, offsets, anchors.Count), "input pixel", $"{CornerOrder}.",
                anchors.Count, spec.Corners, 2);
        graph.Output(new(DetectionOnnx.Selected(graph, scores, boxes), OnnxType.Int64, ["S", "3"], "index",
            string.Create(CultureInfo.InvariantCulture,
                $"Image, class and anchor of each detection kept: score over {DetectionOnnx.LowestScore}, ")
            + string.Create(CultureInfo.InvariantCulture,
                $"no overlap over {DetectionOnnx.SuppressedIou} with a better one, ")
            + string.Create(CultureInfo.InvariantCulture, $"at most {DetectionOnnx.MostDetections} of a class.")));

        string Head(string key, string output, int numbers, string name) =>
            RetinaNetOnnx.Head(sheet.Layers, levels, $"head.{key}", output, numbers, name);
    }

    protected override IReadOnlyDictionary<string, float[]> Expected(
        RetinaNet model, Tensor input, CheckpointConfig config, bool decode)
    {
        using var scope = NewDisposeScope();
        using var output = model.forward(input);
        var expected = new Dictionary<string, float[]>
        {
            [decode ? "scores" : "classLogits"] = Flat(decode ? output.ClassLogits.sigmoid() : output.ClassLogits),
        };
        var boxes = expected[decode ? "boxes" : "boxDeltas"] = Flat(output.BoxDeltas);
        if (decode)
            DetectionOnnx.DecodeBoxes(boxes, output.Anchors.Boxes);
        if (output.CornerOffsets is null)
            return expected;
        var corners = expected[decode ? "corners" : "cornerOffsets"] = Flat(output.CornerOffsets);
        if (decode)
            DetectionOnnx.DecodeCorners(corners, output.Anchors.Boxes);
        return expected;
    }

    /// <summary>
    /// Computes the rows from the graph's own scores and boxes, since nearly equal ones may be kept in another order.
    /// </summary>
    public override HashSet<(long, long, long)> ExpectedRows(
        IReadOnlyDictionary<string, float[]> given, int images, CheckpointConfig config) =>
        DetectionOnnx.Kept(given["scores"], given["boxes"], images, config.Classes.Count);

    private static IReadOnlyList<Box> Anchors(RetinaNet model, CheckpointConfig config)
    {
        using var scope = NewDisposeScope();
        var input = config.Input;
        using var output = model.forward(zeros(1, input.Channels, input.Height, input.Width, device: CPU));
        return output.Anchors.Boxes;
    }

    /// <summary>
    /// Writes a head for one level. Its constants serve all levels, while its nodes exist once for each level.
    /// </summary>
    private static string Head(
        OnnxLayers layers, IReadOnlyList<string> levels, string key, string output, int numbers, string name)
    {
        var graph = layers.Graph;
        var rows = graph.Constant($"{key}.rows", [0, -1, numbers], 3);
        var parts = new List<string>();
        for (var l = 0; l < levels.Count; l++)
        {
            var at = levels.Count == 1 ? "" : $".level{l}";
            var x = levels[l];
            for (var c = 0; layers.Has($"{key}.conv.{c}"); c++)
            {
                x = layers.Convolution(x, $"{key}.conv.{c}.0", at);
                if (layers.IsGroupNorm($"{key}.conv.{c}.1"))
                    x = layers.GroupNorm(x, $"{key}.conv.{c}.1", at);
                x = layers.Relu(x);
            }
            x = layers.Convolution(x, $"{key}.{output}", at);
            // [N, A*numbers, H, W] -> [N, H*W*A, numbers]
            x = graph.Node("Transpose", $"{key}{at}.last", [x], OnnxAttribute.Integers("perm", 0, 2, 3, 1));
            parts.Add(graph.Node("Reshape", levels.Count == 1 ? name : $"{key}{at}.flat", [x, rows]));
        }
        return parts.Count == 1 ? name : graph.Node("Concat", name, parts, OnnxAttribute.Integer("axis", 1));
    }
}
