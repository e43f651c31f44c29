using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Hub;

namespace Marrow.Prediction;

/// <summary>Says which checkpoints to measure, and on which data.</summary>
public sealed class EvaluationRequest
{
    /// <summary>
    /// The checkpoints: a single one, or a detector with an angle regressor, a refiner of its corners or both, which
    /// are then measured as one predictor. The caller disposes them.
    /// </summary>
    public required IReadOnlyList<Checkpoint> Checkpoints { internal get; init; }

    /// <summary>
    /// The hub that holds the detectors by which the checkpoints crop, and the ancestors that are asked which images
    /// they were trained on.
    /// </summary>
    public required LocalHub Hub { internal get; init; }

    /// <summary>
    /// The name of the data set. The images that the checkpoints held out are known only under the name that their
    /// training used.
    /// </summary>
    public required string Data { internal get; init; }

    /// <summary>The folder that holds the data set.</summary>
    public required string Root { internal get; init; }

    /// <summary>
    /// True to measure on all images, with a warning when some of them were trained on. False to measure only on the
    /// images that the checkpoints held out.
    /// </summary>
    public bool All { internal get; init; }

    /// <summary>
    /// The format of data that the checkpoints do not know, such as "csv"; null for data that they were trained on.
    /// </summary>
    public string? Format { internal get; init; }

    /// <summary>Changes how the data is read, compared with training; null to read it in the same way.</summary>
    public Func<DatasetOptions, DatasetOptions>? Change { internal get; init; }

    /// <summary>True to measure what fast predictions are worth (<see cref="PredictorSet.Fast"/>).</summary>
    public bool Fast { internal get; init; }

    /// <summary>The device on which the models compute.</summary>
    public DeviceChoice Device { internal get; init; }

    internal EvaluationSplit Split => All ? EvaluationSplit.All : EvaluationSplit.HeldOut;
}
