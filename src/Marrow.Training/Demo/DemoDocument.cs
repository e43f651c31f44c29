using Marrow.Metrics;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>
/// A demo's result as a JSON document, for demo.json and for programs; what is stored with the checkpoints is left out.
/// </summary>
internal static class DemoDocument
{
    public static object Of(DemoResult result) =>
        new
        {
            result.Folder,
            Report = result.Page,
            result.Sentence,
            result.Seed,
            Seconds = Math.Round(result.Seconds, 1),
            PeakMemoryGiB = Math.Round(result.PeakMemoryGiB, 2),
            Comparisons = result.Comparisons.Select(c => new
            {
                c.Model,
                c.Source,
                Scratch = Trained(c.Scratch),
                Warm = Trained(c.Warm),
                SmapeGain = Value(c.SmapeGain),
                LandmarkErrorGain = Value(c.LandmarkGain),
            }),
            Checkpoints = result.Stages.Select(s => new
            {
                s.Stage,
                s.Checkpoint,
                s.Folder,
                TrainingSeconds = Math.Round(s.Progress.Seconds, 1),
            }),
        };

    private static object Trained(StageResult stage) => new
    {
        stage.Stage,
        stage.TrainingImages,
        stage.ValidationImages,
        stage.HeldOutImages,
        Steps = stage.Progress.Step,
        Smape = Value(stage.Metrics.FirstOrDefault(m => m.Name == "smape")),
        LandmarkError = Value(stage.Metrics.FirstOrDefault(m => m.Name == "landmark-error")),
        stage.Receipt?.BackboneCoverage,
        TotalCoverage = stage.Receipt?.Total.Share,
    };

    private static object? Value(MetricValue? metric) =>
        metric is null
            ? null
            : new
            {
                metric.Value,
                metric.Low,
                metric.High,
                metric.Unit,
            };
}
