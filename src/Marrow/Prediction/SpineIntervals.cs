using Marrow.Checkpoints;
using Marrow.Findings;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Intervals;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Finds the calibration that holds for the checkpoints of a prediction, and asks it. It is that of the checkpoint
/// which gives the final corners: a model of strips where there is one, otherwise the detector. Beside other
/// checkpoints than those it was made with, it says nothing.
/// </summary>
internal sealed class SpineIntervals
{
    /// <param name="checkpoints">All checkpoints of the prediction.</param>
    public SpineIntervals(IEnumerable<Checkpoint> checkpoints)
    {
        Checkpoint[] measuring = [.. checkpoints.Where(checkpoint => RoleOf(checkpoint) != SpineRole.Angles)];
        var hasStrip = measuring.Any(checkpoint => RoleOf(checkpoint) == SpineRole.Strip);
        foreach (var checkpoint in measuring)
        {
            if ((hasStrip && RoleOf(checkpoint) != SpineRole.Strip)
                || (checkpoint.Config.ReadDecoding(checkpoint.Name) as CornersDecoding)?.Calibration
                    is not { } calibration)
                continue;
            if (calibration.HoldsBeside(measuring.Where(other => other != checkpoint).Select(BesideOf)))
            {
                (Calibration, WhyNone) = (calibration, null);
                return;
            }
            var beside = string.Join(" and ", calibration.Beside.Select(other => other.Name));
            WhyNone = $"No intervals: those of {checkpoint.Name} were learnt "
                + $"{(beside.Length == 0 ? "of it alone" : $"beside {beside}")}, and here other weights, or further "
                + "models, measure with it.";
        }
    }

    /// <summary>The calibration that holds; null when there is none.</summary>
    public SpineCalibration? Calibration { get; }

    /// <summary>
    /// A sentence that says why a checkpoint's calibration does not hold; null where one does, and where none has any.
    /// </summary>
    public string? WhyNone { get; }

    /// <summary>Returns how another checkpoint's calibration names this one.</summary>
    public static CalibratedBeside BesideOf(Checkpoint checkpoint)
    {
        using var scope = NewDisposeScope();
        var weights = checkpoint.Weights;
        return new(
            checkpoint.Name,
            Digest.OfHex(TensorDigest.Of(
                weights.Entries.Select(entry => KeyValuePair.Create(entry.Name, weights.Read(entry.Name))))));
    }

    private static SpineRole? RoleOf(Checkpoint checkpoint) => TaskCatalogue.Get(checkpoint.Config.Task).SpineRole;

    /// <summary>Returns the spine with its intervals; the same one where nothing is known of them.</summary>
    public SpinePart Of(SpinePart spine) =>
        spine.Spreads.Count > 0 && Calibration is { } calibration && spine.LandmarkAngles is { } angles
            ? new(spine)
            {
                Intervals = calibration.Around(angles.Degrees, spine.Spreads),
                IntervalLevel = calibration.Level,
            }
            : spine;

    /// <summary>
    /// Returns the probability that cobb1 of the corners is within so many degrees of the truth; null where it is not
    /// known.
    /// </summary>
    /// <param name="detector">The detector's own confidence, 0 to 1.</param>
    public (double Probability, double Degrees)? NearOf(IReadOnlyList<AngleSpread> spreads, double detector) =>
        Calibration is { } calibration && spreads.Count > 0
            ? (calibration.ConfidenceOf(spreads, detector), calibration.Confidence.WithinDegrees)
            : null;
}
