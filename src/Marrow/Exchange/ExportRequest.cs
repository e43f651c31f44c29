using System.Text.Json.Serialization;
using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>What other programs read.</summary>
public enum ExportFormat
{
    /// <summary>The weights alone, with what they expect in the file's metadata.</summary>
    Safetensors,

    /// <summary>A state dict for torch.load.</summary>
    Pth,

    /// <summary>The whole computation, for any runtime of ONNX.</summary>
    Onnx,

    /// <summary>A folder with all three, as Hugging Face's hub and MONAI lay one out.</summary>
    Bundle,
}

/// <summary>The type in which matrices and kernels are written; norms and biases keep theirs.</summary>
public enum WeightPrecision
{
    Stored,
    Float32,
    BFloat16,
}

/// <summary>What to export, and where to.</summary>
public sealed class ExportRequest
{
    /// <summary>RetinaNet's and DenseNet's numbers agree between libraries to about 1e-5 of the largest one.</summary>
    public const double DefaultTolerance = 1e-4;

    public required ExportFormat Format { get; init; }

    /// <summary>
    /// The file or, for a bundle, the folder to write; an existing folder gets the file under its usual name. Null:
    /// that name, here.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Null: as stored for safetensors, Float32 for PyTorch. ONNX is always Float32.</summary>
    public WeightPrecision? Precision { get; init; }

    /// <summary>
    /// ONNX gives probabilities, boxes and corners in input pixels in place of the model's raw numbers.
    /// </summary>
    public bool Decode { get; init; }

    /// <summary>
    /// Largest difference allowed between ONNX Runtime and Marrow, as a share of the output's largest magnitude.
    /// </summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    /// <summary>Images (files) on which both are compared; empty: phantoms.</summary>
    public IReadOnlyList<string> CheckImages { get; init; } = [];

    /// <summary>Replaces what is there.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>How far ONNX Runtime's output was from Marrow's.</summary>
public sealed class OutputDifference
{
    internal OutputDifference(string name, double largest, double absolute, double relative) =>
        (Name, Largest, Absolute, Relative) = (name, largest, absolute, relative);

    public string Name { get; }

    /// <summary>Magnitude of Marrow's output.</summary>
    public double Largest { get; }

    /// <summary>Largest difference; for "selected", how many detections only one of the two keeps.</summary>
    public double Absolute { get; }

    /// <summary><see cref="Absolute"/> over <see cref="Largest"/>.</summary>
    public double Relative { get; }
}

/// <summary>The comparison that every ONNX file passed; stored in its metadata.</summary>
public sealed class OnnxComparison
{
    internal OnnxComparison(
        string runtime, string images, IReadOnlyList<int> batches, double tolerance,
        IReadOnlyList<OutputDifference> outputs) =>
        (Runtime, Images, Batches, Tolerance, Outputs) = (runtime, images, batches, tolerance, outputs);

    public string Runtime { get; }

    /// <summary>"4 phantoms", "3 images of films".</summary>
    public string Images { get; }

    /// <summary>Sizes of the batches.</summary>
    [JsonInclude] internal IReadOnlyList<int> Batches { get; }

    public double Tolerance { get; }

    public IReadOnlyList<OutputDifference> Outputs { get; }
}

/// <summary>What was written.</summary>
public sealed class ExportResult
{
    internal ExportResult(
        ExportFormat format, string path, IReadOnlyList<string> files, long bytes, string license,
        IReadOnlyList<LicensedAncestor> ancestors, OnnxComparison? comparison = null) =>
        (
            Format, Path, Files, Bytes, License, Ancestors, Comparison) = (
            format, path, files, bytes, license, ancestors, comparison);

    public ExportFormat Format { get; }

    public string Path { get; }

    public IReadOnlyList<string> Files { get; }

    /// <summary>Of all files together.</summary>
    public long Bytes { get; }

    public string License { get; }

    public IReadOnlyList<LicensedAncestor> Ancestors { get; }

    /// <summary>Null where no ONNX file was written.</summary>
    public OnnxComparison? Comparison { get; }
}
