using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Hub;
using Marrow.Tasks.Familiarity;

namespace Marrow.Prediction;

/// <summary>Says which checkpoint is to learn from which images what is familiar to it.</summary>
public sealed class CalibrationRequest
{
    /// <summary>The share of images like those given that may be refused, unless another is asked for.</summary>
    public const double UsualRate = FamiliarityFit.UsualRate;

    /// <summary>The checkpoint, which stays as it is. The caller disposes it.</summary>
    public required Checkpoint Checkpoint { internal get; init; }

    /// <summary>The hub that gets the new checkpoint, and that holds the detector by which the old one crops.</summary>
    public required LocalHub Hub { internal get; init; }

    /// <summary>The name of the data set, as the checkpoint's training named it.</summary>
    public required string Data { internal get; init; }

    /// <summary>The folder that holds the data set.</summary>
    public required string Root { internal get; init; }

    /// <summary>
    /// The format of data on which the checkpoint was not trained, such as "csv"; null for the data that it was trained
    /// on, of which it knows what it held out.
    /// </summary>
    public string? Format { internal get; init; }

    /// <summary>The share of images like these that may be refused, above 0 and at most 0.2.</summary>
    public double Rate { internal get; init; } = UsualRate;

    /// <summary>The device on which the model computes.</summary>
    public DeviceChoice Device { internal get; init; }
}
