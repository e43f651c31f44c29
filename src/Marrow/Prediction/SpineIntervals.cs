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
/// <param name="checkpoints">All checkpoints of the prediction.</param>
internal sealed class SpineIntervals(IEnumerable<Checkpoint> checkpoints)
{
    /// <summary>The calibration that holds; null when there is none.</summary>
    public SpineCalibration? Calibration { get; } =
        Holding([.. checkpoints.Where(checkpoint => RoleOf(checkpoint) != SpineRole.Angles)]);

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

    /// <param name="measuring">The checkpoints on which the corners depend.</param>
    private static SpineCalibration? Holding(IReadOnlyList<Checkpoint> measuring)
    {
        var hasStrip = measuring.Any(checkpoint => RoleOf(checkpoint) == SpineRole.Strip);
        return measuring
            .Where(checkpoint => !hasStrip || RoleOf(checkpoint) == SpineRole.Strip)
            .Select(checkpoint => (
                Checkpoint: checkpoint,
                (checkpoint.Config.ReadDecoding(checkpoint.Name) as CornersDecoding)?.Calibration))
            .FirstOrDefault(member => member.Calibration?.HoldsBeside(
                measuring.Where(other => other != member.Checkpoint).Select(BesideOf)) == true)
            .Calibration;
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
