using System.CommandLine;
using System.Globalization;
using Marrow.Metrics;
using Marrow.Training.Experiments;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow experiment: a recipe over amounts of labels, starts, methods and seeds.</summary>
internal static class ExperimentCommand
{
    public const string Name = "experiment";

    /// <summary>What the command was called before: in radiology a study is an examination.</summary>
    private const string FormerName = "study";

    public static Command Create() => Create(Name);

    /// <summary>
    /// The same under its former name, which help does not show and which says on standard error what it is called now.
    /// </summary>
    public static Command CreateFormer()
    {
        var command = Create(FormerName);
        command.Hidden = true;
        return command;
    }

    /// <summary>True for the command under either name.</summary>
    public static bool Carries(Command command) => command.Name is Name or FormerName;

    private static Command Create(string name)
    {
        var o = new ExperimentOptions();
        var command = new Command(name, "Measure what a checkpoint is worth: a recipe over amounts of labels, starts, "
            + "methods and seeds.");
        o.AddTo(command);
        return command.Computes().OnDevice()
            .WithExamples(
                "marrow experiment recipes/experiments/label-worth.yaml --data spines=data/spines --fractions "
                    + "0.1,0.3,1 --starts scratch,densenet-mini.phantoms --dry-run",
                "marrow experiment recipes/experiments/label-worth.yaml --data spines=data/spines --fractions "
                    + "0.1,0.3,1 --starts scratch,matched:densenet-mini.phantoms,densenet-mini.phantoms",
                "marrow experiment recipes/experiments/label-worth.yaml --data spines=data/spines --labels 6,12,24 "
                    + "--starts scratch,densenet-mini.phantoms --seeds 5 --resume",
                "marrow experiment recipes/experiments/label-worth.yaml --data spines=data/spines --fractions 0.1,1 "
                    + "--starts scratch,densenet-mini.phantoms --slurm time=1:00:00 cpus-per-task=4")
            .Does(
                (parsed, output, cancellation) =>
                {
                    if (name == FormerName)
                        output.Warn(
                            $"marrow {FormerName} is called marrow {Name} now; the former name will go with the "
                                + $"next release.");
                    var request = o.Request(parsed, output, cancellation);
                    if (parsed.GetValue(o.DryRun))
                        return DryRun(request, output, cancellation);
                    if (o.Slurm(parsed) is { } options)
                        return WriteBatch(request, o.CommandLine(parsed), options, output);
                    return parsed.GetValue(o.Index) is { } index
                        ? RunOne(request, index, output, cancellation)
                        : Run(request, output, cancellation);
                }
            );
    }

    private static int DryRun(ExperimentRequest request, Output output, CancellationToken cancellation)
    {
        var plan = Experiment.Plan(request);
        Warn(output, plan);
        var estimate = RunDisplay.Show(output, report => Experiment.Estimate(request, plan, report, cancellation));
        var hours = Math.Round(estimate.SecondsLeft / 3600, 3);
        output.Finish(
            new
            {
                Plan = plan,
                estimate.Runs,
                estimate.Done,
                HoursLeft = hours,
                estimate.Basis,
            },
            console =>
            {
                console.DrawFacts(
                    $"Experiment {plan.Name}",
                    [
                        ("stages", string.Join(", ", plan.Stages.Zip(plan.Steps, (s, n) => $"{s}, {n} steps"))),
                        ("metric", ExperimentText.MetricName(plan, MetricCatalogue.Get(plan.Metric).Unit)),
                        .. plan.Starts.Select(s =>
                            ("starts", s.Digest.Length > 0 ? $"{s.Name}, {Digest.Shorten(s.Digest)}" : s.Name)),
                        ("methods", string.Join(", ", plan.Methods)),
                        ("labels", string.Join(", ", plan.Shares)),
                        ("seeds", string.Join(", ", plan.Seeds)),
                        (
                            "runs",
                            $"{plan.Runs.Count}: {NumberText.Count(plan.Seeds.Count, "seed")} x "
                                + $"{NumberText.Count(plan.Shares.Count, "amount")} x "
                                + $"{NumberText.Count(plan.Starts.Count, "start")} x "
                                + $"{NumberText.Count(plan.Methods.Count, "method")}{(estimate.Done > 0 ? $"; {estimate.Done} done" : "")}"
                        ),
                        (
                            "estimated",
                            $"{ExperimentEstimate.Duration(estimate.SecondsLeft)} one after another, by "
                                + $"{estimate.Basis}"),
                    ]);
                Draw(console, ExperimentTables.Subsets(plan));
            }
        );
        return ExitCode.Done;
    }

