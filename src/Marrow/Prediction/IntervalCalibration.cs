using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Intervals;

namespace Marrow.Prediction;

/// <summary>
/// Teaches a checkpoint that exists how far the angles may be off: an interval for each, and the probability that cobb1
/// is right, from the errors of a cross-validation of its recipe. The folds' models had the same recipe and other
/// films, so their errors on films that they had not seen are those that the checkpoint makes on films that nobody has
/// seen. A checkpoint is never changed: a new one with the same weights is made, whose parent the old one is.
/// </summary>
public static class IntervalCalibration
{
    /// <summary>
    /// Makes the new checkpoint, which the caller disposes. Throws <see cref="MarrowException"/> for a checkpoint that
    /// gives no corners of a spine, for a folder without the errors of a cross-validation, for one of another recipe,
    /// and for too few films.
    /// </summary>
    public static (Checkpoint Checkpoint, TextReport Report) Run(
        IntervalRequest request, CancellationToken cancellation = default)
    {
        var old = request.Checkpoint;
        var role = TaskCatalogue.Find(old.Config.Task)?.SpineRole;
        if (role is not (SpineRole.Strip or SpineRole.Landmarks)
            || old.Config.ReadDecoding(old.Name) is not CornersDecoding decoding)
            throw MarrowException.Bad(
                old.Name,
                "a checkpoint that gives the corners of a spine: a model of strips, or a detector of vertebrae",
                $"one for {old.Config.Task}",
                "Name the checkpoint whose corners the angles are measured from.");
        var (errors, digest) = SpineErrors.Read(request.FoldsFolder);
        using var beside = new Others(request, role.Value);
        var path = Path.Combine(request.FoldsFolder, SpineErrors.FileName);
        if (MeasuringCheckpoint.Difference(errors.Checkpoints, [.. beside.Checkpoints, old], path) is { } different)
            throw MarrowException.Bad(
                path,
                "the errors of checkpoints that measure as these do: "
                    + string.Join(" and ", errors.Checkpoints.Select(c => c.Name)),
                different,
                "Cross-validate the recipe of these checkpoints, or name the checkpoints of that recipe.");
        cancellation.ThrowIfCancellationRequested();
        var calibration = errors.Calibrate(request.Level, digest) with
        {
            // On a regressor the corners do not depend.
            Beside =
            [
                .. beside.Checkpoints.Where(c => MeasuringCheckpoint.Of(c) is not null).Select(SpineIntervals.BesideOf),
            ],
        };
        var config = old.Config with { Decoding = (decoding with { Calibration = calibration }).Write() };
        var told = CalibrationCheck.OutOfFold(errors.Films, request.Level);
        IReadOnlyList<MetricValue> check =
            told.Count == 0 ? [] : CalibrationCheck.Measure(told, new() { Cancellation = cancellation });
        var draft = SameWeights.Draft(old, config, Learnt(calibration, check));
        var made = (draft with { Metrics = [.. Metrics(old, errors, check)] }).Save(request.Hub.Folder);
        return (made, Report(made, calibration, check));
    }

    /// <summary>
    /// Returns what was measured of the old checkpoint, and what the cross-validation measured of its recipe, in place
    /// of what an earlier one did.
    /// </summary>
    private static IEnumerable<MeasuredValue> Metrics(
        Checkpoint old, SpineErrors errors, IReadOnlyList<MetricValue> check)
    {
        var kept = old.Metrics.Where(before => !before.IsOutOfFold);
        return errors.Measured is not [var first, ..]
            ? kept
            :
            [
                .. kept,
                .. errors.Measured,
                .. check.Select(metric =>
                    MeasuredValue.Of(metric, first.Dataset, first.Split, first.Date, first.Command)),
            ];
    }

    private static string Learnt(SpineCalibration calibration, IReadOnlyList<MetricValue> check)
    {
        var beside = calibration.Beside.Count == 0
            ? ""
            : $" beside {string.Join(" and ", calibration.Beside.Select(b => MarkdownText.Inline(b.Name)))}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"How far the angles may be off{beside} was learnt from {calibration.Films} films of "
                + $"{MarkdownText.Inline(calibration.Source.Data)} in the {calibration.Source.Folds} folds of "
                + $"{MarkdownText.Inline(calibration.Source.Experiment)}, each measured by models that had not seen "
                + $"its patient: intervals of {calibration.Level:P0}, which held {Share("cobb1")}, {Share("cobb2")} "
                + $"and {Share("cobb3")} of the true angles out of fold, and the probability that cobb1 is within "
                + $"{calibration.Confidence.WithinDegrees} degrees.");

        string Share(string angle) =>
            check.FirstOrDefault(m => m.Name == $"coverage.{angle}") is { } held
                ? NumberText.Percent(held.Value)
                : "an unknown share";
    }

    private static TextReport Report(
        Checkpoint made, SpineCalibration calibration, IReadOnlyList<MetricValue> check) => new(
        new { made.Name, made.Digest, made.Path, Calibration = calibration, Check = check },
        ReportPart.Facts(
            $"{made.Name}@{made.Digest}",
            [
                ("made of", $"{NumberText.Count(calibration.Films, "film")}, each measured out of fold"),
                ("intervals of", NumberText.Percent(calibration.Level)),
                .. check.Where(m => m.Name.StartsWith("coverage.cobb", StringComparison.Ordinal)).Select(m =>
                    ($"{m.Name["coverage.".Length..]}: held out of fold", NumberText.Percent(m.Value))),
                .. check.Where(m => m.Name.StartsWith("interval-width.cobb", StringComparison.Ordinal)).Select(m =>
                    ($"{m.Name["interval-width.".Length..]}: mean width", NumberText.Degrees(m.Value))),
                .. calibration.Beside.Select(b => ("holds beside", b.Name)),
                ("folder", made.Path),
            ]));

    /// <summary>The checkpoints beside which the intervals are to hold.</summary>
    private sealed class Others : IDisposable
    {
        private readonly List<Checkpoint> _own = [];

        public Others(IntervalRequest request, SpineRole role)
        {
            if (request.Beside is null && role == SpineRole.Strip)
                _own = PredictorSet.OfSpines(request.Hub);
            Checkpoints = request.Beside
                ?? [.. _own.Where(c => TaskCatalogue.Find(c.Config.Task)?.SpineRole == SpineRole.Landmarks)];
        }

        public IReadOnlyList<Checkpoint> Checkpoints { get; }

        public void Dispose() => _own.ForEach(c => c.Dispose());
    }
}
