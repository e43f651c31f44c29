using System.Diagnostics;
using System.Globalization;
using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments;

/// <summary>
/// An estimate of how long an experiment will take when this machine carries out one run after the other.
/// </summary>
public sealed class ExperimentEstimate
{
    private const int TimedSteps = 5;

    private ExperimentEstimate(ExperimentPlan plan, int done, double secondsLeft, string basis) =>
        (Plan, Done, SecondsLeft, Basis) = (plan, done, secondsLeft, basis);

    /// <summary>The number of finished runs.</summary>
    public int Done { get; }

    /// <summary>The estimated time of all other runs together, in seconds.</summary>
    public double SecondsLeft { get; }

    /// <summary>A report of the plan, the labels of each subset, and the remaining time.</summary>
    public TextReport Report => ExperimentReport.Of(this);

    internal ExperimentPlan Plan { get; }

    /// <summary>The basis of the estimate, such as "3 finished runs" or "a timing of 5 steps".</summary>
    internal string Basis { get; }

    /// <summary>Estimates from finished runs or, when there are none, from a few steps of each method.</summary>
    internal static ExperimentEstimate Of(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentFolder folder,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var finished = plan.Runs.Select(folder.Find).OfType<ExperimentRunResult>().ToList();
        var left = plan.Runs.Where(run => finished.All(f => f.Run != run)).ToList();
        if (finished.Count > 0)
        {
            var all = finished.Average(f => f.Seconds);
            var byMethod = finished.GroupBy(f => f.Run.Method).ToDictionary(g => g.Key, g => g.Average(f => f.Seconds));
            return new(
                plan,
                finished.Count,
                left.Sum(r => byMethod.GetValueOrDefault(r.Method, all)),
                NumberText.Count(finished.Count, "finished run"));
        }
        var seconds = plan.Methods.ToDictionary(
            m => m,
            m => Time(request, plan, plan.Runs.Last(r => r.Method == m), report, cancellation));
        return new(
            plan,
            0,
            left.Sum(r => seconds[r.Method]),
            $"a timing of {Math.Min(TimedSteps, plan.Steps.Min())} steps of each method on this machine");
    }

    /// <summary>Formats a time, such as "34 s", "12 min" or "3.4 h".</summary>
    internal static string Duration(double seconds) =>
        seconds < 90 ? Text($"{seconds:0} s")
        : seconds < 5400 ? Text($"{seconds / 60:0} min")
        : Text($"{seconds / 3600:0.0} h");

    /// <summary>Returns the seconds of a whole run: a part that does not depend on the steps, plus the steps.</summary>
    private static double Time(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentRun run,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        using var scratch = Scratch();
        var folder = Path.Combine(scratch.Path, "timing");
        var steps = plan.Steps.Select(s => Math.Min(s, TimedSteps)).ToList();
        var few = plan.Stages.Zip(steps, (stage, n) => Text($"{stage}.train.steps={n}"));
        var clock = Stopwatch.StartNew();
        var results = Runner.Run(new()
        {
            Recipe = ExperimentPlanner.RecipeOf(request, [.. run.Overrides, .. few], plan.Stages),
            DataFolders = request.DataFolders,
            Device = request.Device,
            OutFolder = folder,
            HubFolder = Path.Combine(folder, "hub"),
            Resolve = request.Resolve,
            DrawsOf = plan.Metric,
            DividesByPatientAlone = !plan.LooksForCopies,
        }, e => report(new(e) { Stage = $"timing {run.Method}" }), cancellation);
        var training = results.Select(r => r.Progress.Seconds).ToList();
        return clock.Elapsed.TotalSeconds
            - training.Sum()
            + training.Select((s, i) => s / steps[i] * plan.Steps[i]).Sum();
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

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
