using System.CommandLine;
using Marrow.Metrics;
using Marrow.Training.Experiments;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow study: a recipe over amounts of labels, starts, methods and seeds.</summary>
internal static class StudyCommand
{
    public static Command Create()
    {
        var o = new StudyOptions();
        var command = new Command("study", "Measure what a checkpoint is worth: a recipe over amounts of labels, starts, methods and seeds.");
        o.AddTo(command);
        return command.Computes().OnDevice()
            .WithExamples(
                "marrow study recipes/study.yaml --data spines=data/spines --fractions 0.1,0.3,1 --starts scratch,densenet-mini.phantoms --dry-run",
                "marrow study recipes/study.yaml --data spines=data/spines --fractions 0.1,0.3,1 --starts scratch,matched:densenet-mini.phantoms,densenet-mini.phantoms",
                "marrow study recipes/study.yaml --data spines=data/spines --labels 6,12,24 --starts scratch,densenet-mini.phantoms --seeds 5 --resume",
                "marrow study recipes/study.yaml --data spines=data/spines --fractions 0.1,1 --starts scratch,densenet-mini.phantoms --slurm time=1:00:00 cpus-per-task=4")
            .Does((parsed, output, cancellation) =>
            {
                var request = o.Request(parsed, output, cancellation);
                if (parsed.GetValue(o.DryRun))
                    return DryRun(request, output, cancellation);
                if (o.Slurm(parsed) is { } options)
                    return WriteBatch(request, o.CommandLine(parsed), options, output);
                return parsed.GetValue(o.Index) is { } index ? RunOne(request, index, output, cancellation) : Run(request, output, cancellation);
            });
    }

    private static int DryRun(StudyRequest request, Output output, CancellationToken cancellation)
    {
        var plan = Study.Plan(request);
        Warn(output, plan);
        var estimate = RunDisplay.Show(output, report => Study.Estimate(request, plan, report, cancellation));
        var hours = Math.Round(estimate.SecondsLeft / 3600, 3);
        output.Finish(new { Plan = plan, estimate.Runs, estimate.Done, HoursLeft = hours, estimate.Basis }, console =>
        {
            console.DrawFacts($"Study {plan.Name}",
            [
                ("stages", string.Join(", ", plan.Stages.Zip(plan.Steps, (s, n) => $"{s}, {n} steps"))),
                ("metric", StudyText.MetricName(plan, MetricCatalogue.Get(plan.Metric).Unit)),
                .. plan.Starts.Select(s => ("starts", s.Digest.Length > 0 ? $"{s.Name}, {HubText.Digits(s.Digest)}" : s.Name)),
                ("methods", string.Join(", ", plan.Methods)),
                ("labels", string.Join(", ", plan.Shares)),
                ("seeds", string.Join(", ", plan.Seeds)),
                ("runs", $"{plan.Runs.Count}: {StudyText.Count(plan.Seeds.Count, "seed")} x {StudyText.Count(plan.Shares.Count, "amount")} x {StudyText.Count(plan.Starts.Count, "start")} x {StudyText.Count(plan.Methods.Count, "method")}{(estimate.Done > 0 ? $"; {estimate.Done} done" : "")}"),
                ("estimated", $"{StudyEstimate.Duration(estimate.SecondsLeft)} one after another, by {estimate.Basis}"),
            ]);
            Draw(console, StudyTables.Subsets(plan));
        });
        return ExitCode.Done;
    }

    private static int Run(StudyRequest request, Output output, CancellationToken cancellation)
    {
        try
        {
            var result = RunDisplay.Show(output, report => Study.Run(request, report, cancellation));
            Warn(output, result.Plan);
            foreach (var failure in result.Failures)
                output.Warn($"{failure.Run} failed: {failure.Message}");
            output.Finish(StudyFiles.Document(result), console =>
            {
                if (!result.IsComplete)
                {
                    console.Line($"{result.Runs.Count} of {result.Plan.Runs.Count} runs are done; other processes are at {result.Elsewhere}. When they are done, collect the results by the same command with --resume.");
                    return;
                }
                Draw(console, StudyTables.Curves(result));
                console.Line(StudyTables.Intervals);
                if (result.Savings.Count > 0)
                    console.Line($"x labels: {StudyTables.Savings}");
                if (result.Differences.Count > 0)
                {
                    Draw(console, StudyTables.Differences(result));
                    console.Line(StudyTables.Paired);
                }
                console.Line();
                foreach (var sentence in result.Sentences)
                    console.Line(sentence);
                foreach (var saved in result.Saved)
                    console.Line($"Saved: {RunCommand.ShortDigest(saved.Checkpoint)}, with what {saved.Start} was worth (marrow hub show)");
                console.Line($"Report: {Path.Combine(request.OutFolder, "study.html")}   Picture: study.png   Tables: study.md   Numbers: study.json, study.csv, runs.csv");
            });
            return result.Failures.Count > 0 ? ExitCode.Failed : ExitCode.Done;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            output.Note("The state is saved: go on with the same command and --resume.");
            throw;
        }
    }

    private static int RunOne(StudyRequest request, int index, Output output, CancellationToken cancellation)
    {
        var result = RunDisplay.Show(output, report => Study.RunOne(request, index, report, cancellation));
        if (result is null)
            throw new MarrowException($"Another process is at run {index}. Nothing was done.");
        output.Finish(result with { Metrics = [.. result.Metrics.Select(m => m with { Draws = null })] }, console =>
        {
            console.Line($"run {index}: {result.Run}");
            MetricTable.Draw(console, result.Metrics, "held-out part");
        });
        return ExitCode.Done;
    }

    private static int WriteBatch(StudyRequest request, string command, IReadOnlyList<string> options, Output output)
    {
        var lines = SlurmScript.Write(request, command, options);
        output.Finish(new { request.OutFolder, Submit = lines }, console =>
        {
            console.Line("Written: study.sbatch, collect.sbatch and plan.json. Submit them with:");
            foreach (var line in lines)
                console.Line($"  {line}");
        });
        return ExitCode.Done;
    }

    private static void Warn(Output output, StudyPlan plan)
    {
        foreach (var warning in plan.Warnings)
            output.Warn(warning);
    }

    private static void Draw(IAnsiConsole console, StudyTable table) => console.Draw(table.Headers, table.Rows, table.Title);
}
