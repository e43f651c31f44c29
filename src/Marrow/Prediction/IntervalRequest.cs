using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Tasks.Intervals;

namespace Marrow.Prediction;

/// <summary>Says which checkpoint is to learn intervals from the errors of which cross-validation.</summary>
public sealed class IntervalRequest
{
    /// <summary>The share of films whose true angle an interval holds, unless another is asked for.</summary>
    public const double UsualLevel = SpineCalibrationFit.UsualLevel;

    /// <summary>
    /// The checkpoint that gives the final corners, a model of strips or a detector, which stays as it is. The caller
    /// disposes it.
    /// </summary>
    public required Checkpoint Checkpoint { internal get; init; }

    /// <summary>The hub that gets the new checkpoint.</summary>
    public required LocalHub Hub { internal get; init; }

    /// <summary>The folder of a cross-validation of the checkpoint's recipe.</summary>
    public required string FoldsFolder { internal get; init; }

    /// <summary>
    /// The checkpoints beside which it is used, which the caller disposes; null for those that a prediction takes from
    /// the hub when none is named: for a model of strips the newest detector.
    /// </summary>
    public IReadOnlyList<Checkpoint>? Beside { internal get; init; }

    /// <summary>The share of films whose true angle an interval is to hold, 0.5 to 0.99.</summary>
    public double Level { internal get; init; } = UsualLevel;
}
