using System.CommandLine;
using System.Globalization;
using Marrow.Training.Experiments;

namespace Marrow.Cli.Commands;

/// <summary>marrow experiment: a recipe over amounts of labels, starts, methods and seeds, or over folds.</summary>
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
            + "methods and seeds; or what a recipe is worth, by cross-validation.");
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
                    + "--starts scratch,densenet-mini.phantoms --slurm time=1:00:00 cpus-per-task=4",
                "marrow experiment recipes/spine-two-stage.yaml --data spineweb16=data/spineweb16 --folds 5")
            .Does(
                (parsed, output, cancellation) =>
                {
                    if (name == FormerName)
                        output.Warn(
                            $"marrow {FormerName} is called marrow {Name} now; the former name will go with the "
                                + $"next release.");
                    if (o.HasFolds(parsed))
                        return CrossValidationRun.Do(
                            o.FoldsRequest(parsed, output, cancellation),
                            parsed.GetValue(o.DryRun),
                            output,
                            cancellation);
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
        output.Finish(estimate.Report);
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
            output.Finish(result.Report);
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
        output.Finish(result.Report);
        return ExitCode.Done;
    }

    private static int WriteBatch(
        ExperimentRequest request,
        IReadOnlyList<string> program,
        IReadOnlyList<string> options,
        Output output)
    {
        var lines = Experiment.WriteJobs(request, program, options);
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
}
