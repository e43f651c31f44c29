using Marrow.Tasks.Masks;

namespace Marrow.Exchange.Onnx;

/// <summary><see cref="SegmentationNet"/> as ONNX nodes, in its order: from the coarsest map to stride 2, then to the input's size.</summary>
internal static class OnnxSegment
{
    /// <summary>"logits", [N, outputs, height, width].</summary>
    public static string Logits(OnnxLayers layers, string image, int height, int width)
    {
        var graph = layers.Graph;
        var maps = OnnxBackbone.Pyramid(layers, image, "features.", firstLevel: 1); // C1 to C5
        var x = "";
        for (var level = maps.Count; level >= 1; level--)
        {
            var key = $"decoder.{level}";
            var sum = layers.Convolution(maps[level - 1], $"{key}.skip");
            if (x.Length > 0)
            {
                var enlarged = graph.Node("Resize", $"{key}.enlarged", [layers.Convolution(x, $"{key}.narrow"), "", "", graph.Node("Shape", $"{key}.shape", [sum])],
                    OnnxAttribute.Text("mode", "nearest"), OnnxAttribute.Text("nearest_mode", "floor"), OnnxAttribute.Text("coordinate_transformation_mode", "asymmetric"));
                sum = layers.Convolution(graph.Node("Add", $"{key}.sum", [sum, enlarged]), $"{key}.conv");
            }
            x = layers.Relu(layers.GroupNorm(sum, $"{key}.norm"));
        }
        var coarse = layers.Convolution(x, "logits", at: ".coarse"); // [N, outputs, H/2, W/2]
        var counts = graph.Node("Shape", "logits.counts", [coarse], OnnxAttribute.Integer("start", 0), OnnxAttribute.Integer("end", 2));
        var size = graph.Node("Concat", "logits.shape", [counts, graph.Constant("logits.size", [height, width], 2)], OnnxAttribute.Integer("axis", 0));
        return graph.Node("Resize", "logits", [coarse, "", "", size],
            OnnxAttribute.Text("mode", "linear"), OnnxAttribute.Text("coordinate_transformation_mode", "half_pixel"));
    }
}
