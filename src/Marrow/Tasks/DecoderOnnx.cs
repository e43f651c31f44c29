using Marrow.Modules;

namespace Marrow.Tasks;

/// <summary>
/// Writes the <see cref="DecoderLevel"/>s of a model as ONNX nodes, from the coarsest map to the finest.
/// </summary>
internal static class DecoderOnnx
{
    /// <summary>Adds the backbone and the decoder, and returns the name of the decoder's finest map.</summary>
    /// <param name="firstLevel">The finest of the backbone's levels that the decoder uses.</param>
    public static string Write(OnnxSheet sheet, int firstLevel)
    {
        var (layers, graph) = (sheet.Layers, sheet.Graph);
        var maps = sheet.Pyramid(firstLevel);
        var x = "";
        for (var i = maps.Count - 1; i >= 0; i--)
        {
            var key = $"decoder.{i + firstLevel}";
            var sum = layers.Convolution(maps[i], $"{key}.skip");
            if (x.Length > 0)
            {
                var narrow = layers.Convolution(x, $"{key}.narrow");
                var enlarged = graph.Nearest($"{key}.enlarged", narrow, graph.Node("Shape", $"{key}.shape", [sum]));
                sum = layers.Convolution(graph.Node("Add", $"{key}.sum", [sum, enlarged]), $"{key}.conv");
            }
            x = layers.Relu(layers.GroupNorm(sum, $"{key}.norm"));
        }
        return x;
    }
}
