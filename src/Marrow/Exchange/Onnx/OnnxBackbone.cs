using Marrow.Backbones;

namespace Marrow.Exchange.Onnx;

/// <summary>A backbone as ONNX nodes. This is the one place that must be told of a new kind.</summary>
internal static class OnnxBackbone
{
    /// <summary>The last map, [N, F, h, w].</summary>
    /// <param name="prefix">What the backbone's keys begin with: "features.".</param>
    public static string Last(OnnxLayers layers, string image, string prefix) =>
        Pyramid(layers, image, prefix, layers.Module<Backbone>(prefix.TrimEnd('.')).Levels.Count)[0];

    /// <summary>The maps of <see cref="Backbone.ForwardPyramid"/>.</summary>
    /// <param name="prefix">What the backbone's keys begin with: "features.".</param>
    /// <param name="firstLevel">1 to 5.</param>
    public static IReadOnlyList<string> Pyramid(OnnxLayers layers, string image, string prefix, int firstLevel) =>
        layers.Module<Backbone>(prefix.TrimEnd('.')) switch
        {
            DenseNetFeatures => OnnxDenseNet.Pyramid(layers, image, prefix, firstLevel),
            var other => throw MarrowException.Bad("onnx", "a backbone that can be written as ONNX nodes: a DenseNet",
                other.GetName(), "Export it as safetensors or pth."),
        };
}
