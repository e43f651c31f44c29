using System.Globalization;
using System.Text.RegularExpressions;

namespace Marrow.Backbones;

/// <summary>
/// The one spelling of a dense layer's keys among three: "denselayer1.norm1" as torchvision has it since 2018;
/// "denselayer1.norm.1" before, and in weights of that time; "denselayer1.layers.norm1" in MONAI.
/// </summary>
internal sealed partial class DenseNetSpelling : BackboneSpelling
{
    private const int LongestKey = 512; // longer ones are no model's
    private const int ShownBlocks = 8; // in a message

    public static readonly DenseNetSpelling Instance = new();

    public override string Kind => "DenseNet";

    public override string Sources => "DenseNet classifiers of torchvision, torchxrayvision, CheXNet and MONAI";

    public override string Mark => "denseblock1.denselayer1.";

    public override string FirstConvolution => "conv0.weight";

    /// <summary>
    /// Of torchvision and torchxrayvision, of CheXNet, whose head ends with a sigmoid, of heads that begin with
    /// dropout, of MONAI, and of modules that hold backbone and head side by side.
    /// </summary>
    public override IReadOnlyList<string> Heads =>
        ["classifier.", "classifier.0.", "classifier.1.", "class_layers.out.", "fc.", "head."];

    public override (string Models, string File)? Torchvision =>
        ("densenet121, densenet169 and densenet201", "torchvision/models/densenet.py");

    public override string Own(string key) => Modern(key);

    /// <summary>
    /// "...denselayer3.norm.1.weight", "...denselayer3.layers.norm1.weight" -> "...denselayer3.norm1.weight".
    /// </summary>
    public static string Modern(string key) => key.Length <= LongestKey ? Layer().Replace(key, "$1.$2$3.") : key;

    /// <summary>
    /// The layers of each block, the stem's channels and what each layer adds; 0 where there is no such weight.
    /// </summary>
    public static (IReadOnlyList<int> Layers, long Stem, long Growth) Sizes(IReadOnlyDictionary<string, long[]> shapes)
    {
        var layers = shapes.Keys.Select(key => Place().Match(key)).Where(m => m.Success)
            .Select(m => (Block: m.Groups[1].Value, Layer: m.Groups[2].Value)).Distinct().CountBy(l => l.Block)
            .OrderBy(b => b.Key.Length).ThenBy(b => b.Key, StringComparer.Ordinal).Select(b => b.Value);
        return ([.. layers], First("conv0.weight"), First("denseblock1.denselayer1.conv2.weight"));

        long First(string key) => shapes.GetValueOrDefault(key) is [var first, ..] ? first : 0;
    }

    public override string Describe(IReadOnlyDictionary<string, long[]> shapes)
    {
        var (layers, stem, growth) = Sizes(shapes);
        return layers.Count == 0
            ? "no dense blocks"
            : string.Create(CultureInfo.InvariantCulture,
                $"dense blocks of {string.Join(", ", layers.Take(ShownBlocks))} layers, {stem} channels in the stem, ")
                + string.Create(CultureInfo.InvariantCulture, $"growth {growth}");
    }

    [GeneratedRegex(@"(denselayer\d+)(?:\.layers)?\.(norm|conv)\.?([12])\.",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Layer();

    [GeneratedRegex(@"^denseblock(\d+)\.denselayer(\d+)\.", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
