using Marrow.Tasks.Points;

namespace Marrow.Exchange.Onnx;

/// <summary>
/// <see cref="PointLocator"/> as ONNX nodes, its soft-argmax too. The input's size is fixed, so where each cell lies is a
/// constant.
/// </summary>
internal static class OnnxPoints
{
    /// <summary>"points", [N, K, 3]: x, y in input px, and score.</summary>
    public static string Points(OnnxLayers layers, string image, int width, int height)
    {
        var graph = layers.Graph;
        var maps = OnnxBackbone.Pyramid(layers, image, "features.", PointLocator.FirstLevel);
        var finest = OnnxRetinaNet.Pyramid(layers, "fpn", maps, 1)[0];
        var tower = layers.Relu(layers.GroupNorm(layers.Convolution(finest, "tower.0"), "tower.1"));
        var heatmaps = layers.Convolution(tower, "heatmaps"); // [N, K, h, w]
        var (rows, columns) = (PointLocator.Cells(height), PointLocator.Cells(width));
        var (cellX, cellY) = ((float)width / columns, (float)height / rows);

        var flat = graph.Node("Reshape", "flat", [heatmaps, graph.Constant("flat.shape", [0L, 0, (long)rows * columns], 3)]);
        var probability = graph.Node("Softmax", "probability", [flat], OnnxAttribute.Integer("axis", 2)); // [N, K, h*w]
        var peak = graph.Node("ArgMax", "peak", [probability], OnnxAttribute.Integer("axis", 2), OnnxAttribute.Integer("keepdims", 1)); // [N, K, 1]
        var x = graph.Constant("x", [.. Enumerable.Range(0, rows * columns).Select(i => (i % columns + 0.5f) * cellX)], rows * columns);
        var y = graph.Constant("y", [.. Enumerable.Range(0, rows * columns).Select(i => (i / columns + 0.5f) * cellY)], rows * columns);
        var near = graph.Node("And", "near", [Near(x, cellX), Near(y, cellY)]);
        var kept = graph.Node("Mul", "kept", [probability, graph.Node("Cast", "near.number", [near], OnnxAttribute.Integer("to", 1))]);
        var cells = graph.Constant("cells", [2L], 1);
        var mass = graph.Node("ReduceSum", "mass", [kept, cells], OnnxAttribute.Integer("keepdims", 1)); // [N, K, 1]
        return graph.Node("Concat", "points", [Mean(x), Mean(y), mass], OnnxAttribute.Integer("axis", 2));

        string Near(string places, float cell)
        {
            var away = graph.Node("Abs", $"{places}.away", [graph.Node("Sub", $"{places}.offset", [places, graph.Node("Gather", $"{places}.peak", [places, peak])])]);
            return graph.Node("LessOrEqual", $"{places}.near", [away, graph.Constant($"{places}.reach", [PointLocator.ReachCells * cell], 1)]);
        }

        string Mean(string places) => graph.Node("Div", $"{places}.mean",
            [graph.Node("ReduceSum", $"{places}.sum", [graph.Node("Mul", $"{places}.weighed", [kept, places]), cells], OnnxAttribute.Integer("keepdims", 1)), mass]);
    }
}
