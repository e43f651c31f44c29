using Marrow.Computing;
using Marrow.Onnx;
using static TorchSharp.torch;

namespace Marrow.Tasks.Cobb;

/// <summary>
/// Writes a <see cref="CobbRegressor"/> as ONNX nodes. The output is "angles", [N, outputs], in degrees. The input's
/// size is fixed, so the pooling of its rows is multiplication by a matrix, and the position of each column of cells is
/// a constant.
/// </summary>
internal sealed class CobbOnnx : TaskOnnx<CobbRegressor>
{
    protected override void Write(OnnxSheet sheet, CobbRegressor model)
    {
        var (layers, graph, input) = (sheet.Layers, sheet.Graph, sheet.Config.Input);
        var (height, width) = Cells(model, input.Channels, input.Height, input.Width);
        var x = layers.Convolution(sheet.LastMap(), "reduce");
        x = layers.Relu(layers.GroupNorm(x, "norm")); // [N, 64, h, w]
        var where = graph.Node("Softmax", "where", [layers.Convolution(x, "attention")],
            OnnxAttribute.Integer("axis", 3)); // [N, 1, h, w]
        var columns = graph.Constant("columns", [3], 1);
        var seen = graph.Node("ReduceSum", "seen", [graph.Node("Mul", "weighed", [x, where]), columns],
            OnnxAttribute.Integer("keepdims", 0)); // [N, 64, h]
        var places = graph.Constant("places", Places(width), width);
        var position = graph.Node("ReduceSum", "position", [graph.Node("Mul", "placed", [where, places]), columns],
            OnnxAttribute.Integer("keepdims", 0)); // [N, 1, h]
        var rows = graph.Node("Concat", "rows", [seen, position], OnnxAttribute.Integer("axis", 1)); // [N, 65, h]
        var pooling = graph.Constant("pooling", Pooling(height, CobbRegressor.Rows), height, CobbRegressor.Rows);
        rows = graph.Node("MatMul", "pooled", [rows, pooling]); // [N, 65, 16]
        var hidden = layers.Relu(layers.Linear(graph.Node("Flatten", "flat", [rows]), "hidden"));
        var units = layers.Linear(hidden, "angles", "units");
        var degrees = graph.Constant("degreesPerUnit", [(float)CobbRegressor.DegreesPerUnit], 1);
        var angles = graph.Node("Mul", "angles", [units, degrees]);
        sheet.Output(angles, "degree", sheet.Named("Cobb angles"), sheet.Config.Model.Outputs);
    }

    protected override IReadOnlyDictionary<string, float[]> Expected(
        CobbRegressor model, Tensor input, CheckpointConfig config, bool decode)
    {
        using var angles = model.forward(input);
        return new Dictionary<string, float[]> { ["angles"] = Flat(angles) };
    }

    /// <summary>Returns the numbers of rows and columns of the backbone's last map.</summary>
    private static (int Height, int Width) Cells(CobbRegressor model, int channels, int height, int width)
    {
        using var scope = NewDisposeScope();
        var shape = model.Features.forward(zeros(1, channels, height, width, device: CPU)).shape;
        return ((int)shape[2], (int)shape[3]);
    }

    /// <summary>
    /// Returns the positions of the columns, from -1 at the left edge to 1 at the right, as the model computes them.
    /// </summary>
    private static float[] Places(int width)
    {
        using var places = linspace(-1, 1, width, ScalarType.Float32, CPU);
        return places.Values<float>();
    }

    /// <summary>
    /// Returns the pooling matrix [rows, pooled], row-major. Each pooled row is the mean of the rows from floor(p *
    /// rows / pooled) to ceil((p + 1) * rows / pooled), as in torch's adaptive pooling.
    /// </summary>
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