    private static int Run(ExperimentRequest request, Output output, CancellationToken cancellation)
    {
        try
        {
            var result = RunDisplay.Show(output, report => Experiment.Run(request, report, cancellation));
            Warn(output, result.Plan);
            foreach (var failure in result.Failures)
                output.Warn($"{failure.Run} failed: {failure.Message}");
            output.Finish(ExperimentFiles.Document(result), console =>
            {
                if (!result.IsComplete)
                {
                    console.Line($"{result.Runs.Count} of {result.Plan.Runs.Count} runs are done; other processes are "
                        + $"at {result.Elsewhere}. When they are done, collect the results by the same command with "
                        + $"--resume.");
                    return;
                }
                Draw(console, ExperimentTables.Curves(result));
                console.Line(ExperimentTables.Intervals);
                if (result.Savings.Count > 0)
                    console.Line($"x labels: {ExperimentTables.Savings}");
                if (result.Differences.Count > 0)
                {
                    Draw(console, ExperimentTables.Differences(result));
                    console.Line(ExperimentTables.Paired);
                }
                console.Line();
                foreach (var sentence in result.Sentences)
                    console.Line(sentence);
                foreach (var saved in result.Saved)
                    console.Line($"Saved: {Digest.ShortenReference(saved.Checkpoint)}, with what {saved.Start} was "
                        + $"worth (marrow hub show)");
                console.Line($"Report: {Path.Combine(request.OutFolder, "experiment.html")}   Picture: experiment.png "
                    + $"  Tables: experiment.md   Numbers: experiment.json, experiment.csv, runs.csv");
            });
            return result.Failures.Count > 0 ? ExitCode.Failed : ExitCode.Done;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            output.Note("The state is saved: go on with the same command and --resume.");
            throw;
        }
    }

    private static int RunOne(ExperimentRequest request, int index, Output output, CancellationToken cancellation)
    {
        var result = RunDisplay.Show(output, report => Experiment.RunOne(request, index, report, cancellation));
        if (result is null)
            throw new MarrowException(
                ErrorKind.Conflict,
                string.Create(CultureInfo.InvariantCulture, $"Another process is at run {index}. Nothing was done."));
        output.Finish(result with { Metrics = [.. result.Metrics.Select(m => m.WithoutDraws())] }, console =>
        {
            console.Line($"run {index}: {result.Run}");
            MetricTable.Draw(console, result.Metrics, "held-out part");
        });
        return ExitCode.Done;
    }

    private static int WriteBatch(
        ExperimentRequest request,
        string command,
        IReadOnlyList<string> options,
        Output output)
    {
        var lines = SlurmScript.Write(request, command, options);
        output.Finish(new { request.OutFolder, Submit = lines }, console =>
        {
            console.Line("Written: experiment.sbatch, collect.sbatch and plan.json. Submit them with:");
            foreach (var line in lines)
                console.Line($"  {line}");
        });
        return ExitCode.Done;
    }

    private static void Warn(Output output, ExperimentPlan plan)
    {
        foreach (var warning in plan.Warnings)
            output.Warn(warning);
    }

    private static void Draw(IAnsiConsole console, ExperimentTable table) =>
        console.Draw(table.Headers, table.Rows, table.Title);
}
