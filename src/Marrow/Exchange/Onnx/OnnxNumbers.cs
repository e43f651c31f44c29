using Marrow.Computing;
using Marrow.Tasks.Numbers;

namespace Marrow.Exchange.Onnx;

/// <summary><see cref="NumberRegressor"/> as ONNX nodes.</summary>
internal static class OnnxNumbers
{
    /// <summary>"numbers", [N, outputs], each in its own unit.</summary>
    public static string Numbers(OnnxLayers layers, string image, NumberRegressor model)
    {
        var graph = layers.Graph;
        var features = OnnxBackbone.Last(layers, image, "features.");
        var pooled = graph.Node("Flatten", "features.flat", [graph.Node("GlobalAveragePool", "features.mean", [features])]);
        var scaled = graph.Node("Mul", "scaled", [layers.Linear(pooled, "numbers", "units"), Constant("deviation", model.Deviation)]);
        return graph.Node("Add", "numbers", [scaled, Constant("mean", model.Mean)]);

        string Constant(string name, TorchSharp.torch.Tensor values) => graph.Constant(name, values.Values<float>(), values.shape[0]);
    }
}
