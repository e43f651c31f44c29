using static TorchSharp.torch;

namespace Marrow.Tasks.Numbers;

/// <summary>
/// Writes a <see cref="NumberRegressor"/> as ONNX nodes. The output is "numbers", [N, outputs], each in its own unit.
/// </summary>
internal sealed class NumbersOnnx : TaskOnnx<NumberRegressor>
{
    protected override void Write(OnnxSheet sheet, NumberRegressor model)
    {
        var graph = sheet.Graph;
        var units = sheet.Layers.Linear(sheet.PooledFeatures(), "numbers", "units");
        var scaled = graph.Node("Mul", "scaled", [units, Constant("deviation", model.Deviation)]);
        var numbers = graph.Node("Add", "numbers", [scaled, Constant("mean", model.Mean)]);
        sheet.Output(numbers, "of each number", sheet.Named("Numbers"), sheet.Config.Model.Outputs);

        string Constant(string name, Tensor values) => graph.Constant(name, Flat(values), values.shape[0]);
    }

    protected override IReadOnlyDictionary<string, float[]> Expected(
        NumberRegressor model, Tensor input, CheckpointConfig config, bool decode)
    {
        using var numbers = model.forward(input);
        return new Dictionary<string, float[]> { ["numbers"] = Flat(numbers) };
    }
}
