using Marrow.Computing;
using Marrow.Tasks.Cobb;
using static TorchSharp.torch;

namespace Marrow.Exchange.Onnx;

/// <summary>
/// <see cref="CobbRegressor"/> as ONNX nodes. The input's size is fixed, so the pooling of its rows to a fixed number is a
/// matrix, and where each column of cells lies is a constant.
/// </summary>
internal static class OnnxCobb
{
    /// <summary>"angles", [N, outputs], degrees.</summary>
    /// <param name="height">Of the features, in cells.</param>
    public static string Angles(OnnxLayers layers, string image, int height, int width)
    {
        var graph = layers.Graph;
        var features = OnnxBackbone.Last(layers, image, "features.");
        var x = layers.Relu(layers.GroupNorm(layers.Convolution(features, "reduce"), "norm")); // [N, 64, h, w]
        var where = graph.Node("Softmax", "where", [layers.Convolution(x, "attention")], OnnxAttribute.Integer("axis", 3)); // [N, 1, h, w]
        var columns = graph.Constant("columns", [3], 1);
        var seen = graph.Node("ReduceSum", "seen", [graph.Node("Mul", "weighed", [x, where]), columns], OnnxAttribute.Integer("keepdims", 0)); // [N, 64, h]
        var places = graph.Constant("places", Places(width), width);
        var position = graph.Node("ReduceSum", "position", [graph.Node("Mul", "placed", [where, places]), columns], OnnxAttribute.Integer("keepdims", 0)); // [N, 1, h]
        var rows = graph.Node("Concat", "rows", [seen, position], OnnxAttribute.Integer("axis", 1)); // [N, 65, h]
        rows = graph.Node("MatMul", "pooled", [rows, graph.Constant("pooling", Pooling(height, CobbRegressor.Rows), height, CobbRegressor.Rows)]); // [N, 65, 16]
        var hidden = layers.Relu(layers.Linear(graph.Node("Flatten", "flat", [rows]), "hidden"));
        return graph.Node("Mul", "angles", [layers.Linear(hidden, "angles", "units"), graph.Constant("degreesPerUnit", [(float)CobbRegressor.DegreesPerUnit], 1)]);
    }

    /// <summary>-1 at the left edge to 1 at the right, as the model has it.</summary>
    private static float[] Places(int width)
    {
        using var places = linspace(-1, 1, width, ScalarType.Float32, CPU);
        return places.Values<float>();
    }

    /// <summary>[rows, pooled], row-major: each pooled row is the mean of those from floor(p * rows / pooled) to ceil((p + 1) * rows / pooled), as torch's adaptive pooling has it.</summary>
    internal static float[] Pooling(int rows, int pooled)
    {
        var matrix = new float[rows * pooled];
        for (var p = 0; p < pooled; p++)
        {
            var (first, end) = (p * rows / pooled, ((p + 1) * rows + pooled - 1) / pooled);
            for (var r = first; r < end; r++)
                matrix[r * pooled + p] = 1f / (end - first);
        }
        return matrix;
    }
}
