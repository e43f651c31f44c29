using Marrow.Modules;
using Marrow.Onnx;
using static TorchSharp.torch;

namespace Marrow.Tasks.Points;

/// <summary>
/// Writes a <see cref="PointLocator"/> with its soft-argmax as ONNX nodes. The output is "points", [N, K, 3]: x and y
/// in input pixels, and the score. The input's size is fixed, so the position of each cell is a constant.
/// </summary>
internal sealed class PointsOnnx : TaskOnnx<PointLocator>
{
    protected override void Write(OnnxSheet sheet, PointLocator model)
    {
        var (layers, graph, input) = (sheet.Layers, sheet.Graph, sheet.Config.Input);
        var finest = FeaturePyramid.WriteOnnx(layers, "fpn", sheet.Pyramid(PointLocator.FirstLevel), 1)[0];
        var tower = layers.Relu(layers.GroupNorm(layers.Convolution(finest, "tower.0"), "tower.1"));
        var heatmaps = layers.Convolution(tower, "heatmaps"); // [N, K, h, w]
        var (rows, columns) = Cells(model, input.Channels, input.Height, input.Width);
        var (cellX, cellY) = ((float)input.Width / columns, (float)input.Height / rows);
        var count = rows * columns;

        var flat = graph.Node("Reshape", "flat",
            [heatmaps, graph.Constant("flat.shape", [0L, 0, (long)rows * columns], 3)]);
        var probability = graph.Node("Softmax", "probability", [flat], OnnxAttribute.Integer("axis", 2)); // [N, K, h*w]
        var peak = graph.Node("ArgMax", "peak", [probability],
            OnnxAttribute.Integer("axis", 2), OnnxAttribute.Integer("keepdims", 1)); // [N, K, 1]
        var x = graph.Constant("x", [.. Enumerable.Range(0, count).Select(i => (i % columns + 0.5f) * cellX)], count);
        var y = graph.Constant("y", [.. Enumerable.Range(0, count).Select(i => (i / columns + 0.5f) * cellY)], count);
        var near = graph.Node("And", "near", [Near(x, cellX), Near(y, cellY)]);
        var nearAsNumber = graph.Node("Cast", "near.number", [near],
            OnnxAttribute.Integer("to", (int)OnnxType.Float32));
        var kept = graph.Node("Mul", "kept", [probability, nearAsNumber]);
        var cells = graph.Constant("cells", [2L], 1);
        var mass = graph.Node("ReduceSum", "mass", [kept, cells], OnnxAttribute.Integer("keepdims", 1)); // [N, K, 1]
        var points = graph.Node("Concat", "points", [Mean(x), Mean(y), mass], OnnxAttribute.Integer("axis", 2));
        sheet.Output(points, "input pixel", sheet.Named("x, y and score (0 to 1) of each point"),
            sheet.Config.Model.Outputs, 3);

        string Near(string places, float cell)
        {
            var highest = graph.Node("Gather", $"{places}.peak", [places, peak]);
            var away = graph.Node("Abs", $"{places}.away", [graph.Node("Sub", $"{places}.offset", [places, highest])]);
            var reach = graph.Constant($"{places}.reach", [PointLocator.ReachCells * cell], 1);
            return graph.Node("LessOrEqual", $"{places}.near", [away, reach]);
        }

        string Mean(string places)
        {
            var weighed = graph.Node("Mul", $"{places}.weighed", [kept, places]);
            var sum = graph.Node("ReduceSum", $"{places}.sum", [weighed, cells], OnnxAttribute.Integer("keepdims", 1));
            return graph.Node("Div", $"{places}.mean", [sum, mass]);
        }
    }

    protected override IReadOnlyDictionary<string, float[]> Expected(
        PointLocator model, Tensor input, CheckpointConfig config, bool decode)
    {
        using var points = model.forward(input);
        return new Dictionary<string, float[]> { ["points"] = Flat(points) };
    }

    /// <summary>Returns the numbers of rows and columns of a heatmap, which follow from the input's size.</summary>
    private static (int Rows, int Columns) Cells(PointLocator model, int channels, int height, int width)
    {
        using var scope = NewDisposeScope();
        var shape = model.Heatmaps(zeros(1, channels, height, width, device: CPU)).shape;
        return ((int)shape[2], (int)shape[3]);
    }
}
