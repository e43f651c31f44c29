using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Hub;

namespace Marrow.Prediction;

/// <summary>Which checkpoints are measured, and on which data.</summary>
public sealed class EvaluationRequest
{
    /// <summary>
    /// One checkpoint; or a detector with a regressor or a refiner of its corners or both, to measure what they come to
    /// together. They stay the caller's to dispose.
    /// </summary>
    public required IReadOnlyList<Checkpoint> Checkpoints { internal get; init; }

    /// <summary>Where the detectors that they crop by are, and the ancestors that are asked what they saw.</summary>
    public required LocalHub Hub { internal get; init; }

    /// <summary>The data by the name under which the checkpoints were trained on it, or another.</summary>
    public required string Data { internal get; init; }

    /// <summary>The folder of the data.</summary>
    public required string Root { internal get; init; }

    /// <summary>
    /// All images, with a warning where some were trained on; without it those that the checkpoints themselves held
    /// out.
    /// </summary>
    public bool All { internal get; init; }

    /// <summary>How data is read that the checkpoints do not know: "csv"; null for data that they do.</summary>
    public string? Format { internal get; init; }

    /// <summary>How the data is read otherwise than for training; null where it is read the same.</summary>
    public Func<DatasetOptions, DatasetOptions>? Change { internal get; init; }

    /// <summary>Where the models compute.</summary>
    public DeviceChoice Device { internal get; init; }

    internal EvaluationSplit Split => All ? EvaluationSplit.All : EvaluationSplit.HeldOut;
}
