using System.Globalization;

namespace Marrow.Backbones;

/// <summary>
/// The names of the weights in ResNet18.onnx of ML.NET's package Microsoft.ML.DnnImageFeaturizer.ResNet18 0.23.1. CNTK
/// numbered what it wrote: convolutions by one number; of a norm, weight and bias are parameters n and n + 1, mean and
/// variance constants n + 2 and n + 3.
/// </summary>
internal static class CntkResNet
{
    /// <summary>A block's convolutions and norms in their order; those of its shortcut last.</summary>
    private static readonly (string Convolution, int Number, string Norm, int First)[] Layers =
    [
        ("conv1", 91, "bn1", 96),
        .. Block("layer1.0", (86, 113), (82, 127)),
        .. Block("layer1.1", (77, 144), (73, 158)),
        .. Block("layer2.0", (68, 175), (64, 189), (199, 203)),
        .. Block("layer2.1", (59, 220), (55, 234)),
        .. Block("layer3.0", (50, 251), (46, 265), (275, 279)),
        .. Block("layer3.1", (41, 296), (37, 310)),
        .. Block("layer4.0", (32, 327), (28, 341), (351, 355)),
        .. Block("layer4.1", (23, 372), (19, 386)),
        .. Block("layer4.2", (14, 403), (10, 417)),
    ];

    /// <summary>Marrow's keys by the file's names.</summary>
    public static readonly IReadOnlyDictionary<string, string> Keys = Layers.SelectMany(Pairs).ToDictionary();

    private static IEnumerable<KeyValuePair<string, string>> Pairs(
        (string Convolution, int Number, string Norm, int First) layer) =>
    [
        new(Name("Parameter", layer.Number), $"{layer.Convolution}.weight"),
        new(Name("Parameter", layer.First), $"{layer.Norm}.weight"),
        new(Name("Parameter", layer.First + 1), $"{layer.Norm}.bias"),
        new(Name("Constant", layer.First + 2), $"{layer.Norm}.running_mean"),
        new(Name("Constant", layer.First + 3), $"{layer.Norm}.running_var"),
    ];

    private static IEnumerable<(string, int, string, int)> Block(string key, params (int Number, int First)[] layers) =>
        layers.Select((layer, i) => i < 2
            ? ($"{key}.conv{i + 1}", layer.Number, $"{key}.bn{i + 1}", layer.First)
            : ($"{key}.downsample.0", layer.Number, $"{key}.downsample.1", layer.First));

    private static string Name(string kind, int number) => kind + number.ToString(CultureInfo.InvariantCulture);
}
