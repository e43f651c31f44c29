using Marrow.Tasks.Classify;

namespace Marrow.Exchange.Onnx;

/// <summary><see cref="Classifier"/> as ONNX nodes.</summary>
internal static class OnnxClassifier
{
    /// <summary>"logits", [N, outputs].</summary>
    public static string Logits(OnnxLayers layers, string image)
    {
        var features = OnnxBackbone.Last(layers, image, "features.");
        var pooled = layers.Graph.Node("GlobalAveragePool", "features.mean", [features]);
        return layers.Linear(layers.Graph.Node("Flatten", "features.flat", [pooled]), "classifier", "logits");
    }
}
