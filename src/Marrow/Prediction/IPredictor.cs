using Marrow.Findings;
using Marrow.Imaging;

namespace Marrow.Prediction;

/// <summary>
/// Turns a radiograph into a finding. Only one thread may use it at a time; <see cref="PredictorSet"/> serves several.
/// </summary>
internal interface IPredictor : IDisposable
{
    /// <summary>
    /// The smallest size at which an image may be decoded without loss for these weights; 0 for the full size.
    /// </summary>
    (int Width, int Height) DecodeSize { get; }

    /// <summary>
    /// The names of a table's columns between the file and the status. The table has one row for each image.
    /// </summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>
    /// The names of further tables, each with columns of its own, of findings that other checkpoints make; empty where
    /// all findings go into one table.
    /// </summary>
    IReadOnlyList<string> Tables => [];

    /// <summary>Returns the one of <see cref="Tables"/> into which a finding goes; null for the main table.</summary>
    string? TableOf(Finding finding) => null;

    /// <summary>Returns the columns of one of <see cref="Tables"/>; those of the main table for null.</summary>
    IReadOnlyList<string> ColumnsOf(string? table) => Columns;

    /// <summary>The names of outputs for which training saw no label. Their values are masked.</summary>
    IReadOnlyList<string> Untrained { get; }

    /// <summary>
    /// The names of the tasks whose findings contain masks, which is null where one task says everything; empty when
    /// findings contain none.
    /// </summary>
    IReadOnlyList<string?> Masks { get; }

    /// <summary>The checkpoints whose weights are used.</summary>
    IReadOnlyList<CheckpointUse> Checkpoints { get; }

    /// <summary>
    /// Names of the outputs whose answers can be explained by a map; empty when there are none.
    /// </summary>
    IReadOnlyList<string> Explainable { get; }

    /// <summary>Throws <see cref="MarrowException"/> when these answers can't be explained.</summary>
    /// <param name="names">Some of <see cref="Explainable"/>; empty for the default.</param>
    void RequireExplainable(IReadOnlyList<string> names);

    /// <summary>Says what the weights see on an image, or refuses it.</summary>
    Finding Predict(Radiograph radiograph, PredictionOptions options = default);

    /// <summary>Returns the finding for an image that could not be read.</summary>
    Finding Failed(string file, string reason);
}

/// <summary>A predictor that can say of each image how well its weights know such images.</summary>
internal interface IJudgingPredictor : IPredictor
{
    /// <summary>
    /// Returns how unfamiliar a whole image is: what is above 1 is refused. 0 for weights that can't judge it.
    /// </summary>
    double UnfamiliarityOf(Radiograph radiograph);
}
