using System.Runtime.InteropServices;

namespace Marrow.Cli;

/// <summary>
/// Ctrl-C, SIGTERM (schedulers, containers) and SIGHUP (a terminal that is gone) mean the same: the first asks the
/// command to stop, and it saves what it can; the second ends the process. A signal that was ignored when the program
/// began, as under nohup, stays so: .NET sees to that. A command that has nothing to save is not waited for longer than
/// it takes a person to wonder.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan CursorPatience = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Timer _impatient;
    private int _asks;

    public StopSignals()
    {
        _impatient = new(_ => EndIfNothingIsLost());
        _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal =>
                PosixSignalRegistration.Create(signal, Take)),
        ];
    }

    /// <summary>The wish to stop, which the first signal expresses.</summary>
    public CancellationToken Token => _asked.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _impatient.Dispose();
        _asked.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        var isFirst = Interlocked.Exchange(ref _asks, 1) == 0;
        context.Cancel = isFirst;
        if (!isFirst)
        {
            ShowCursor();
            return;
        }
        _impatient.Change(Patience, Timeout.InfiniteTimeSpan);
        _asked.Cancel();
    }

    private void EndIfNothingIsLost()
    {
        if (!CommandLine.OnlyReads)
            return;
        ShowCursor();
        if (OperatingSystem.IsWindows())
            Environment.Exit(ExitCode.Cancelled);
        else
            ExitAtOnce(ExitCode.Cancelled); // Environment.Exit would wait for native code.
    }

    /// <summary>A progress bar hides it. The terminal may be gone or stopped, so it is not waited for.</summary>
    private static void ShowCursor()
    {
        if (!Console.IsErrorRedirected)
            Task.Run(() => Console.Error.Write("\e[?25h")).Wait(CursorPatience);
    }

    [DllImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ExitAtOnce(int code);
}
