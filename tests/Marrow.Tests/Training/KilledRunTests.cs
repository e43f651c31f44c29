using System.Diagnostics;
using Marrow.Checkpoints;
using Marrow.Imaging;

namespace Marrow.Tests.Training;

public class KilledRunTests
{
    private const string Train = "steps: 24, batch: 4, lr: 3.0e-3, ema: 0.9, evaluateEvery: 2, saveEverySeconds: 0";
    private const string Unlabeled = "unlabeled: {name: tiny, format: images}";
    private const string Uda = "uda: {warmup: 0.3, ratio: 2, confidence: 0.6, annealing: linear}";

    /// <summary>
    /// Real processes of the program, ended by SIGKILL at random moments, wherever they are just then.
    /// </summary>
    [Fact]
    public void A_run_that_is_killed_and_resumed_ends_bit_identical_to_one_that_never_stopped() =>
        KillAndCompare(new TinyRun(train: Train), kills: 2);

    [Fact]
    public void So_does_one_that_learns_several_tasks_at_once() =>
        KillAndCompare(
            new PartsRun("steps: 16, lr: 3.0e-3, ema: 0.9, evaluateEvery: 1, saveEverySeconds: 0"), kills: 1);

    [Fact(Explicit = true), Trait("Category", "Slow")]
    public void So_does_one_that_learns_from_unlabelled_images() =>
        KillAndCompare(new TinyRun(train: Train, stage: [Unlabeled, Uda]), kills: 1);

    [Theory(Explicit = true), Trait("Category", "Slow")]
    [InlineData(false)]
    [InlineData(true)]
    public void So_does_a_longer_one_that_is_killed_more_often(bool unlabeled) =>
        KillAndCompare(
            new TinyRun(
                train: Train.Replace("steps: 24", "steps: 60", StringComparison.Ordinal),
                stage: unlabeled ? [Unlabeled, Uda] : []),
            kills: 4);

    [Fact(Explicit = true), Trait("Category", "Slow")]
    public void So_does_one_with_a_teacher() =>
        KillAndCompare(
            new SpineRun(
                "detect-vertebrae",
                "retinanet-densenet-mini",
                Train
                    .Replace("evaluateEvery: 2", "evaluateEvery: 10", StringComparison.Ordinal)
                    .Replace("steps: 24", "steps: 60", StringComparison.Ordinal),
                "unlabeled: {name: spines, format: images}",
                "teacher: {warmup: 0.3, confidence: 0}"),
            kills: 4);

    private static void KillAndCompare(SmallRun run, int kills)
    {
        using var tiny = run;
        using (var whole = Start(tiny, "whole"))
            Assert.Equal(0, Finish(whole));

        var random = new SeededRandom((ulong)Environment.ProcessId);
        var state = Path.Combine(tiny.Folder, "parts", tiny.Stage, "state.safetensors");
        var killed = 0;
        while (killed < kills)
        {
            using var part = Start(tiny, "parts");
            // Some saved steps further, and a moment more: in a step, in a write, or between.
            var saves = 1 + random.Next(8);
            for (var last = Written(state); saves > 0 && !part.HasExited; Thread.Sleep(1))
            {
                if (Written(state) is var now && now != last)
                    (last, saves) = (now, saves - 1);
            }
            if (part.WaitForExit(random.Next(40)))
                break; // It came to its end before it could be killed once more.
            part.Kill();
            part.WaitForExit();
            killed++;
        }
        Assert.InRange(killed, 1, kills);
        using (var rest = Start(tiny, "parts"))
            Assert.Equal(0, Finish(rest));
        Assert.Equal(Weights(tiny, "whole"), Weights(tiny, "parts"));
        TestContext.Current.SendDiagnosticMessage($"killed {killed} times");
    }

    private static Process Start(SmallRun tiny, string outName)
    {
        var cli = Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (
            var argument in (string[])
                [
                    "exec",
                    cli,
                    "run",
                    tiny.RecipePath,
                    .. tiny.DataFolders.SelectMany(data => (string[])["--data", $"{data.Key}={data.Value}"]),
                    "--out",
                    Path.Combine(tiny.Folder, outName),
                    "--hub",
                    Path.Combine(tiny.Folder, outName, "hub"),
                    "--resume",
                ])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static DateTime Written(string path) => File.Exists(path) ? File.GetLastWriteTimeUtc(path) : default;

    private static int Finish(Process process)
    {
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            TestContext.Current.TestOutputHelper?.WriteLine(errors);
        return process.ExitCode;
    }

    /// <summary>
    /// Of the one checkpoint: killed while it is written or after, it is written again as the same one.
    /// </summary>
    private static byte[] Weights(SmallRun tiny, string outName)
    {
        var folder = Assert.Single(
            Directory.GetDirectories(Path.Combine(tiny.Folder, outName, "hub", tiny.Checkpoint)),
            d => !Path.GetFileName(d).StartsWith('.'));
        return File.ReadAllBytes(Path.Combine(folder, Checkpoint.WeightsFile));
    }
}
