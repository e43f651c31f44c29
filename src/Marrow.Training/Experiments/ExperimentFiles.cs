using System.Globalization;
using System.Text.Json;
using Marrow.Datasets;
using Marrow.Metrics;
using Marrow.Reports;

namespace Marrow.Training.Experiments;

/// <summary>Writes experiment.json, experiment.csv, runs.csv, experiment.md and experiment.png.</summary>
internal static class ExperimentFiles
{
    public static void Write(ExperimentFolder folder, ExperimentResult result)
    {
        AtomicFile.WriteText(folder.Result, JsonSerializer.Serialize(Document(result), MarrowJson.Options));
        AtomicFile.WriteText(
            folder.Table,
            CsvTable.Text(
                [
                    "start",
                    "method",
                    "labels",
                    "patients",
                    "images",
                    "metric",
                    "mean",
                    "low",
                    "high",
                    "seeds",
                    "labelFactor",
                    "labelFactorBound",
                    "labelFactorLow",
                    "labelFactorHigh",
                ],
                result.Cells.Select(c =>
                {
                    var saving = result.Savings.FirstOrDefault(s =>
                        (s.Start, s.Method, s.Share) == (c.Start, c.Method, c.Share));
                    return (string[])
                        [
                            CsvTable.TextCell(c.Start),
                            CsvTable.TextCell(c.Method),
                            c.Share.ToString(),
                            Number(c.Share.Patients),
                            Number(c.Images),
                            result.Plan.Metric,
                            Number(c.Mean),
                            Number(c.Low),
                            Number(c.High),
                            Number(c.Values.Count),
                            .. saving is null
                                ? ["", "", "", ""]
                                : (string[])
                                    [
                                        Number(saving.Saving.Factor),
                                        Number(saving.Saving.Bound),
                                        Number(saving.Low.Place),
                                        Number(saving.High.Place),
                                    ],
                        ];
                })));
        string[] metrics = [.. result.Runs.SelectMany(r => r.Metrics).Select(m => m.Name).Distinct()];
        AtomicFile.WriteText(
            folder.RunTable,
            CsvTable.Text(
                ["run", "start", "method", "labels", "patients", "images", "seed", "seconds", .. metrics],
                result.Runs.Select(r =>
                    (string[])
                        [
                            CsvTable.TextCell(r.Run.Name),
                            CsvTable.TextCell(r.Run.Start),
                            CsvTable.TextCell(r.Run.Method),
                            r.Run.Share.ToString(),
                            Number(r.Patients),
                            Number(r.Images),
                            r.Run.Seed.ToString(CultureInfo.InvariantCulture),
                            Number(Math.Round(r.Seconds, 1)),
                            .. metrics.Select(name =>
                                r.Metrics.FirstOrDefault(m => m.Name == name) is { } m ? Number(m.Value) : ""),
                        ])));
        AtomicFile.WriteText(folder.Text, Markdown(result));
        AtomicFile.Write(folder.Picture, stream => stream.Write(Picture(result, dark: false)));
    }

    private static string Markdown(ExperimentResult result)
    {
        var savings = result.Savings.Count > 0 ? $"\n\nx labels: {ExperimentTables.Savings}" : "";
        return ExperimentMarkdown.Of(
            result.Sentences,
            [
                (ExperimentTables.Curves(result), ExperimentTables.Intervals + savings),
                .. result.Differences.Count > 0
                    ? [(ExperimentTables.Differences(result), ExperimentTables.Paired)]
                    : Array.Empty<(ReportPart, string)>(),
            ]);
    }

    /// <summary>
    /// Returns the JSON document. The resampled values stay with the runs, since they serve only to compute
    /// differences, which the document contains.
    /// </summary>
    public static object Document(ExperimentResult result) =>
        new
        {
            result.Plan.Name,
            result.Plan.Task,
            result.Plan.Stages,
            result.Plan.Metric,
            result.Unit,
            result.HigherIsBetter,
            result.Plan.Starts,
            result.Plan.Methods,
            result.Plan.Seeds,
            result.Plan.Steps,
            result.Plan.TrainingPatients,
            result.Plan.HeldOutPatients,
            result.Plan.HeldOutImages,
            result.Plan.HeldOutDigest,
            result.Plan.Warnings,
            result.IsComplete,
            result.Elsewhere,
            result.Sentences,
            result.Cells,
            result.Differences,
            result.Savings,
            result.Failures,
            result.Saved,
            Runs = result.Runs.Select(r => new
            {
                r.Run.Index,
                r.Run.Name,
                r.Run.Start,
                r.Run.Method,
                r.Run.Share,
                r.Run.Seed,
                r.Images,
                r.Seconds,
                Metrics = r.Metrics.Select(m => m.WithoutDraws()),
            }),
        };

    public static byte[] Picture(ExperimentResult result, bool dark)
    {
        var plan = result.Plan;
        var lines =
            from start in plan.Starts.Index()
            from method in plan.Methods.Index()
            let cells = result.Cells.Where(c => c.Start == start.Item.Name && c.Method == method.Item).ToList()
            where cells.Count > 0
            select new ExperimentLine(
                ExperimentText.Line(plan, start.Item.Name, method.Item),
                start.Index,
                method.Index,
                [.. cells.Select(c => new ExperimentPoint(c.Images, c.Mean, c.Low, c.High))]);
        return ExperimentPlot.Draw(
            $"{plan.Name}, {plan.Stages[^1]}: {plan.Metric} on {plan.HeldOutImages} held-out images",
            "labelled images (logarithmic)",
            $"{ExperimentText.MetricName(plan, result.Unit)}, "
                + $"{(MetricCatalogue.Get(plan.Metric).HigherIsBetter ? "higher" : "lower")} is better",
            [.. lines],
            dark);
    }

    private static string Number(double value) =>
        double.IsNaN(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture);
}
