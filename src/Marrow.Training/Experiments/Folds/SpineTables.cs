using Marrow.Metrics;
using Marrow.Prediction;

namespace Marrow.Training.Experiments.Folds;

/// <summary>The tables of a cross-validation of spines, for the terminal and the page.</summary>
internal static class SpineTables
{
    // In the order in which they are read; what else there is stands in experiment.json.
    private static readonly string[] OfAngles =
    [
        "smape", "mae", "mae.cobb1", "mae.cobb2", "mae.cobb3", "cmae", "pearson", "pearson.cobb1", "icc", "icc.cobb1",
        "bias.cobb1", "agreement-low.cobb1", "agreement-high.cobb1", "within-5", "severity-kappa",
    ];
    private static readonly string[] OfVertebrae =
    [
        "complete-spines", "spines-seen", "refused-films", "landmark-error", "landmark-error-median", "end-vertebrae",
        "end-vertebrae-near", "tilt-mae", "tilt-sd", "levels-right", "landmark-error-median.matched",
        "tilt-mae.matched", "tilt-sd.matched",
    ];

    /// <summary>A row for each metric, a column for each kind of angles.</summary>
    public static ReportPart Angles(
        CrossValidationPlan plan, IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> metrics) =>
        ReportPart.Table(
            ["angles", .. metrics.Keys, "unit"],
            OfAngles.Select(name =>
            {
                var each = metrics.Values.Select(kind => kind.FirstOrDefault(m => m.Name == name)).ToList();
                return (IReadOnlyList<string>)[name, .. each.Select(Cell), each[0]?.Unit ?? ""];
            }),
            $"{plan.Dataset.Name}: {plan.Films} films of {plan.Groups} patients in {plan.Folds.Count} folds");

    /// <summary>What was found of the vertebrae themselves.</summary>
    public static ReportPart Vertebrae(IReadOnlyList<MetricValue> landmarks) =>
        ReportPart.Table(
            ["vertebrae", SpineMetrics.Landmarks, "unit"],
            OfVertebrae
                .Select(name => landmarks.FirstOrDefault(m => m.Name == name))
                .OfType<MetricValue>()
                .Select(m => (IReadOnlyList<string>)[m.Name, Cell(m), m.Unit]));

    public static ReportPart Folds(IReadOnlyList<SpineOutcome.FoldNumbers> folds, string kind) =>
        ReportPart.Table(
            ["fold", "films", "patients", "smape (%)", "mae.cobb1 (deg)"],
            folds.Select(f => (IReadOnlyList<string>)
            [
                NumberText.Whole(f.Fold),
                NumberText.Whole(f.Films),
                NumberText.Whole(f.Groups),
                ExperimentText.Value("%", f.Smape),
                ExperimentText.Value("deg", f.Cobb1Mae),
            ]),
            $"Each fold by itself ({kind})");

    /// <summary>The errors of the tilts, by what stands behind the dot in the metrics' names.</summary>
    public static ReportPart Tilts(IReadOnlyList<MetricValue> metrics, string by) =>
        ReportPart.Table(
            [by, "tilt-mae (deg)", "tilt-sd (deg)", "films"],
            metrics
                .GroupBy(m => m.Name[(m.Name.IndexOf('.', StringComparison.Ordinal) + 1)..])
                .Select(part => (IReadOnlyList<string>)
                [
                    part.Key, .. part.Select(Cell), NumberText.Whole(part.First().Count),
                ]),
            $"Tilts of the vertebrae by {by}");

    /// <summary>"7.12 (6.54 to 7.80)"; "-" where there is none.</summary>
    public static string Cell(MetricValue? metric)
    {
        if (metric is null)
            return NumberText.None;
        var interval = ExperimentText.Interval(
            ExperimentText.Value(metric.Unit, metric.Low), ExperimentText.Value(metric.Unit, metric.High));
        var value = ExperimentText.Value(metric.Unit, metric.Value);
        return interval == NumberText.None ? value : $"{value} ({interval})";
    }
}
