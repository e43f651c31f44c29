using System.Globalization;
using System.Text.RegularExpressions;

namespace Marrow.Backbones;

/// <summary>
/// ResNet's keys: torchvision's own, which most programs have. ML.NET's ResNet18.onnx, which CNTK wrote, numbers its
/// weights; they are known by all of those numbers together.
/// </summary>
internal sealed partial class ResNetSpelling : BackboneSpelling
{
    private const int ShownLayers = 8; // in a message

    public static readonly ResNetSpelling Instance = new();

    public override string Kind => "ResNet";

    public override string Sources =>
        "ResNet classifiers of torchvision, with 18, 34 or 50 layers, and ML.NET's ResNet18.onnx";

    public override string Mark => "layer1.0.conv1.";

    public override string FirstConvolution => "conv1.weight";

    public override IReadOnlyList<string> Heads => ["fc.", "classifier."];

    public override (string Models, string File)? Torchvision =>
        ("resnet18, resnet34 and resnet50", "torchvision/models/resnet.py");

    public override IReadOnlyDictionary<string, string> Numbered => CntkResNet.Keys;

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
}
