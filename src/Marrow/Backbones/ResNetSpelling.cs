using System.Globalization;
using System.Text.RegularExpressions;

namespace Marrow.Backbones;

/// <summary>
/// ResNet's keys: torchvision's own, which most programs have. Where the children of torchvision's module were put into
/// a sequence, as RadImageNet's files have them, the layers are numbers: "4.0.conv1" is "layer1.0.conv1". ML.NET's
/// ResNet18.onnx, which CNTK wrote, numbers its weights; they are known by all of those numbers together.
/// </summary>
internal sealed partial class ResNetSpelling : BackboneSpelling
{
    private const int ShownLayers = 8; // in a message
    private const int LongestKey = 512; // longer ones are no model's
    private const char FirstLayer = '4'; // of the children: conv1, bn1, relu, maxpool, layer1

    public static readonly ResNetSpelling Instance = new();

    public override string Kind => "ResNet";

    public override string Sources =>
        "ResNet classifiers of torchvision, with 18, 34 or 50 layers, and ML.NET's ResNet18.onnx";

    public override string Mark => "layer1.0.conv1.";

    public override string FirstConvolution => "conv1.weight";

    /// <summary>
    /// Of torchvision, of heads in a sequence, the second of which begins with dropout, and of modules that hold
    /// backbone and head side by side.
    /// </summary>
    public override IReadOnlyList<string> Heads =>
        ["fc.", "fc.0.", "fc.1.", "classifier.", "classifier.0.", "classifier.1.", "head."];

    public override (string Models, string File)? Torchvision =>
        ("resnet18, resnet34 and resnet50", "torchvision/models/resnet.py");

    public override IReadOnlyDictionary<string, string> Numbered => CntkResNet.Keys;

    public override IReadOnlyDictionary<string, string> FirstInSequence { get; } =
        new Dictionary<string, string> { ["0."] = "conv1.", ["1."] = "bn1." };

    /// <summary>
    /// "...4.0.conv1.weight" to "...7.1.bn2.bias" of a sequence become "...layer1.0.conv1.weight" to
    /// "...layer4.1.bn2.bias".
    /// </summary>
    public override string Own(string key) => key.Length <= LongestKey
        ? InSequence().Replace(key, m => $"{m.Groups[1].Value}layer{m.Groups[2].Value[0] - FirstLayer + 1}.")
        : key;

    /// <summary>
    /// The blocks of each layer, whether they have three convolutions, and the channels of the first; 0 without it.
    /// </summary>
    public static (IReadOnlyList<int> Blocks, bool Bottlenecks, long Width) Sizes(
        IReadOnlyDictionary<string, long[]> shapes)
    {
        var blocks = shapes.Keys.Select(key => Place().Match(key)).Where(m => m.Success)
            .Select(m => (Layer: m.Groups[1].Value, Block: m.Groups[2].Value)).Distinct().CountBy(b => b.Layer)
            .OrderBy(b => b.Key.Length).ThenBy(b => b.Key, StringComparer.Ordinal).Select(b => b.Value);
        return ([.. blocks], shapes.ContainsKey("layer1.0.conv3.weight"),
            shapes.GetValueOrDefault("layer1.0.conv1.weight") is [var width, ..] ? width : 0);
    }

    public override string Describe(IReadOnlyDictionary<string, long[]> shapes)
    {
        var (blocks, bottlenecks, width) = Sizes(shapes);
        return string.Create(CultureInfo.InvariantCulture,
            $"layers of {string.Join(", ", blocks.Take(ShownLayers))} blocks of {(bottlenecks ? 3 : 2)} convolutions, ")
            + string.Create(CultureInfo.InvariantCulture, $"{width} channels in the first");
    }

    [GeneratedRegex(@"^layer(\d+)\.(\d+)\.", RegexOptions.CultureInvariant)]
    private static partial Regex Place();

    [GeneratedRegex(@"(^|\.)([4-7])\.(?=\d+\.(?:conv[123]|bn[123]|downsample)\.)", RegexOptions.CultureInvariant)]
    private static partial Regex InSequence();
}
