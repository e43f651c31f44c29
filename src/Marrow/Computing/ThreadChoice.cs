using System.Globalization;

namespace Marrow.Computing;

/// <summary>What the number of threads is chosen from.</summary>
internal sealed record ThreadFacts
{
    /// <summary>Processors that the process may run on, at least 1.</summary>
    public required int Cores { get; init; }

    /// <summary>Processors' worth of time by control groups; null without a limit.</summary>
    public double? Quota { get; init; }

    /// <summary>Processors that a batch system gave to this task; null outside of one.</summary>
    public int? Granted { get; init; }

    /// <summary>Processors that others keep busy, of <see cref="Cores"/>.</summary>
    public double Load { get; init; }

    /// <summary>The same of <see cref="Quota"/>: used by others under the same quota.</summary>
    public double QuotaLoad { get; init; }

    /// <summary>Other Marrow processes on the same processors.</summary>
    public Peers Peers { get; init; }
}

/// <summary>Other Marrow processes on this machine.</summary>
/// <param name="Starting">Those that have not chosen yet.</param>
/// <param name="Threads">Of those that have.</param>
/// <param name="Experiments">Those that carry out experiments.</param>
internal readonly record struct Peers(int Starting, int Threads, int Experiments);

/// <summary>
/// How many threads a computation gets, and why. Threads beyond the processors that are free do not share the work: at
/// each of thousands of meeting points a second all wait for the one whose turn has not come, so that one thread too
/// many costs more than one too few.
/// </summary>
public sealed class ThreadChoice
{
    internal ThreadChoice(int count, string reason, ThreadFacts facts) =>
        (Count, Reason, Facts) = (count, reason, facts);

    public int Count { get; }

    /// <summary>"2 cores are free", "OMP_NUM_THREADS".</summary>
    internal string Reason { get; }

    internal ThreadFacts Facts { get; }

    // Three quarters of a processor are better used than left; of less a thread waits longer than it works.
    private const double Enough = 0.75;

    internal static ThreadChoice Explicit(int count, string source, ThreadFacts facts) => new(count, source, facts);

    /// <param name="inExperiment">The computation is a run of an experiment.</param>
    internal static ThreadChoice Of(ThreadFacts facts, bool inExperiment)
    {
        if (inExperiment && facts.Peers.Experiments > 0)
            return new(
                1,
                facts.Peers.Experiments == 1
                    ? "another experiment runs on this machine"
                    : $"{facts.Peers.Experiments} other experiments run on this machine",
                facts);
        var count = facts.Cores;
        var reason = count == 1 ? "one core" : $"{count} cores";
        if (facts.Granted is { } granted)
            Lower(granted, $"SLURM gave {granted} of {facts.Cores} cores");
        if (facts.Quota is { } quota)
        {
            Lower(Whole(quota), $"a quota of {Number(quota)} cores");
            if (facts.QuotaLoad > 1 - Enough)
                Lower(
                    Whole(quota - facts.QuotaLoad),
                    $"others use {Number(facts.QuotaLoad)} of a quota of {Number(quota)} cores");
        }
        // What those that start keep busy is their share, not another's.
        var taken = Math.Max(facts.Load - facts.Peers.Starting, facts.Peers.Threads);
        if (Whole(facts.Cores - taken) < facts.Cores)
            Lower(Whole(facts.Cores - taken), $"other processes keep {Number(taken)} of {facts.Cores} cores busy");
        if (facts.Peers.Starting > 0)
            Lower(
                Whole((facts.Cores - taken) / (1 + facts.Peers.Starting)),
                $"{facts.Cores} cores for {1 + facts.Peers.Starting} Marrow processes that start at once");
        return new(count, reason, facts);

        void Lower(int to, string why)
        {
            if (to < count)
                (count, reason) = (to, why);
        }
    }

    /// <summary>Processors that the process may run on.</summary>
    public int Cores => Facts.Cores;

    /// <summary>
    /// Whether fewer threads were chosen than if nobody else computed here. A number of the user's is never fewer.
    /// </summary>
    public bool IsHeldBack
    {
        get
        {
            var isAlone = Facts.Load + Facts.QuotaLoad + Facts.Peers.Threads + Facts.Peers.Starting == 0;
            var alone = Facts with { Load = 0, QuotaLoad = 0, Peers = default };
            return !isAlone && Count < Of(alone, inExperiment: false).Count;
        }
    }

    public override string ToString() => $"{NumberText.Count(Count, "thread")}: {Reason}";

    private static int Whole(double cores) => Math.Max(1, (int)Math.Floor(cores + 1 - Enough));

    private static string Number(double value) => value.ToString("0.0#", CultureInfo.InvariantCulture);
}
