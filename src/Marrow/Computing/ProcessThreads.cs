using System.Diagnostics;
using System.Globalization;
using TorchSharp;

namespace Marrow.Computing;

/// <summary>
/// Chooses the threads of this process when it computes for the first time, and tells other Marrow processes of it: two
/// that start together see each other before they choose. The load is what was measured since this was made, which
/// takes no time of its own while a program starts.
/// </summary>
public sealed class ProcessThreads
{
    public const string Variable = "OMP_NUM_THREADS";

    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(200); // twenty ticks of /proc/stat

    private static readonly AsyncLocal<ProcessThreads?> Command = new(); // of a command, and of what it starts

    private readonly Processors _processors;
    private readonly IReadOnlyList<int> _allowed;
    private readonly ProcessorQuota? _quota;
    private ProcessorTimes _start;
    private readonly int? _wanted;
    private readonly bool _inExperiment;

    /// <param name="wanted">An explicit number of the user's; null where there is none.</param>
    internal ProcessThreads(int? wanted = null, bool inExperiment = false, Processors? processors = null)
        : this(wanted, inExperiment, processors, isSilent: false)
    {
    }

    private ProcessThreads(int? wanted, bool inExperiment, Processors? processors, bool isSilent)
    {
        (_wanted, _inExperiment, _processors) = (wanted, inExperiment, processors ?? new());
        _allowed = _processors.Allowed();
        _quota = _processors.Quota();
        _start = _processors.Times(_allowed, _quota);
        if (!IsExplicit && !isSilent)
            MarrowProcesses.Announce(null, inExperiment);
    }

    /// <summary>
    /// Of this process: libtorch's threads are the process's too. Null in a program that chooses for itself: libtorch's
    /// own number then stays.
    /// </summary>
    public static ProcessThreads? Current => Command.Value;

    /// <summary>The last choice, for messages; null before the first.</summary>
    internal ThreadChoice? Last { get; private set; }

    /// <summary>To be called when a program begins; <see cref="Apply"/> when it first computes.</summary>
    /// <param name="wanted">An explicit number of the user's; null where there is none.</param>
    public static void Begin(int? wanted, bool inExperiment) => Command.Value = new(wanted, inExperiment);

    /// <summary>What a command would choose if it began now; other processes are not told.</summary>
    public static ThreadChoice Look() =>
        new ProcessThreads(null, inExperiment: false, processors: null, isSilent: true).Choose();

    /// <summary>The processors that this process may use: more threads than these would wait for one another.</summary>
    public static int MostThreads => new Processors().Allowed().Count;

    /// <summary>A user said how many, by an option or a variable.</summary>
    internal bool IsExplicit =>
        _wanted is not null || FromEnvironment(Environment.GetEnvironmentVariable(Variable)) is not null;

    /// <summary>Processors that the process may run on.</summary>
    internal int Cores => _allowed.Count;

    /// <summary>Chooses, without doing anything about it.</summary>
    internal ThreadChoice Choose()
    {
        if (_wanted is { } wanted)
            return ThreadChoice.Explicit(wanted, "--threads", Facts(look: false));
        if (FromEnvironment(Environment.GetEnvironmentVariable(Variable)) is { } variable)
            return ThreadChoice.Explicit(variable, Variable, Facts(look: false));
        if (Last is not null)
            _start = _processors.Times(_allowed, _quota); // The next run of an experiment: what was before it is past.
        return ThreadChoice.Of(Facts(look: true), _inExperiment);
    }

    /// <summary>
    /// Chooses and gives libtorch so many threads, or <paramref name="kept"/>: as many as a run began with.
    /// </summary>
    public ThreadChoice Apply(int? kept = null)
    {
        var choice = Choose();
        var shares = _inExperiment && choice.Facts.Peers.Experiments > 0;
        if (kept is { } before && before != choice.Count && !IsExplicit && !shares && before <= Cores)
            choice = new(before, "as the run began", choice.Facts);
        torch.set_num_threads(choice.Count);
        if (!IsExplicit)
            MarrowProcesses.Announce(choice.Count, _inExperiment);
        return Last = choice;
    }

    /// <summary>
    /// The load since the choice was begun or last asked for: how many of the processors others keep busy.
    /// </summary>
    internal static double LoadBetween(ProcessorTimes start, ProcessorTimes end)
    {
        var seconds = end.Seconds - start.Seconds;
        return seconds <= 0 ? 0 : Math.Max(0, (end.Busy - start.Busy - (end.Own - start.Own)) / seconds);
    }

    /// <summary>The first number of "4" or "4,2"; null for what OpenMP would not take either.</summary>
    internal static int? FromEnvironment(string? value) =>
        int.TryParse(value?.Split(',')[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && count is > 0 and <= 4096
            ? count
            : null;

    /// <summary>What SLURM gave to this task; null outside of it.</summary>
    internal static int? Granted(Func<string, string?> variable) =>
        variable("SLURM_JOB_ID") is null
            ? null
            : FromEnvironment(variable("SLURM_CPUS_PER_TASK"))
                ?? (variable("SLURM_NTASKS") is null or "1" ? FromEnvironment(variable("SLURM_CPUS_ON_NODE")) : 1);

    private ThreadFacts Facts(bool look)
    {
        var facts = new ThreadFacts
        {
            Cores = Cores,
            Quota = _quota?.Cores,
            Granted = Granted(Environment.GetEnvironmentVariable),
        };
        if (!look || !OperatingSystem.IsLinux())
            return facts;
        var left = ShortestLook - Stopwatch.GetElapsedTime((long)(_start.Seconds * Stopwatch.Frequency));
        if (left > TimeSpan.Zero)
            Thread.Sleep(left);
        var now = _processors.Times(_allowed, _quota);
        return facts with
        {
            Load = Math.Min(Cores, LoadBetween(_start, now)),
            QuotaLoad =
                _start.Group is { } before && now.Group is { } after
                    ? LoadBetween(_start with { Busy = before }, now with { Busy = after })
                    : 0,
            Peers = MarrowProcesses.Find(_allowed),
        };
    }
}
