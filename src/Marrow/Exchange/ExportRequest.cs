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

    public required ExportFormat Format { internal get; init; }

    /// <summary>
    /// The file or, for a bundle, the folder to write; an existing folder gets the file under its usual name. Null:
    /// that name, here.
    /// </summary>
    public string? Path { internal get; init; }

    /// <summary>Null: as stored for safetensors, Float32 for PyTorch. ONNX is always Float32.</summary>
    public WeightPrecision? Precision { internal get; init; }

    /// <summary>
    /// ONNX gives probabilities, boxes and corners in input pixels in place of the model's raw numbers.
    /// </summary>
    public bool Decode { internal get; init; }

    /// <summary>
    /// Largest difference allowed between ONNX Runtime and Marrow, as a share of the output's largest magnitude.
    /// </summary>
    public double Tolerance { internal get; init; } = DefaultTolerance;

    /// <summary>Images (files) on which both are compared; empty: phantoms.</summary>
    public IReadOnlyList<string> CheckImages { internal get; init; } = [];

    /// <summary>Replaces what is there.</summary>
    public bool Overwrite { internal get; init; }
}
