using System.Diagnostics;
using Marrow.Cli;
using Marrow.Computing;
using Marrow.Training.Runs;

namespace Marrow.Tests.Cli;

public class ThreadOptionTests
{
    [Theory]
    [InlineData("run", "x.yaml")]
    [InlineData("predict", "x.png")]
    [InlineData("evaluate", "x", "--data", "a=b")]
    [InlineData("experiment", "x.yaml", "--starts", "scratch")]
    [InlineData("study", "x.yaml", "--starts", "scratch")]
    [InlineData("demo")]
    [InlineData("hub", "rank", "--data", "a=b", "--task", "classify")]
    public void More_threads_than_processors_are_refused_by_every_command_that_computes(params string[] command)
    {
        foreach (var count in (string[])["0", "-1", "65536"])
        {
            var (output, error) = (new StringWriter(), new StringWriter());
            Assert.Equal(
                ExitCode.WrongUsage,
                CommandLine.Run([.. command, "--threads", count], output, error, TestContext.Current.CancellationToken)
            );
            Assert.StartsWith(
                $"error: --threads {count}: expected 1 to {new Processors().Allowed().Count}, the processors that "
                    + $"this process may use.",
                error.ToString(),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_variable_wins_over_what_the_machine_does()
    {
        var threads = new ProcessThreads();
        Assert.True(threads.IsExplicit); // set for all tests
        Assert.Equal(ProcessThreads.Variable, threads.Choose().Reason);
        Assert.Equal("--threads", new ProcessThreads(1).Choose().Reason);
    }

    /// <summary>Real processes, without the variable; nothing is timed.</summary>
    [Fact(Explicit = true), Trait("Category", "Slow")]
    public void A_run_goes_on_with_the_threads_that_it_began_with()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && new Processors().Allowed().Count > 1,
            "Two processors are needed.");
        using var tiny = new TinyRun(train: "steps: 4000, batch: 4, lr: 3.0e-3, saveEverySeconds: 0");
        foreach (var threads in (string[])["2", "1"])
        {
            var folder = Path.Combine(tiny.Folder, threads);
            Stop(Start("--threads", threads));
            Assert.Equal(
                threads,
                Assert
                    .Single(RunIdentity.Load(Path.Combine(folder, tiny.Stage))!.Entries, e =>
                        e.Name == RunIdentity.Threads)
                    .Value);
            Stop(Start("--resume"));
            var told = File.ReadLines(Path.Combine(folder, tiny.Stage, "log.jsonl"))
                .Where(l =>
                    l.Contains("thread: ", StringComparison.Ordinal)
                    || l.Contains("threads: ", StringComparison.Ordinal))
                .ToList();
            Assert.Equal(2, told.Count);
            Assert.Contains($"\"{threads} thread", told[1], StringComparison.Ordinal);

            Process Start(params string[] options)
            {
                string[] all =
                [
                    "exec",
                    Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll"),
                    "run",
                    tiny.RecipePath,
                    "--data",
                    $"{tiny.DataName}={tiny.Data}",
                    "--out",
                    folder,
                    .. options,
                ];
                var start = new ProcessStartInfo("dotnet", all)
                {
                    RedirectStandardError = true,
                    RedirectStandardOutput = true,
                };
                start.Environment.Remove(ProcessThreads.Variable);
                return Process.Start(start)!;
            }

            void Stop(Process process)
            {
                using (process)
                {
                    var state = Path.Combine(folder, tiny.Stage, "state.safetensors");
                    var before = File.Exists(state) ? File.GetLastWriteTimeUtc(state) : default;
                    while (!process.HasExited && (!File.Exists(state) || File.GetLastWriteTimeUtc(state) == before))
                        Thread.Sleep(20);
                    Assert.False(process.HasExited, process.HasExited ? process.StandardError.ReadToEnd() : "");
                    process.Kill();
                    process.WaitForExit();
                }
            }
        }
    }
}
