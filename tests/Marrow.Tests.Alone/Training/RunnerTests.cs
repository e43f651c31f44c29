using Marrow.Checkpoints;
using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

public class RunnerTests
{
    [Fact]
    public void A_start_that_has_seen_what_is_held_out_is_told_in_the_log_the_result_and_the_card()
    {
        using var run = new TinyRun();
        var all = Runner.Run(
            run.Request("all", overrides: "heldOut=0"), _ => { }, TestContext.Current.CancellationToken)[0];
        Assert.Empty(all.Warnings);
        Assert.Empty(all.Metrics);

        Assert.Empty(From("seed=3", "scratch").Result.Warnings);
        Assert.Empty(From($"first.init=matched:{run.Checkpoint}", "matched").Result.Warnings);
        var (warm, told) = From($"first.init={run.Checkpoint}", "warm");
        var warning = Assert.Single(warm.Warnings);
        Assert.Contains(
            $"was trained on {warm.HeldOutImages} of these {warm.HeldOutImages} images",
            warning,
            StringComparison.Ordinal);
        Assert.Contains(warning, told);
        Assert.Contains(
            warning,
            File.ReadAllText(Path.Combine(warm.Folder, Checkpoint.CardFile)),
            StringComparison.Ordinal);

        (StageResult Result, List<string> Told) From(string change, string name)
        {
            var said = new List<string>();
            var request = new RunRequest(run.Request(name, overrides: change))
            {
                Resolve = _ => Checkpoint.Load(all.Folder),
            };
            var result = Runner.Run(
                request,
                e => said.AddRange(e.Message is { } message ? [message] : []),
                TestContext.Current.CancellationToken)[0];
            return (result, said);
        }
    }

    [Fact]
    public void A_stage_ends_in_a_checkpoint_with_its_numbers_and_parents()
    {
        using var tiny = new TinyRun();
        var events = new List<RunEvent>();
        var result = Assert.Single(Runner.Run(tiny.Request("out"), events.Add, TestContext.Current.CancellationToken));

        using var checkpoint = Checkpoint.Load(result.Folder);
        Assert.Equal("densenet-mini.tiny", checkpoint.Name);
        Assert.Contains(checkpoint.Metrics, m => m.Metric == "auroc");
        Assert.Equal("tiny", Assert.Single(checkpoint.Parents.Datasets).Name);
        Assert.Equal(12, result.Progress.Step);
        Assert.Contains(events, e => e.Metrics.ContainsKey("auroc"));
        Assert.True(File.Exists(Path.Combine(tiny.Folder, "out", "first", "log.jsonl")));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(tiny.Folder, "out", "first", "tensorboard")));
    }

    [Fact]
    public void A_cancelled_run_goes_on_and_ends_with_the_weights_of_one_that_never_stopped()
    {
        using var tiny = new TinyRun();
        var whole = Runner.Run(tiny.Request("whole"), _ => { }, TestContext.Current.CancellationToken)[0];
        // Asked to stop from the start, a run does one step, saves its state and stops.
        for (var stop = 1; stop <= 5; stop++)
            Assert.ThrowsAny<OperationCanceledException>(() =>
                Runner.Run(tiny.Request("parts", resume: true), _ => { }, new CancellationToken(true)));
        Assert.True(File.Exists(Path.Combine(tiny.Folder, "parts", "first", "state.safetensors")));
        var parts = Runner.Run(tiny.Request("parts", resume: true), _ => { }, TestContext.Current.CancellationToken)[0];
        Assert.Equal(Weights(whole), Weights(parts));
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_the_run_and_names_the_files()
    {
        using var tiny = new TinyRun(train: "steps: 80, batch: 4, lr: 10, optimizer: sgd, warmup: 0, precision: f32");
        var e = Assert.Throws<MarrowException>(() =>
            Runner.Run(
                tiny.Request("out", false, "first.weightDecay=1"),
                _ => { },
                TestContext.Current.CancellationToken));
        Assert.Contains("not a finite number", e.Message);
        Assert.Contains(".png", e.Message);
    }

    [Fact(Explicit = true), Trait("Category", "Slow")]
    public void Memory_stays_flat_over_a_run()
    {
        using var tiny = new TinyRun(
            images: 80,
            train: "steps: 3000, batch: 8, lr: 1.0e-3, ema: 0.9, clipNorm: 1, evaluateEvery: 20, saveEverySeconds: 2");
        var memory = new List<double>();
        Runner.Run(
            tiny.Request("out"),
            e =>
            {
                if (e.MemoryGiB is { } now)
                    memory.Add(now);
            },
            TestContext.Current.CancellationToken);
        var half = memory.Count / 2;
        Assert.InRange(half, 4, int.MaxValue);
        // Between the third and the last quarter, as the heaps grow to their size in the first; one leaked batch a step
        // would be 48 MiB, one leaked gradient set 900 MiB.
        var growthMiB = 1024 * (memory[^(half / 2)..].Average() - memory[half..^(half / 2)].Average());
        Assert.InRange(growthMiB, double.NegativeInfinity, 24);
    }

    [Fact]
    public void A_folder_with_another_run_is_left_alone()
    {
        using var tiny = new TinyRun(train: "steps: 1, batch: 4");
        Runner.Run(tiny.Request("out"), _ => { }, TestContext.Current.CancellationToken);
        Assert.Contains(
            "--resume",
            Assert.Throws<MarrowException>(() => Runner.Run(tiny.Request("out"), _ => { })).Message);
        var other = tiny.Request("out", resume: true, "first.lr=0.5");
        Assert.Contains(
            "another recipe or other settings",
            Assert.Throws<MarrowException>(() => Runner.Run(other, _ => { })).Message);
        var whole = tiny.Request("out", resume: true);
        var part = new RunRequest(whole) { Recipe = whole.Recipe.Only(["first"]) };
        Assert.Contains("--stages", Assert.Throws<MarrowException>(() => Runner.Run(part, _ => { })).Message);
    }

    [Fact]
    public void Data_without_a_folder_is_named_before_anything_runs()
    {
        using var tiny = new TinyRun();
        var request = new RunRequest(tiny.Request("out")) { DataFolders = new Dictionary<string, string>() };
        Assert.Contains("--data tiny=DIR", Assert.Throws<MarrowException>(() => Runner.Run(request, _ => { })).Message);
        Assert.False(Directory.Exists(request.OutFolder));
    }

    internal static byte[] Weights(StageResult result) =>
        File.ReadAllBytes(Path.Combine(result.Folder, Checkpoint.WeightsFile));
}
