namespace Marrow.Tests.Issues;

/// <summary>
/// A run ends neither with its log nor with its terminal, and every way of asking it to stop saves its state.
/// </summary>
public class StoppingTests
{
    private const string Endless = "steps: 100000, batch: 4, lr: 3.0e-3, saveEverySeconds: 1000";

    private static string Run(SmallRun run, string outName = "out") =>
        $"run '{run.RecipePath}' --data {run.DataName}='{run.Data}' --out '{Path.Combine(run.Folder, outName)}'";

    private static string State(SmallRun run) => Path.Combine(run.Folder, "out", run.Stage, "state.safetensors");

    private static bool IsTraining(SmallRun run) =>
        new FileInfo(Path.Combine(run.Folder, "out", run.Stage, "log.jsonl")) is { Exists: true } log
        && File.ReadAllText(log.FullName).Contains("\"loss\"", StringComparison.Ordinal);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void Every_way_of_asking_a_run_to_stop_saves_its_state(string signal)
    {
        using var run = new TinyRun(train: Endless);
        // The tests themselves may run where the signal is ignored, as under nohup.
        using var program = StoppedProgram.Start($"exec env --default-signal={signal} MARROW {Run(run)}");
        program.WaitFor(() => IsTraining(run), "training");
        Assert.False(File.Exists(State(run)));
        program.Send(signal);
        Assert.Equal(130, program.Finish());
        Assert.Contains("--resume", program.Text);
        Assert.True(File.Exists(State(run)));
    }

    [Fact]
    public void A_hangup_that_is_ignored_stays_ignored()
    {
        using var run = new TinyRun(train: Endless);
        using var program = StoppedProgram.Start($"trap '' HUP; exec MARROW {Run(run)}");
        program.WaitFor(() => IsTraining(run), "training");
        program.Send("HUP");
        var log = new FileInfo(Path.Combine(run.Folder, "out", run.Stage, "log.jsonl"));
        var length = log.Length;
        program.WaitFor(() => new FileInfo(log.FullName).Length > length + 200, "more training");
        program.Send("TERM");
        Assert.Equal(130, program.Finish());
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public void A_run_whose_remarks_cant_be_written_goes_on_to_its_end(string where)
    {
        using var run = new TinyRun();
        using var program = StoppedProgram.Start($"exec MARROW {Run(run)} {where}");
        Assert.Equal(0, program.Finish());
        Assert.Contains("densenet-mini.tiny", program.Text);
    }

    [Fact]
    public void A_result_that_cant_be_written_is_an_error_by_name_and_the_run_is_done_all_the_same()
    {
        using var run = new TinyRun();
        using var program = StoppedProgram.Start($"exec MARROW {Run(run)} >/dev/full");
        Assert.Equal(1, program.Finish());
        Assert.Contains("error: standard output: can't be written", program.Text);
        Assert.DoesNotContain("   at ", program.Text);
        Assert.True(File.Exists(Path.Combine(run.Folder, "out", run.Stage, "result.json")));
    }

    [Fact]
    public void A_command_that_only_reads_ends_soon_whatever_it_is_at()
    {
        using var folder = new TemporaryFolder();
        var weights = folder["large.safetensors"];
        using (var file = new FileStream(weights, FileMode.Create))
        {
            // One tensor of 256 GiB of which nothing is on the disk: to hash it takes many minutes.
            const long bytes = 256L << 30;
            var header = System.Text.Encoding.UTF8.GetBytes(
                $"{{\"w\":{{\"dtype\":\"F32\",\"shape\":[{bytes / 4}],\"data_offsets\":[0,{bytes}]}}}}");
            file.Write(BitConverter.GetBytes((long)header.Length));
            file.Write(header);
            file.SetLength(8 + header.Length + bytes);
        }
        using var program = StoppedProgram.Start($"exec MARROW hub show '{weights}'");
        Thread.Sleep(TimeSpan.FromSeconds(1.5)); // in the midst of it
        Assert.False(program.Process.HasExited, program.Text);
        program.Send("INT");
        Assert.Equal(130, program.Finish());
    }
}
