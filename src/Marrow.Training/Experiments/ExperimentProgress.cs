using System.Diagnostics;
using Marrow.Training.Loop;

namespace Marrow.Training.Experiments;

/// <summary>
/// An experiment's events: "all runs" counts the runs and says when the last one ends, "this run" shows the one that is
/// going on, and a line tells what each one came to.
/// </summary>
internal sealed class ExperimentProgress(ExperimentPlan plan, Action<RunEvent> report)
{
    public const string All = "all runs", Current = "this run";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Stopwatch _sinceOverall = Stopwatch.StartNew();
    private readonly List<double> _seconds = [];
    private Stopwatch _run = Stopwatch.StartNew();
    private int _done;

    private void Overall(TimeSpan? left = null, string? message = null) =>
        report(RunEvent.Of(new(All, _done, plan.Runs.Count, ProgressUnit.Runs), message, left));

    public void Begin(ExperimentRun run)
    {
        _run = Stopwatch.StartNew();
        Overall(Left(null), $"{_done + 1} of {plan.Runs.Count}: {run}");
    }

    /// <summary>Passes on an event of the current run. The run's remarks are only written to its log.</summary>
    public void Pass(RunEvent e)
    {
        if (e.Steps == 0)
            return;
        report(new(e) { Stage = Current, Message = null, Metrics = new Dictionary<string, double>() });
        if (_sinceOverall.Elapsed < Interval || e.Eta is null)
            return;
        _sinceOverall.Restart();
        Overall(Left(e.Eta));
    }

    public void End(ExperimentRunResult result)
    {
        _seconds.Add(result.Seconds);
        _done++;
        var measured = result.Value(plan.Metric);
        var text =
            $"{ExperimentText.MetricName(plan, measured.Unit)} {ExperimentText.Value(measured.Unit, measured.Value)}";
        Overall(Left(TimeSpan.Zero), $"{result.Run}: {text} in {ExperimentEstimate.Duration(result.Seconds)}");
    }

    /// <summary>
    /// Counts a run that was finished by an earlier call; its duration serves to estimate the remaining time.
    /// </summary>
    public void Found(ExperimentRunResult result)
    {
        _seconds.Add(result.Seconds);
        _done++;
    }

    public void Skip(ExperimentRun run, string why)
    {
        _done++;
        Overall(message: $"{run}: {why}");
    }

    /// <param name="current">The remaining time of the current run; null when it has only just begun.</param>
    private TimeSpan? Left(TimeSpan? current)
    {
        if (_seconds.Count == 0 && current is null)
            return null;
        var one = _seconds.Count > 0 ? TimeSpan.FromSeconds(_seconds.Average()) : _run.Elapsed + current!.Value;
        var running = current is null || current == TimeSpan.Zero ? 0 : 1;
        return (current ?? TimeSpan.Zero) + one * Math.Max(0, plan.Runs.Count - _done - running);
    }
}
