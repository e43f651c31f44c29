namespace Marrow.Exchange.Onnx;

/// <summary>The comparison that every ONNX file passed; stored in its metadata.</summary>
/// <param name="Images">"4 phantoms", "3 images of films".</param>
/// <param name="Batches">Sizes of the batches.</param>
internal sealed record OnnxComparison(
    string Runtime, string Images, IReadOnlyList<int> Batches, double Tolerance,
    IReadOnlyList<OutputDifference> Outputs);

/// <summary>How far ONNX Runtime's output was from Marrow's.</summary>
/// <param name="Largest">Magnitude of Marrow's output.</param>
/// <param name="Absolute">
/// Largest difference; for "selected", how many detections only one of the two keeps.
/// </param>
/// <param name="Relative"><paramref name="Absolute"/> over <paramref name="Largest"/>.</param>
internal sealed record OutputDifference(string Name, double Largest, double Absolute, double Relative);
