using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Metrics;
using Marrow.Reports;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// A task's own metrics over folds: the mean over the folds and their spread. Scores of different models are not pooled
/// into one ranking, since their scales differ (Forman and Scholz 2010, "Apples-to-apples in cross-validation
/// studies"), and no interval is given, since folds share their training films (Bengio and Grandvalet 2004).
/// </summary>
internal static class TaskOutcome
{
    /// <summary>A metric over the folds in which it is defined.</summary>
    internal sealed record Spread(
        string Name, string Unit, double Mean, double Deviation, double Least, double Most, int Folds)
    {
        public static Spread Of(IReadOnlyList<MetricValue> values)
        {
            double[] defined = [.. values.Select(v => v.Value).Where(double.IsFinite)];
            var mean = defined.Length > 0 ? defined.Average() : double.NaN;
            return new(
                values[0].Name,
                values[0].Unit,
                mean,
                defined.Length > 1
                    ? Math.Sqrt(defined.Sum(v => (v - mean) * (v - mean)) / (defined.Length - 1))
                    : double.NaN,
                defined.Length > 0 ? defined.Min() : double.NaN,
                defined.Length > 0 ? defined.Max() : double.NaN,
                defined.Length);
        }
    }

    /// <param name="measured">The metrics of each fold.</param>
    /// <param name="findings">What was predicted of each fold's films; empty for a task without predictions.</param>
    /// <param name="columns">The columns of such a prediction.</param>
    public static FoldOutcome Of(
        CrossValidationPlan plan,
        IReadOnlyList<IReadOnlyList<MetricValue>> measured,
        IReadOnlyList<IReadOnlyList<Finding>> findings,
        IReadOnlyList<string> columns,
        IReadOnlyList<string> warnings)
    {
        var spreads = measured
            .SelectMany(metrics => metrics)
            .GroupBy(metric => metric.Name)
            .Select(values => Spread.Of([.. values]))
            .ToList();
        var table = new FindingTable(columns);
        return new()
        {
            Sentences = [],
            Tables =
            [
                (
                    ReportPart.Table(
                        ["metric", "mean", "sd of folds", "lowest", "highest", "unit"],
                        spreads.Select(s => (IReadOnlyList<string>)
                        [
                            s.Name,
                            ExperimentText.Value(s.Unit, s.Mean),
                            ExperimentText.Value(s.Unit, s.Deviation),
                            ExperimentText.Value(s.Unit, s.Least),
                            ExperimentText.Value(s.Unit, s.Most),
                            s.Unit,
                        ]),
                        $"{plan.Last.Name}: {plan.Films} films of {plan.Groups} patients in {plan.Folds.Count} folds"),
                    "The mean over the folds, each measured on the films that it held out, and how much folds differ."),
            ],
            Columns = ["file", "group", "fold", .. findings.Count > 0 ? table.Header.Skip(1) : []],
            Rows =
            [
                .. plan.Folds.SelectMany((fold, k) => fold.Films.Select((film, n) => (IReadOnlyList<string>)
                [
                    CsvTable.TextCell(film.Id),
                    CsvTable.TextCell(film.Patient),
                    NumberText.Whole(fold.Fold.Number),
                    .. findings.Count > 0 ? table.Row(findings[k][n]).Skip(1) : [],
                ])),
            ],
            Numbers = new Dictionary<string, object> { ["overFolds"] = spreads, ["byFold"] = measured },
            Warnings = warnings,
        };
    }
}
