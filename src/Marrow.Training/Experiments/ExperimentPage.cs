using System.Globalization;
using Marrow.Reports;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>
/// The experiment's page: sentences, picture, curves, paired differences, every run with the command that repeats it.
/// </summary>
internal static class ExperimentPage
{
    public static void Write(ExperimentFolder folder, ExperimentRequest request, ExperimentResult result)
    {
        var plan = result.Plan;
        var page = new HtmlReport(
            $"Experiment: {plan.Name}",
            $"{plan.Task}, {plan.Metric}; {NumberText.Count(plan.Starts.Count, "start")}, "
                + $"{NumberText.Count(plan.Methods.Count, "method")}, {plan.Shares.Count} amounts of labels, "
                + $"{NumberText.Count(plan.Seeds.Count, "seed")}: {NumberText.Count(plan.Runs.Count, "run")}"
        );
        foreach (var sentence in result.Sentences)
            page.Callout(sentence);
        Figures(page, result);
        var points = result.Cells.Select(c =>
            $"{ExperimentText.Line(plan, c.Start, c.Method)} with {ExperimentText.Images(c.Images)} images "
                + ExperimentText.Value(result.Unit, c.Mean));
        page.Section("Learning curves")
            .Plot(
                dark => ExperimentFiles.Picture(result, dark),
                $"{ExperimentText.MetricName(plan, result.Unit)} over labelled images: {string.Join("; ", points)}.",
                wide: true)
            .Text($"Bars: {ExperimentTables.Intervals} Those that leave the picture are cut off.");
        Table(page, ExperimentTables.Curves(result));
        page.Text(ExperimentTables.Savings);
        if (result.Differences.Count > 0)
        {
            page.Section("Paired differences");
            Table(page, ExperimentTables.Differences(result));
            page.Text(ExperimentTables.Paired);
        }
        page.Section("How it was done")
            .Text(
                $"Every run took the same number of optimisation steps "
                    + $"({string.Join(", ", plan.Stages.Zip(plan.Steps, (s, n) => $"{s} {n}"))}), on nested subsets "
                    + $"of the same {plan.TrainingPatients} patients, and was measured on the same "
                    + $"{plan.HeldOutImages} images of {plan.HeldOutPatients} other patients."
            );
        if (plan.Starts.Any(s => InitReference.IsMatched(s.Name)))
            page.Text(
                "matched:NAME are random weights with the mean and deviation of each layer of NAME: what they gain is "
                    + "owed to scale, not to what NAME has learnt."
            );
        foreach (var warning in plan.Warnings)
            page.Text($"Note: {warning}.");
        Table(page, ExperimentTables.Subsets(plan));
        if (result.Failures.Count > 0)
        {
            page.Section("Failed runs")
                .Table(
                    ["run", "why"],
                    [.. result.Failures.Select(f => (IReadOnlyList<string>)[f.Run.ToString(), f.Message])]);
        }
        if (result.Saved.Count > 0)
        {
            page.Section("Saved models")
                .Text(
                    "With most labels and the first seed, by the method that was best there. Their manifests say what "
                        + "the start was worth: marrow hub show."
                )
                .Table(
                    ["start", "checkpoint"],
                    [.. result.Saved.Select(s => (IReadOnlyList<string>)[s.Start, s.Checkpoint])]);
        }
        Runs(page, request, result);
        page.Save(folder.Report);
    }

    private static void Figures(HtmlReport page, ExperimentResult result)
    {
        var seconds = result.Runs.Sum(r => r.Seconds);
        page.Figures(
        [
            (
                NumberText.Whole(result.Runs.Count),
                "runs",
                result.Failures.Count > 0 ? $"{result.Failures.Count} more failed" : "all done"),
            (
                NumberText.Whole(result.Plan.HeldOutImages),
                "held-out images",
                $"of {result.Plan.HeldOutPatients} patients, the same in all runs"),
            (
                NumberText.Whole(result.Plan.TrainingPatients),
                "patients to train on",
                $"{result.Plan.Shares[0]} to {result.Plan.Shares[^1]} of them labelled"),
            (
                ExperimentEstimate.Duration(seconds),
                "of computing",
                $"{ExperimentEstimate.Duration(seconds / Math.Max(1, result.Runs.Count))} a run"),
        ]);
    }

    private static void Runs(HtmlReport page, ExperimentRequest request, ExperimentResult result)
    {
        var plan = result.Plan;
        page.Section("Runs")
            .Table(
                ["run", "labels", "images", "seed", ExperimentText.MetricName(plan, result.Unit), "95 % films", "time"],
                [
                    .. result
                        .Runs.Select(r => (r, m: r.Value(plan.Metric)))
                        .Select(x =>
                            (IReadOnlyList<string>)
                                [
                                    ExperimentText.Line(plan, x.r.Run.Start, x.r.Run.Method),
                                    x.r.Run.Share.ToString(),
                                    NumberText.Whole(x.r.Images),
                                    x.r.Run.Seed.ToString(CultureInfo.InvariantCulture),
                                    ExperimentText.Value(result.Unit, x.m.Value),
                                    ExperimentText.Interval(
                                        ExperimentText.Value(result.Unit, x.m.Low),
                                        ExperimentText.Value(result.Unit, x.m.High)),
                                    ExperimentEstimate.Duration(x.r.Seconds),
                                ]),
                ]);
        if (request.Command.Count > 0)
            page.Text("The experiment:").Code(RepeatCommands.Quote(request.Command));
        page.Text("Each run again, by itself:")
            .Code(string.Join("\n", result.Runs.Select(r => RepeatCommands.ToRepeat(request, plan, r.Run))));
        page.Text("The recipe:").Code(request.Recipe.SourceText);
    }

    private static void Table(HtmlReport page, ReportPart table) =>
        page.Table(table.Headers, table.Rows, table.Title);
}
