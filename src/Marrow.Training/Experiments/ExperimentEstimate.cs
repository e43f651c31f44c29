using System.Globalization;
using Marrow.Training.Loop;

namespace Marrow.Training.Experiments;

/// <summary>
/// An estimate of how long an experiment will take when this machine carries out one run after the other.
/// </summary>
public sealed class ExperimentEstimate
{
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
            $"a timing of {Math.Min(StepTiming.Steps, plan.Steps.Min())} steps of each method on this machine");
    }

    /// <summary>Formats a time, such as "34 s", "12 min" or "3.4 h".</summary>
    internal static string Duration(double seconds) =>
        seconds < 90 ? Text($"{seconds:0} s")
        : seconds < 5400 ? Text($"{seconds / 60:0} min")
        : Text($"{seconds / 3600:0.0} h");

    private static double Time(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentRun run,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var (around, stages) = StepTiming.Of(
            plan.Stages,
            plan.Steps,
            (few, folder) => new()
            {
                Recipe = ExperimentPlanner.RecipeOf(request, [.. run.Overrides, .. few], plan.Stages),
                DataFolders = request.DataFolders,
                Device = request.Device,
                OutFolder = folder,
                HubFolder = Path.Combine(folder, "hub"),
                Resolve = request.Resolve,
                DrawsOf = plan.Metric,
                DividesByPatientAlone = !plan.LooksForCopies,
            },
            e => report(new(e) { Stage = $"timing {run.Method}" }),
            cancellation);
        return around + stages.Sum();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
