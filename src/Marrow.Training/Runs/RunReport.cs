using Marrow.Checkpoints.Transfer;
using Marrow.Metrics;
using Marrow.Prediction;

namespace Marrow.Training.Runs;

/// <summary>
/// Writes the report of a run: its stages side by side, what each of them measured, and what each warm start took over.
/// </summary>
internal static class RunReport
{
    public static TextReport Of(RunRequest request, IReadOnlyList<StageResult> stages) => new(
        new
        {
            request.Recipe.Name,
            request.OutFolder,
            request.HubFolder,
            Stages = stages.Select(Document),
        },
        [
            Summary(stages),
            .. stages.Where(s => s.Metrics.Count > 0)
                .Select(s => MetricTable.Of(s.Metrics, $"{s.Stage}, held-out part")),
            .. stages.Where(s => s.Receipt is not null)
                .Select(s => TransferTable.Of(s.Receipt!, $"{s.Stage}: warm start from {s.Receipt!.Source}")),
            .. Next(request, stages),
        ]);

    /// <summary>What the checkpoints can be asked now; nothing where none of them makes a finding.</summary>
    private static IEnumerable<ReportPart> Next(RunRequest request, IReadOnlyList<StageResult> stages)
    {
        if (stages.Any(s => ImagePredictor.Serves(s.Task)))
            yield return ReportPart.Line($"Next: marrow predict IMAGES --hub {request.HubFolder} --out results");
    }

    private static ReportPart Summary(IReadOnlyList<StageResult> stages) => ReportPart.Table(
        ["stage", "checkpoint", "backbone copied", "images", "held out", "time", "memory GiB", "waited"],
        stages.Select(s => (IReadOnlyList<string>)
        [
            s.Stage,
            Digest.ShortenReference(s.Checkpoint),
            s.Receipt is { } receipt ? NumberText.Percent(receipt.BackboneCoverage) : "from scratch",
            NumberText.Whole(s.TrainingImages),
            NumberText.Whole(s.HeldOutImages),
            NumberText.Clock(TimeSpan.FromSeconds(s.Progress.Seconds)),
            NumberText.Of(s.PeakMemoryGiB, "0.0"),
            NumberText.Percent(s.WaitShare),
        ]));

    /// <summary>
    /// Returns a result as a JSON document. It has the totals of a receipt; the list of its parameters is in the run's
    /// folder.
    /// </summary>
    private static object Document(StageResult s) => new
    {
        s.Stage,
        s.Task,
        s.Checkpoint,
        s.Folder,
        Transfer = s.Receipt?.Report.Document,
        s.Metrics,
        s.Warnings,
        s.TrainingImages,
        s.ValidationImages,
        s.HeldOutImages,
        s.Progress.Seconds,
        s.PeakMemoryGiB,
        s.WaitShare,
    };
}
