using Marrow.Training.Experiments.Folds;

namespace Marrow.Cli.Commands;

/// <summary>marrow experiment --folds: a recipe once for each fold, and every film predicted once.</summary>
internal static class CrossValidationRun
{
    public static int Do(
        CrossValidationRequest request, bool dryRun, Output output, CancellationToken cancellation)
    {
        if (dryRun)
        {
            var plan = CrossValidation.Plan(request);
            output.Finish(RunDisplay.Show(
                output, report => CrossValidation.Estimate(request, plan, report, cancellation)));
            return ExitCode.Done;
        }
        try
        {
            var result = RunDisplay.Show(output, report => CrossValidation.Run(request, report, cancellation));
            foreach (var warning in result.Warnings)
                output.Warn(warning);
            output.Finish(result.Report);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            output.Note("The state is saved: go on with the same command and --resume.");
            throw;
        }
    }
}
