using System.Diagnostics;
using System.Text;

namespace Marrow.Tests;

/// <summary>The real program under the shell: its signals and where its streams lead are the test's.</summary>
internal sealed class StoppedProgram : IDisposable
{
    private readonly StringBuilder _text = new();

    public Process Process { get; }

    private StoppedProgram(Process process)
    {
        Process = process;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it has said so far.</summary>
    public string Text
    {
        get
        {
            lock (_text)
                return _text.ToString();
        }
    }

    /// <param name="shell">
    /// "exec MARROW ... 2>/dev/full", where MARROW is the program, whose Ctrl-C counts even where the tests run in the
    /// background.
    /// </param>
    public static StoppedProgram Start(string shell)
    {
        var program =
            $"env --default-signal=INT dotnet exec '{Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll")}'";
        return new(
            Process.Start(
                new ProcessStartInfo("bash", ["-c", shell.Replace("MARROW", program, StringComparison.Ordinal)])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!);
    }

    public void WaitFor(Func<bool> condition, string what)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); Thread.Sleep(10))
            Assert.True(
                clock.Elapsed.TotalSeconds < 120 && !Process.HasExited,
                $"waited for {what}; the program said: {Text}");
    }

    public void Send(string signal)
    {
        using var kill = Process.Start(
            "kill",
            ["-s", signal, Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public int Finish()
    {
        Assert.True(Process.WaitForExit(TimeSpan.FromMinutes(2)), $"does not end: {Text}");
        Process.WaitForExit();
        return Process.ExitCode;
    }

    public void Dispose()
    {
        if (!Process.HasExited)
            Process.Kill(entireProcessTree: true);
        Process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_text)
            _text.AppendLine(line);
    }
}
