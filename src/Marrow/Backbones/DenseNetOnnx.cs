using Marrow.Onnx;

namespace Marrow.Backbones;

/// <summary>DenseNet as ONNX nodes, in the order of <see cref="DenseNetFeatures"/>.</summary>
internal static class DenseNetOnnx
{
    /// <summary>The maps of <see cref="DenseNetFeatures.ForwardPyramid"/>.</summary>
    /// <param name="prefix">Of the backbone's keys.</param>
    public static IReadOnlyList<string> Pyramid(OnnxLayers layers, string image, string prefix, int firstLevel)
    {
        var graph = layers.Graph;
        var stem = layers.Relu(layers.BatchNorm(layers.Convolution(image, $"{prefix}conv0"), $"{prefix}norm0"));
        var x = graph.Node("MaxPool", $"{prefix}pool0", [stem],
            OnnxAttribute.Integers("kernel_shape", 3, 3), OnnxAttribute.Integers("strides", 2, 2),
            OnnxAttribute.Integers("pads", 1, 1, 1, 1));
        var maps = new List<string>();
        if (firstLevel <= 1)
            maps.Add(stem);
        for (var block = 1; layers.Has($"{prefix}denseblock{block}"); block++)
        {
            x = DenseBlock(layers, x, $"{prefix}denseblock{block}");
            var transition = $"{prefix}transition{block}";
            var last = !layers.Has(transition);
            var map = layers.Relu(layers.BatchNorm(x, last ? $"{prefix}norm5" : $"{transition}.norm"));
            if (block + 1 >= firstLevel) // block 1 is level 2
                maps.Add(map);
            if (!last)
                x = graph.Node("AveragePool", $"{transition}.pool", [layers.Convolution(map, $"{transition}.conv")],
                    OnnxAttribute.Integers("kernel_shape", 2, 2), OnnxAttribute.Integers("strides", 2, 2));
        }
        return maps;
    }

    private static string DenseBlock(OnnxLayers layers, string x, string block)
    {
        for (var layer = 1; layers.Has($"{block}.denselayer{layer}"); layer++)
        {
            var key = $"{block}.denselayer{layer}";
            var narrow = layers.Convolution(layers.Relu(layers.BatchNorm(x, $"{key}.norm1")), $"{key}.conv1");
            var added = layers.Convolution(layers.Relu(layers.BatchNorm(narrow, $"{key}.norm2")), $"{key}.conv2");
            x = layers.Graph.Node("Concat", key, [x, added], OnnxAttribute.Integer("axis", 1));
        }
        return x;
    }
}
