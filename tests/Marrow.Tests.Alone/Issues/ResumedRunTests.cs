using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Tests.Training;
using Marrow.Training.Runs;
using TorchSharp;

namespace Marrow.Tests.Issues;

/// <summary>A run goes on with what it began with, wherever its folder lies, or it does not go on.</summary>
public class ResumedRunTests
{
    /// <summary>Trains until it has measured for the first time, saves its state and stops.</summary>
    private static void Begin(SmallRun run)
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Runner.Run(
                run.Request("out"),
                e =>
                {
                    if (e.Metrics.Count > 0)
                        stop.Cancel();
                },
                stop.Token));
    }

    private static string Refused(RunRequest request)
    {
        var trained = false;
        var message = Assert
            .Throws<MarrowException>(() => Runner.Run(request, e => trained |= e.Loss is not null))
            .Message;
        Assert.False(trained, "it trained before it refused");
        return message;
    }

    private static void ChangeLabels(SmallRun run, Func<string[], IEnumerable<string>> change)
    {
        var path = Path.Combine(run.Data, "labels.csv");
        var rows = File.ReadAllLines(path);
        File.WriteAllLines(path, change(rows[1..]).Prepend(rows[0]));
    }

    private static IEnumerable<string> Swapped(string[] rows) =>
        rows.Select(
            (row, i) =>
                i > 1 ? row
                : row.Contains("large") ? row.Replace("large", "small")
                : row.Replace("small", "large"));

    [Fact]
    public void Swapped_labels_are_named_and_not_gone_on_with()
    {
        using var run = new TinyRun();
        Begin(run);
        ChangeLabels(run, Swapped);
        Assert.Contains("labels: 2 changed (0.png, 1.png)", Refused(run.Request("out", resume: true)));
        ChangeLabels(run, Swapped);
        Runner.Run(run.Request("out", resume: true), _ => { }, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Rows_in_another_order_are_not_gone_on_with()
    {
        using var run = new TinyRun();
        Begin(run);
        ChangeLabels(run, rows => rows.Reverse());
        Assert.Contains("order: ", Refused(run.Request("out", resume: true)));
    }

    [Fact]
    public void A_row_more_or_less_is_named()
    {
        using var run = new TinyRun();
        Begin(run);
        ChangeLabels(run, rows => rows[..^1]);
        Assert.Contains("labels: 1 gone (23.png)", Refused(run.Request("out", resume: true)));
    }

    [Fact]
    public void Another_image_under_the_same_name_is_named()
    {
        using var run = new TinyRun();
        Begin(run);
        ImageWriter.WritePng8(
            Path.Combine(run.Data, "4.png"),
            48,
            48,
            [.. Enumerable.Range(0, 48 * 48).Select(i => (byte)(i % 48 * 5))]);
        Assert.Contains("images: 1 changed (4.png)", Refused(run.Request("out", resume: true)));
    }

    [Fact]
    public void The_state_itself_knows_its_data()
    {
        using var run = new TinyRun();
        Begin(run);
        File.Delete(Path.Combine(run.Folder, "out", run.Stage, RunIdentity.FileName));
        ChangeLabels(run, Swapped);
        Assert.Contains("one that began with others", Refused(run.Request("out", resume: true)));
    }

    [Fact]
    public void Another_number_of_threads_is_gone_on_with_when_that_is_allowed_by_name_only()
    {
        using var run = new TinyRun();
        Begin(run);
        var threads = torch.get_num_threads();
        try
        {
            torch.set_num_threads(threads + 1);
            var message = Refused(run.Request("out", resume: true));
            Assert.Contains($"threads: {threads} then, {threads + 1} now", message);
            Assert.Contains("--allow-changed threads", message);
            var told = new List<string>();
            Runner.Run(
                new(run.Request("out", resume: true))
                {
                    AllowChanged = [RunIdentity.Threads],
                },
                e => told.Add(e.Message ?? ""),
                TestContext.Current.CancellationToken);
            Assert.Contains(told, message => message.StartsWith("threads: ", StringComparison.Ordinal));
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }

    [Fact]
    public void Another_kind_of_device_is_gone_on_with_when_that_is_allowed_by_name_only()
    {
        using var run = new TinyRun();
        Begin(run);
        var folder = Path.Combine(run.Folder, "out", run.Stage);
        var began = RunIdentity.Load(folder)!;
        Assert.Equal(("cpu", "auto"), (began.Find(RunIdentity.Device), began.AskedDevice));
        (began with
        {
            Entries = [.. began.Entries.Select(e => e.Name == RunIdentity.Device ? e with { Value = "cuda" } : e)],
        }).Save(folder);

        var message = Refused(run.Request("out", resume: true));
        Assert.Contains("device: cuda then, cpu now", message);
        Assert.Contains("--allow-changed device", message);
        var told = new List<string>();
        var request = new RunRequest(run.Request("out", resume: true)) { AllowChanged = [RunIdentity.Device] };
        Runner.Run(request, e => told.Add(e.Message ?? ""), TestContext.Current.CancellationToken);
        Assert.Contains(told, message => message.StartsWith("device: ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_that_is_not_there_is_told_before_anything_is_made()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "Here is a CUDA device.");
        using var run = new TinyRun();
        var message = Refused(new(run.Request("out")) { Device = DeviceChoice.Parse("cuda") });
        Assert.Contains("-p:Libtorch=cuda", message);
        Assert.False(Directory.Exists(Path.Combine(run.Folder, "out")));
    }

    [Fact]
    public void Labels_may_not_be_allowed_to_change()
    {
        using var run = new TinyRun();
        Begin(run);
        ChangeLabels(run, Swapped);
        Assert.Contains(
            "labels: ",
            Refused(new(run.Request("out", resume: true)) { AllowChanged = [RunIdentity.Labels] }));
    }

    [Fact]
    public void Damaged_best_weights_are_noticed_before_it_trains()
    {
        using var run = new TinyRun(train: "steps: 12, batch: 4, lr: 3.0e-3, saveEverySeconds: 0");
        Begin(run);
        var best = Path.Combine(run.Folder, "out", run.Stage, "best.safetensors");
        var bytes = File.ReadAllBytes(best);
        bytes[^100] ^= 4;
        File.WriteAllBytes(best, bytes);
        Assert.StartsWith(best, Refused(run.Request("out", resume: true)));
        File.Delete(best);
        Assert.StartsWith(best, Refused(run.Request("out", resume: true)));
    }

    [Fact]
    public void A_run_that_is_stopped_while_it_measures_ends_as_one_that_never_stopped()
    {
        using var run = new TinyRun();
        var whole = Runner.Run(run.Request("whole"), _ => { }, TestContext.Current.CancellationToken)[0];
        using var stop = new CancellationTokenSource();
        // The event of the last step comes just before its measurement.
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Runner.Run(
                run.Request("out"),
                e =>
                {
                    if (e is { Step: 12, Loss: not null })
                        stop.Cancel();
                },
                stop.Token));
        var rest = Runner.Run(run.Request("out", resume: true), _ => { }, TestContext.Current.CancellationToken)[0];
        Assert.Equal(RunnerTests.Weights(whole), RunnerTests.Weights(rest));
        Assert.Equal(whole.Progress.History.Select(h => h.Step), rest.Progress.History.Select(h => h.Step));
    }

    /// <summary>Two stages, stopped within the second one.</summary>
    private static RunRequest StoppedInSecond(TinyRun run, Func<RunRequest, RunRequest>? change = null)
    {
        File.AppendAllText(run.RecipePath, """

              - name: second
                task: classify
                model: densenet-mini
                init: first
                tag: second
                data: {name: tiny, format: csv, validation: 0.2}
                input: {width: 32, height: 32}
                train: {steps: 6, batch: 4, lr: 3.0e-3, saveEverySeconds: 0}
            """);
        var request = (change ?? (r => r))(run.Request("out"));
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Runner.Run(
                request,
                e =>
                {
                    if (e.Stage == "second")
                        stop.Cancel();
                },
                stop.Token));
        return request;
    }

    [Fact]
    public void A_moved_run_goes_on_with_its_own_weights_whatever_folder_the_program_was_in()
    {
        using var run = new TinyRun();
        StoppedInSecond(run, r =>
            new(r)
            {
                OutFolder = Path.GetRelativePath(Directory.GetCurrentDirectory(), r.OutFolder),
                HubFolder = Path.GetRelativePath(Directory.GetCurrentDirectory(), r.HubFolder),
            }
        );
        var (original, moved) = (Path.Combine(run.Folder, "out"), Path.Combine(run.Folder, "elsewhere", "moved"));
        CopyFolder(original, moved);
        foreach (
            var weights in Directory.GetFiles(
                Path.Combine(original, "hub"),
                "model.safetensors",
                SearchOption.AllDirectories))
            File.WriteAllText(weights, "no weights any more");
        var results = Runner.Run(
            run.Request(Path.Combine("elsewhere", "moved"), resume: true),
            _ => { },
            TestContext.Current.CancellationToken);
        Assert.All(results, r => Assert.StartsWith(moved, r.Folder));
        Assert.DoesNotContain(original, File.ReadAllText(Path.Combine(moved, "first", "result.json")));
    }

    [Fact]
    public void The_checkpoint_of_a_done_stage_is_checked_before_a_later_stage_trains()
    {
        using var run = new TinyRun();
        StoppedInSecond(run);
        var weights = Assert.Single(
            Directory.GetFiles(Path.Combine(run.Folder, "out", "hub"), "model.safetensors", SearchOption.AllDirectories)
        );
        File.WriteAllText(weights, "no weights any more");
        Assert.Contains(weights, Refused(run.Request("out", resume: true)));
    }

    [Fact]
    public void Labels_that_changed_after_a_stage_was_done_stop_the_stages_after_it()
    {
        using var run = new TinyRun();
        StoppedInSecond(run);
        ChangeLabels(run, Swapped);
        var message = Refused(run.Request("out", resume: true));
        Assert.StartsWith(Path.Combine(run.Folder, "out", "first"), message);
        Assert.Contains("labels: 2 changed", message);
    }

    [Fact]
    public void Two_processes_are_never_at_one_run()
    {
        using var run = new TinyRun();
        Begin(run);
        using (FolderLock.TryTake(Path.Combine(run.Folder, "out"), ".run.lock"))
            Assert.Contains("another process", Refused(run.Request("out", resume: true)));
        Runner.Run(run.Request("out", resume: true), _ => { }, TestContext.Current.CancellationToken);
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
