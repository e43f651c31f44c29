// Quantised weights are whole numbers of few bits that mean nothing without the scales beside them, and each program
// has a form of its own. None is read here; a file with any is refused with a sentence that names it, before its
// numbers can be taken for weights. The forms are those of bitsandbytes (bitsandbytes/nn/modules.py), GPTQ and AWQ
// (their layers QLinear) and ONNX Runtime's quantisation tool (onnxruntime/quantization).

using TorchSharp;

namespace Marrow.Weights;

/// <summary>Recognises quantised weights by the tensors that stand beside them.</summary>
internal static class QuantizedWeights
{
    /// <summary>Endings of the names of scales, in place of a weight's own name or behind it.</summary>
    private static readonly string[] Scales =
        ["_scale", ".scale", "_scales", ".scales", "_scale_inv", ".SCB", ".absmax", ".quant_map", "_zero_point"];

    /// <summary>Endings of names that only quantised weights have, and what they are.</summary>
    private static readonly (string Ending, string What)[] Packed =
    [
        ("qweight", "numbers of few bits packed into int32, as GPTQ and AWQ store them"),
        ("qzeros", "zero points packed into int32, as GPTQ and AWQ store them"),
        ("SCB", "the scales of 8-bit weights of bitsandbytes"),
        ("quant_map", "the table of 4-bit weights of bitsandbytes"),
        ("bitsandbytes__nf4", "the state of 4-bit weights of bitsandbytes"),
        ("bitsandbytes__fp4", "the state of 4-bit weights of bitsandbytes"),
    ];

    /// <summary>Throws <see cref="MarrowException"/> when a tensor of the file is quantised.</summary>
    public static void Refuse(WeightFile file)
    {
        foreach (var entry in file.Entries)
        {
            if (Of(file, entry) is { } what)
                throw Refusal(file.Path, PyTorch.PickleReader.Shown(entry.Name), what);
        }
    }

    /// <summary>Returns the error for a quantised tensor.</summary>
    public static MarrowException Refusal(string path, string name, string what) =>
        MarrowException.Unsupported(
            path,
            "weights of plain floating-point numbers",
            $"'{name}', {what}",
            "Dequantise the model in Python, where you trust the file, and save it again, or fetch the weights before "
                + "they were quantised: docs/how-to-import.md has the two lines of Python.");

    /// <summary>Says what a quantised tensor is; null for any other one.</summary>
    private static string? Of(WeightFile file, WeightEntry entry)
    {
        var leaf = entry.Name[(entry.Name.LastIndexOf('.') + 1)..];
        if (Packed.FirstOrDefault(p => p.Ending == leaf) is { What: { } what })
            return what;
        if (entry.Type is not (torch.ScalarType.Int8 or torch.ScalarType.Byte) || entry.Shape.Length < 2)
            return null;
        var stem = entry.Name.EndsWith("_quantized", StringComparison.Ordinal)
            ? entry.Name[..^"_quantized".Length]
            : entry.Name;
        var beside = entry.Name[..^leaf.Length].TrimEnd('.');
        if (Scales.FirstOrDefault(s => file.Contains(stem + s) || beside.Length > 0 && file.Contains(beside + s))
            is { } scale)
            return $"numbers of 8 bits ({entry.Type}) whose scales stand beside them ('{scale}')";
        return leaf == "weight" ? $"numbers of 8 bits ({entry.Type}) in place of weights" : null;
    }
}
