using System.Diagnostics;
using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments;

/// <summary>Times a few steps of each stage of a recipe, in a temporary folder that is removed.</summary>
internal static class StepTiming
{
    /// <summary>The number of steps that are timed.</summary>
    public const int Steps = 5;

    /// <summary>
    /// Returns the seconds that all steps of each stage would take, and those around the steps, which do not depend on
    /// their number.
    /// </summary>
    /// <param name="steps">The number of steps of each stage.</param>
    /// <param name="request">Makes the run, given changes to the recipe and the folder that it may write to.</param>
    public static (double Around, IReadOnlyList<double> Stages) Of(
        IReadOnlyList<string> stages,
        IReadOnlyList<int> steps,
        Func<IReadOnlyList<string>, string, RunRequest> request,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        using var scratch = Scratch();
        int[] timed = [.. steps.Select(s => Math.Min(s, Steps))];
        string[] few = [.. stages.Zip(timed, (stage, n) => FormattableString.Invariant($"{stage}.train.steps={n}"))];
        var clock = Stopwatch.StartNew();
        var results = Runner.Run(request(few, Path.Combine(scratch.Path, "timing")), report, cancellation);
        double[] training = [.. results.Select(r => r.Progress.Seconds)];
        return (
            clock.Elapsed.TotalSeconds - training.Sum(),
            [.. training.Select((s, i) => s / timed[i] * steps[i])]);
    }

    private static ScratchFolder Scratch()
    {
        try
        {
            return new();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException(
                $"The timing needs the temporary folder, which can't be written ({e.Message}). Set TMPDIR to a folder "
                    + $"that can.",
                e);
        }
    }
}
