using Marrow.Modules;
using Marrow.Tasks;

namespace Marrow.Exchange.Onnx;

/// <summary>RetinaNet's pyramid and heads as ONNX nodes, in the order of <see cref="RetinaNet"/>: levels side by side, R anchors.</summary>
internal static class OnnxRetinaNet
{
    /// <summary>"classLogits" [N, R, K], "boxDeltas" [N, R, 4] and, with a corner head, "cornerOffsets" [N, R, 8].</summary>
    public static (string Logits, string Boxes, string? Corners) Heads(OnnxLayers layers, string image, DetectorSpec spec)
    {
        var maps = OnnxBackbone.Pyramid(layers, image, RetinaNet.BackbonePrefix, spec.FirstPyramidLevel);
        var levels = Pyramid(layers, "backbone.fpn", maps, spec.AnchorSizes.Count);
        return (
            Head(layers, levels, "head.classification_head", "cls_logits", spec.Classes, "classLogits"),
            Head(layers, levels, "head.regression_head", "bbox_reg", BoxCoder.Length, "boxDeltas"),
            spec.Corners == 0 ? null : Head(layers, levels, "head.corner_head", "corner_reg", CornerCoder.Length, "cornerOffsets"));
    }

    /// <summary>The levels of <see cref="FeaturePyramid"/>.</summary>
    /// <param name="prefix">Of the pyramid's keys.</param>
    public static List<string> Pyramid(OnnxLayers layers, string prefix, IReadOnlyList<string> maps, int count)
    {
        var graph = layers.Graph;
        var levels = new string[Math.Min(maps.Count, count)];
        var above = layers.Convolution(maps[^1], Inner(maps.Count - 1));
        for (var i = maps.Count - 1; i >= 0; i--)
        {
            if (i < maps.Count - 1)
            {
                var lateral = layers.Convolution(maps[i], Inner(i));
                // Each cell takes the one above it that torch's interpolate takes: floor(cell * coarse / fine).
                var enlarged = graph.Node("Resize", $"{prefix}.enlarged{i}", [above, "", "", graph.Node("Shape", $"{prefix}.shape{i}", [lateral])],
                    OnnxAttribute.Text("mode", "nearest"), OnnxAttribute.Text("nearest_mode", "floor"), OnnxAttribute.Text("coordinate_transformation_mode", "asymmetric"));
                above = graph.Node("Add", $"{prefix}.merged{i}", [lateral, enlarged]);
            }
            if (i < levels.Length)
                levels[i] = layers.Convolution(above, $"{prefix}.layer_blocks.{i}.0");
        }
        var all = levels.ToList();
        for (var p = 6; all.Count < count; p++)
            all.Add(layers.Convolution(p == 6 ? all[^1] : layers.Relu(all[^1]), $"{prefix}.extra_blocks.p{p}"));
        return all;

        string Inner(int i) => $"{prefix}.inner_blocks.{i}.0";
    }

    /// <summary>The head's constants serve all levels; its nodes are there once for each.</summary>
    private static string Head(OnnxLayers layers, IReadOnlyList<string> levels, string key, string output, int numbers, string name)
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
