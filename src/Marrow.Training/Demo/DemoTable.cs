using Marrow.Metrics;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>Both trainings of each model side by side, as text: for the terminal and the page.</summary>
internal static class DemoTable
{
    public static TextReport Report(DemoResult result) => new(
        DemoDocument.Of(result),
        Of(result),
        ReportPart.Line(result.Sentence),
        ReportPart.Line(),
        ReportPart.Line(
            $"Report: {result.Page}   Checkpoints: {Path.Combine(result.Folder, "hub")}   Time: "
                + $"{NumberText.Clock(TimeSpan.FromSeconds(result.Seconds))}"));

    /// <summary>Two rows a model: from scratch, then warm-started.</summary>
    public static ReportPart Of(DemoResult result) => ReportPart.Table(
        ["model", "start", "SMAPE", "landmark error", "CNN transferred", "all weights"],
        result.Comparisons.SelectMany(c =>
            (IReadOnlyList<string>[])[Row(c.Model, "scratch", c.Scratch), Row(c.Model, c.Source, c.Warm)]),
        $"Held-out films: {result.Comparisons[0].Warm.HeldOutImages}; in brackets 95 % intervals");

    /// <summary>"12.3 % [10.1, 14.6]"; the unit is the metric's own unless one is given.</summary>
    public static string Value(MetricValue metric, bool signed = false, string? unit = null)
    {
        var format = signed ? "+0.0;−0.0;0.0" : "0.0;−0.0";
        var interval = double.IsNaN(metric.Low)
            ? ""
            : $" [{NumberText.Of(metric.Low, format)}, {NumberText.Of(metric.High, format)}]";
        return double.IsNaN(metric.Value)
            ? "-"
            : $"{NumberText.Of(metric.Value, format)} {unit ?? metric.Unit}{interval}";
    }

    private static IReadOnlyList<string> Row(string model, string start, StageResult stage) =>
    [
        model,
        start,
        Metric(stage, "smape"),
        Metric(stage, "landmark-error"),
        stage.Receipt is null ? "-" : $"{NumberText.Of(stage.Receipt.BackboneCoverage * 100, "0.0")} %",
        stage.Receipt is null ? "-" : $"{NumberText.Of(stage.Receipt.Total.Share * 100, "0.0")} %",
    ];

    private static string Metric(StageResult stage, string name) =>
        stage.Metrics.FirstOrDefault(m => m.Name == name) is { } metric ? Value(metric) : "-";
}
