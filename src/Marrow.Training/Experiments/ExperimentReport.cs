using Marrow.Metrics;

namespace Marrow.Training.Experiments;

/// <summary>Writes the reports of an experiment, of its estimate and of a single run.</summary>
internal static class ExperimentReport
{
    public static TextReport Of(ExperimentResult result)
    {
        var document = ExperimentFiles.Document(result);
        if (!result.IsComplete)
            return new(
                document,
                ReportPart.Line(
                    $"{result.Runs.Count} of {result.Plan.Runs.Count} runs are done; other processes are at "
                        + $"{result.Elsewhere}. When they are done, collect the results by the same command with "
                        + $"--resume."));
        List<ReportPart> parts = [ExperimentTables.Curves(result), ReportPart.Line(ExperimentTables.Intervals)];
        if (result.Savings.Count > 0)
            parts.Add(ReportPart.Line($"x labels: {ExperimentTables.Savings}"));
        if (result.Differences.Count > 0)
            parts.AddRange([ExperimentTables.Differences(result), ReportPart.Line(ExperimentTables.Paired)]);
        parts.Add(ReportPart.Line());
        parts.AddRange(result.Sentences.Select(ReportPart.Line));
        parts.AddRange(result.Saved.Select(saved => ReportPart.Line(
            $"Saved: {Digest.ShortenReference(saved.Checkpoint)}, with what {saved.Start} was worth "
                + $"(marrow hub show)")));
        parts.Add(ReportPart.Line(
            $"Report: {new ExperimentFolder(result.OutFolder).Report}   Picture: experiment.png   "
                + $"Tables: experiment.md   Numbers: experiment.json, experiment.csv, runs.csv"));
        return new(document, parts);
    }

    public static TextReport Of(ExperimentEstimate estimate)
    {
        var plan = estimate.Plan;
        return new(
            new
            {
                Plan = plan,
                Runs = plan.Runs.Count,
                estimate.Done,
                HoursLeft = Math.Round(estimate.SecondsLeft / 3600, 3),
                estimate.Basis,
            },
            ReportPart.Facts(
                $"Experiment {plan.Name}",
                [
                    ("stages", string.Join(", ", plan.Stages.Zip(plan.Steps, (s, n) => $"{s}, {n} steps"))),
                    ("metric", ExperimentText.MetricName(plan, MetricCatalogue.Get(plan.Metric).Unit)),
                    .. plan.Starts.Select(s =>
                        ("starts", s.Digest.Length > 0 ? $"{s.Name}, {Digest.Shorten(s.Digest)}" : s.Name)),
                    ("methods", string.Join(", ", plan.Methods)),
                    ("labels", string.Join(", ", plan.Shares)),
                    ("seeds", string.Join(", ", plan.Seeds)),
                    ("runs", Runs(plan) + (estimate.Done > 0 ? $"; {estimate.Done} done" : "")),
                    (
                        "estimated",
                        $"{ExperimentEstimate.Duration(estimate.SecondsLeft)} one after another, by {estimate.Basis}"),
                ]),
            ExperimentTables.Subsets(plan));
    }

    /// <summary>
    /// Returns the report of one run. It leaves out the resampled values of the metric, which serve only to compare
    /// several runs.
    /// </summary>
    public static TextReport Of(ExperimentRunResult result) => new(
        new ExperimentRunResult(result) { Metrics = [.. result.Metrics.Select(m => m.WithoutDraws())] },
        ReportPart.Line($"run {result.Run.Index}: {result.Run}"),
        MetricTable.Of(result.Metrics, "held-out part"));

    private static string Runs(ExperimentPlan plan) =>
        $"{plan.Runs.Count}: {NumberText.Count(plan.Seeds.Count, "seed")} x "
            + $"{NumberText.Count(plan.Shares.Count, "amount")} x "
            + $"{NumberText.Count(plan.Starts.Count, "start")} x "
            + $"{NumberText.Count(plan.Methods.Count, "method")}";
}
