using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Marrow.Cli.Doctor;

/// <summary>
/// The native libraries, tried in a process of their own (<see cref="LibraryProbe"/>): its lines, and how it ended,
/// become findings.
/// </summary>
internal static class LibraryChecks
{
    private const string Group = "Libraries";
    private const string OwnLibrary =
        "Use the libraries that come with Marrow: dotnet build -c Release, without -p:Libtorch=none, puts them beside "
            + "the program.";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static IEnumerable<CheckResult> All(CancellationToken cancellation) => Judge(Try(cancellation));

    /// <param name="Output">What it wrote to standard output.</param>
    /// <param name="ExitCode">Null when it did not end in time.</param>
    /// <param name="Error">What it wrote to standard error, or why it could not be started.</param>
    internal sealed record Attempt(string Output, int? ExitCode, string Error);

    /// <summary>A finding for each library, whatever became of the attempt.</summary>
    internal static IEnumerable<CheckResult> Judge(Attempt attempt)
    {
        var lines = attempt.Output.Split('\n').Select(Line).OfType<ProbeLine>().ToList();
        var isFirstWithout = true;
        foreach (var name in LibraryProbe.Names)
        {
            if (lines.FirstOrDefault(l => l.Library == name) is { } line)
            {
                yield return line.Error is null
                    ? new(Group, name, Verdict.Ok, line.Found ?? "loads")
                    : new(Group, name, Verdict.Problem, OneLine(line.Error), Remedy(line.Error));
                continue;
            }
            yield return isFirstWithout
                ? new(
                    Group,
                    name,
                    Verdict.Problem,
                    Ending(attempt),
                    attempt.ExitCode is null
                        ? "See whether the disk with the program answers, then try again."
                        : OwnLibrary + " Show this report to the project if it happens with them.")
                : new(Group, name, Verdict.Problem, "not tried: the attempt ended with the one above", OwnLibrary);
            isFirstWithout = false;
        }
    }

    private static string Ending(Attempt attempt)
    {
        var said = attempt.Error.Trim().Split('\n')[^1];
        var how = attempt.ExitCode switch
        {
            null => $"gave no answer in {Patience.TotalSeconds:0} s",
            132 => "ended its process by signal 4, an instruction that this processor does not have",
            > 128 and < 160 => $"ended its process by signal {attempt.ExitCode - 128}",
            _ => $"ended its process with code {attempt.ExitCode}",
        };
        return said.Length == 0 ? how : $"{how}: {OneLine(said)}";
    }

    private static string Remedy(string error) =>
        error.Contains("GLIBCXX", StringComparison.Ordinal)
            ? "The system's C++ library is too old: see libstdc++ above."
        : error.Contains("GLIBC_", StringComparison.Ordinal)
            ? "The system's C library is too old: use a newer system, or a container of one."
        : error.Contains("wrong numbers", StringComparison.Ordinal)
        || error.Contains("read back", StringComparison.Ordinal)
            ? "Trust no result here. Unset LD_PRELOAD, LD_LIBRARY_PATH and ONEDNN_MAX_CPU_ISA if they are set, and "
                + "show this report to the project."
        : OwnLibrary;

    /// <summary>An error of a loader repeats itself for each path that it tried.</summary>
    private static string OneLine(string error)
    {
        const int most = 240;
        var line = string.Join(' ', error.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= most ? line : line[..most] + " ...";
    }

    private static ProbeLine? Line(string line)
    {
        try
        {
            return line.StartsWith('{') ? JsonSerializer.Deserialize<ProbeLine>(line, LibraryProbe.OneLine) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Attempt Try(CancellationToken cancellation)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(
                    Host(),
                    [
                        "exec",
                        Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll"),
                        "doctor",
                        Commands.DoctorCommand.ProbeOption,
                    ])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    RedirectStandardInput = true,
                }
            )!;
            process.StandardInput.Close();
            var (output, error) = (
                process.StandardOutput.ReadToEndAsync(cancellation),
                process.StandardError.ReadToEndAsync(cancellation));
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            end.CancelAfter(Patience);
            try
            {
                process.WaitForExitAsync(end.Token).GetAwaiter().GetResult();
                return new(output.Result, process.ExitCode, error.Result);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                cancellation.ThrowIfCancellationRequested();
                process.WaitForExit();
                return new(output.Result, null, error.Result);
            }
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return new("", -1, $"the process could not be started ({e.Message})");
        }
    }

    /// <summary>The dotnet that runs this: DOTNET/shared/Microsoft.NETCore.App/VERSION/ -> DOTNET/dotnet.</summary>
    private static string Host() =>
        Path.GetFullPath(
            Path.Combine(
                RuntimeEnvironment.GetRuntimeDirectory(),
                "..",
                "..",
                "..",
                OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
}
