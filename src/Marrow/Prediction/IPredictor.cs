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

    /// <summary>The names of outputs for which training saw no label. Their values are masked.</summary>
    IReadOnlyList<string> Untrained { get; }

    /// <summary>True when findings contain masks.</summary>
    bool GivesMasks { get; }

    /// <summary>The checkpoints whose weights are used.</summary>
    IReadOnlyList<CheckpointUse> Checkpoints { get; }

    /// <summary>Says what the weights see on an image, or refuses it.</summary>
    /// <param name="anyway">
    /// True to say it of an image that would be refused, too, with the reasons as warnings.
    /// </param>
    Finding Predict(Radiograph radiograph, bool anyway = false);

    /// <summary>Returns the finding for an image that could not be read.</summary>
    Finding Failed(string file, string reason);
}
