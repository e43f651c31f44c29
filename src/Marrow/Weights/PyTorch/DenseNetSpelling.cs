using System.Text.RegularExpressions;

namespace Marrow.Weights.PyTorch;

/// <summary>
/// The one spelling of a dense layer's keys among three: "denselayer1.norm1" as torchvision has it since 2018;
/// "denselayer1.norm.1" before, and in weights of that time; "denselayer1.layers.norm1" in MONAI.
/// </summary>
internal static partial class DenseNetSpelling
{
    /// <summary>"...denselayer3.norm.1.weight", "...denselayer3.layers.norm1.weight" -> "...denselayer3.norm1.weight".</summary>
    public static string Modern(string key) => key.Length <= LongestKey ? Layer().Replace(key, "$1.$2$3.") : key;

    private const int LongestKey = 512; // longer ones are no model's

    [GeneratedRegex(@"(denselayer\d+)(?:\.layers)?\.(norm|conv)\.?([12])\.", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Layer();
}
