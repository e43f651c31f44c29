using System.Text.RegularExpressions;
using Marrow.Weights;
using Marrow.Weights.PyTorch;

namespace Marrow.Exchange;

/// <summary>
/// Explains files whose norms are not there any more. An exporter multiplies a norm into the convolution before it, and
/// the product tells neither of the two; a program that saves parameters alone leaves the norms' statistics out. What
/// an exporter has only transposed is not lost, and is told apart.
/// </summary>
internal static partial class LostNorms
{
    private const string Statistics = ".running_mean";
    private const string Whole = "the weights of a network as they were trained, norms and convolutions apart";
    private const string ExportAgain =
        "What was folded can't be taken apart again. Name the file that this one was exported from, or export it "
            + "without folding: torch.onnx.export(..., training=torch.onnx.TrainingMode.TRAINING, "
            + "do_constant_folding=False).";

    /// <summary>
    /// Returns the error for a file with the names that PyTorch's exporter gives to convolutions with a norm in them,
    /// such as "onnx::Conv_193"; null for any other file.
    /// </summary>
    public static MarrowException? ByNames(string path, IEnumerable<WeightEntry> entries)
    {
        var folded = entries.Where(e => Folded().IsMatch(e.Name)).Select(e => e.Name).ToList();
        return folded.Count == 0
            ? null
            : MarrowException.Unsupported(
                path,
                Whole,
                $"{folded.Count} tensors such as '{PickleReader.Shown(folded[0])}', into which norms were folded",
                ExportAgain);
    }

    /// <summary>
    /// Returns the error for a file that has no statistics of any norm though the model has; null for any other file.
    /// </summary>
    /// <param name="model">The shapes of the model's tensors by their keys.</param>
    /// <param name="entries">The file's tensors by the keys that they have in the model.</param>
    public static MarrowException? ByKeys(
        string path, IReadOnlyDictionary<string, long[]> model, IReadOnlyDictionary<string, WeightEntry> entries)
    {
        var norms = model.Keys.Where(key => key.EndsWith(Statistics, StringComparison.Ordinal))
            .Select(key => key[..^Statistics.Length]).ToList();
        if (norms.Count == 0 || norms.Exists(norm => entries.ContainsKey(norm + Statistics)))
            return null;
        return norms.Exists(norm => entries.ContainsKey(norm + ".weight"))
            ? MarrowException.Bad(
                path,
                $"the means and variances of its {norms.Count} norms beside the parameters",
                "parameters alone",
                "Save all of the model's state: torch.save(model.state_dict(), 'weights.pth'), not its parameters.")
            : MarrowException.Unsupported(
                path, Whole, $"convolutions and none of its {norms.Count} norms, which were folded", ExportAgain);
    }

    /// <summary>
    /// Returns what to do about the matrices of a file that PyTorch's exporter has transposed, whose names it gives
    /// anew, such as "onnx::MatMul_193"; "" where there are none. No norm is in them.
    /// </summary>
    public static string AboutMatrices(IEnumerable<WeightEntry> entries) =>
        entries.FirstOrDefault(e => Turned().IsMatch(e.Name)) is { } entry
            ? $" '{PickleReader.Shown(entry.Name)}' {ShapeText.Of(entry.Shape)} is a matrix that the exporter has "
                + "transposed: say by a map of keys which it is, with \"transpose\": true (--keys)."
            : "";

    [GeneratedRegex(@"^onnx::Conv_\d+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Folded();

    [GeneratedRegex(@"^onnx::(MatMul|Gemm)_\d+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Turned();
}
