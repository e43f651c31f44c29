using Marrow.Checkpoints;
using Marrow.Findings;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Intervals;

namespace Marrow.Prediction;

/// <summary>
/// Finds the calibration that holds for the checkpoints of a prediction, and asks it. It is that of the checkpoint
/// which gives the final corners: a model of strips where there is one, otherwise the detector. Beside other
/// checkpoints than those it was made with, it says nothing.
/// </summary>
internal sealed class SpineIntervals
{
    private readonly List<(CalibratedBeside Weights, SpineCalibration? Calibration, SpineRole? Role)> _members = [];

    /// <summary>Adds a checkpoint on which the corners depend.</summary>
    public void Add(Checkpoint checkpoint) => _members.Add((
        BesideOf(checkpoint),
        (checkpoint.Config.ReadDecoding(checkpoint.Name) as CornersDecoding)?.Calibration,
        TaskCatalogue.Get(checkpoint.Config.Task).SpineRole));

    /// <summary>The calibration that holds; null when there is none.</summary>
    public SpineCalibration? Calibration
    {
        get
        {
            var hasStrip = _members.Exists(member => member.Role == SpineRole.Strip);
            return _members
                .Where(member => !hasStrip || member.Role == SpineRole.Strip)
                .Where(member => member.Calibration?.HoldsBeside(
                    _members.Where(other => other != member).Select(other => other.Weights)) == true)
                .Select(member => member.Calibration)
                .FirstOrDefault();
        }
    }

    /// <summary>Returns how another checkpoint's calibration names this one.</summary>
    public static CalibratedBeside BesideOf(Checkpoint checkpoint) => new(
        checkpoint.Name,
        Digest.OfHex(CheckpointManifest.Read(checkpoint.Path).Files
            .First(file => file.Path == Checkpoint.WeightsFile).Sha256));

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
