namespace Marrow.Exchange;

/// <summary>The file formats that other programs read.</summary>
public enum ExportFormat
{
    /// <summary>The weights alone, as a safetensors file. Its metadata says what input the weights expect.</summary>
    Safetensors,

    /// <summary>The weights alone, as a PyTorch state dict that torch.load reads.</summary>
    Pth,

    /// <summary>The whole computation as an ONNX graph, which any ONNX runtime can execute.</summary>
    Onnx,

    /// <summary>A folder with all three files, laid out as Hugging Face's hub and MONAI expect it.</summary>
    Bundle,
}

/// <summary>
/// The number type in which matrices and convolution kernels are written. Norms and biases keep their own type.
/// </summary>
public enum WeightPrecision
{
    Stored,
    Float32,
    BFloat16,
}

/// <summary>Says which export to make, and where to write it.</summary>
public sealed class ExportRequest
{
    /// <summary>
    /// The default of <see cref="Tolerance"/>. The outputs of RetinaNet and DenseNet agree between libraries to about
    /// 1e-5 of the largest one.
    /// </summary>
    public const double DefaultTolerance = 1e-4;

    /// <summary>The format in which the checkpoint is written.</summary>
    public required ExportFormat Format { internal get; init; }

    /// <summary>
    /// The file to write or, for a bundle, the folder. In a folder that exists, a single file gets its usual name. Null
    /// stands for the usual name in the current folder.
    /// </summary>
    public string? Path { internal get; init; }

    /// <summary>
    /// The number type of the weights. Null keeps the stored types in a safetensors file and writes Float32 for
    /// PyTorch. ONNX files always have Float32.
    /// </summary>
    public WeightPrecision? Precision { internal get; init; }

    /// <summary>
    /// True to make the ONNX graph return probabilities, boxes and corners in input pixels instead of the model's raw
    /// numbers.
    /// </summary>
    public bool Decode { internal get; init; }

    /// <summary>
    /// The largest difference that is allowed between the outputs of ONNX Runtime and Marrow, as a share of the
    /// output's largest magnitude.
    /// </summary>
    public double Tolerance { internal get; init; } = DefaultTolerance;

    /// <summary>
    /// Paths of the images on which ONNX Runtime and Marrow are compared. Synthetic phantoms are used when the list is
    /// empty.
    /// </summary>
    public IReadOnlyList<string> CheckImages { internal get; init; } = [];

    /// <summary>True to replace a file or folder that exists already.</summary>
    public bool Overwrite { internal get; init; }
}
