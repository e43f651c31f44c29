using Marrow.Findings;
using Marrow.Imaging;

namespace Marrow.Prediction;

/// <summary>Radiograph -> finding. Not for use by several threads at once; <see cref="PredictorSet"/> is.</summary>
internal interface IPredictor : IDisposable
{
    /// <summary>
    /// Smallest size at which an image may be decoded without loss for these weights; 0 for its full size.
    /// </summary>
    (int Width, int Height) DecodeSize { get; }

    /// <summary>Of a table with a row an image, between the file and the status.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>Outputs of which no label was seen in training: they are masked.</summary>
    IReadOnlyList<string> Untrained { get; }

    /// <summary>Whether findings have masks.</summary>
    bool GivesMasks { get; }

    /// <summary>The weights that are used.</summary>
    IReadOnlyList<CheckpointUse> Checkpoints { get; }

    Finding Predict(Radiograph radiograph);

    /// <summary>Of an image that could not be read.</summary>
    Finding Failed(string file, string reason);
}
