using Marrow.Onnx;
using TorchSharp.Modules;

namespace Marrow.Backbones;

/// <summary>ResNet as ONNX nodes, in the order of <see cref="ResNetFeatures"/>.</summary>
internal static class ResNetOnnx
{
    /// <summary>The maps of <see cref="ResNetFeatures.ForwardPyramid"/>.</summary>
    /// <param name="prefix">Of the backbone's keys.</param>
    public static IReadOnlyList<string> Pyramid(
        OnnxLayers layers, string image, string prefix, int firstLevel, StridePadding padding)
    {
        var stem = layers.Relu(layers.BatchNorm(Convolution(layers, image, $"{prefix}conv1", padding), $"{prefix}bn1"));
        var x = layers.Graph.Node("MaxPool", $"{prefix}maxpool", [stem],
            OnnxAttribute.Integers("kernel_shape", 3, 3), OnnxAttribute.Integers("strides", 2, 2),
            padding == StridePadding.Even ? OnnxAttribute.Integers("pads", 1, 1, 1, 1) : OnnxAttribute.SameLower());
        var maps = new List<string>();
        if (firstLevel <= 1)
            maps.Add(stem);
        for (var layer = 1; layers.Has($"{prefix}layer{layer}"); layer++)
        {
            for (var block = 0; layers.Has($"{prefix}layer{layer}.{block}"); block++)
                x = Block(layers, x, $"{prefix}layer{layer}.{block}", padding);
            if (layer + 1 >= firstLevel) // layer 1 is level 2
                maps.Add(x);
        }
        return maps;
    }

    private static string Block(OnnxLayers layers, string input, string key, StridePadding padding)
    {
        var x = input;
        for (var i = 1; layers.Has($"{key}.conv{i}"); i++)
        {
            x = layers.BatchNorm(Convolution(layers, x, $"{key}.conv{i}", padding), $"{key}.bn{i}");
            if (layers.Has($"{key}.conv{i + 1}"))
                x = layers.Relu(x);
        }
        var shortcut = layers.Has($"{key}.downsample")
            ? layers.BatchNorm(layers.Convolution(input, $"{key}.downsample.0"), $"{key}.downsample.1")
            : input;
        return layers.Relu(layers.Graph.Node("Add", key, [x, shortcut]));
    }

    private static string Convolution(OnnxLayers layers, string x, string key, StridePadding padding) =>
        layers.Convolution(x, key, padding: StridedWindows.IsUneven(layers.Module<Conv2d>(key), padding)
            ? OnnxAttribute.SameLower()
            : null);
}
