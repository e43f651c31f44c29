namespace Marrow.Exchange.Onnx;

/// <summary>The comparison that every ONNX file passed; stored in its metadata.</summary>
/// <param name="Images">Describes the images, such as "4 phantoms" or "3 images of films".</param>
/// <param name="Batches">The sizes of the batches.</param>
internal sealed record OnnxComparison(
    string Runtime, string Images, IReadOnlyList<int> Batches, double Tolerance,
    IReadOnlyList<OutputDifference> Outputs);

/// <summary>The difference between the outputs of ONNX Runtime and Marrow.</summary>
/// <param name="Largest">The largest magnitude in Marrow's output.</param>
/// <param name="Absolute">
/// The largest difference. For the output "selected" it is the number of detections that only one of the two keeps.
/// </param>
/// <param name="Relative"><paramref name="Absolute"/> over <paramref name="Largest"/>.</param>
internal sealed record OutputDifference(string Name, double Largest, double Absolute, double Relative);
