using System.Text;
using Marrow.Checkpoints;
using Marrow.Training.Runs;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Hostile;

/// <summary>
/// Recipes, data and folders that a run can't be made of, and runs whose files are damaged when they are resumed.
/// </summary>
[Collection(nameof(HostileRun))]
public sealed class RunEndToEndTests(HostileRun run)
{
    private void RefusedUntouched(string[] more, params string[] named)
    {
        var name = Path.GetFileName(run.New("out"));
        Refused(run.Start(name, [.. more, "--json"]), named);
        Assert.False(Directory.Exists(Path.Combine(run.Folder, name)));
    }

    [Fact]
    public void Every_mistake_of_a_recipe_is_listed_at_once_and_nothing_is_made()
    {
        var (recipe, output) = (run.New("bad") + ".yaml", run.New("out"));
        File.WriteAllText(
            recipe,
            """
            name: Bad Name
            seed: -1
            heldOut: 2
            colour: red
            stages:
              - {name: a, task: clasify, model: densenet121, data: {format: chexpert}}
              - {name: a, task: regress-cobb, model: densenet121, init: b, data: {format: spineweb, limit: -3}, train: {lr: .nan, batch: 0}}
              - {task: detect-vertebrae, data: 7, input: {width: 8, window: [1, 0]}, augment: {flip: maybe}}
            """
        );
        var message = Refused(
            Call("run", recipe, "--out", output, "--json"),
            "Bad Name",
            "seed",
            "heldOut",
            "colour",
            "clasify",
            "spineweb",
            "limit",
            "lr",
            "batch",
            "width",
            "window",
            "flip");
        var lines = message["error: ".Length..].TrimEnd().Split('\n');
        Assert.True(lines.Length >= 15, message);
        Assert.All(lines, line => Assert.StartsWith(recipe + ":", line));
        Assert.False(Directory.Exists(output));
    }

    [Theory]
    [InlineData("landmarks.lr=abc", "--set 'landmarks.lr=abc': lr: expected a number from 1E-09 to 10, found 'abc'.")]
    [InlineData("landmark.lr=1", "no stage is called 'landmark'")]
    [InlineData("features.init=densenet121.absent", "densenet121.absent")]
    [InlineData("cobb.init=./absent.safetensors", "absent.safetensors")]
    [InlineData("cobb.batch=500", "500 or more images to train on, a batch of stage cobb")]
    [InlineData("cobb.data.format=csv", "labels.csv")]
    [InlineData("features.data.split=none", "split")]
    public void What_can_be_known_before_the_first_stage_stops_the_run_there(string set, string cause) =>
        RefusedUntouched(["--set", set], cause);

    [Fact]
    public void A_batch_that_memory_can_not_hold_is_a_mistake_of_the_recipe() =>
        RefusedUntouched(
            ["--set", "cobb.input={width: 4096, height: 4096}", "--set", "cobb.batch=1024"],
            "pixels in a batch, found 1024 images of 4096 x 4096");

    [Fact]
    public void Data_that_is_not_there_is_named_before_the_first_stage()
    {
        string[] start = ["run", run.Recipe, "--out", run.New("out"), "--json"];
        Refused(Call(start), "'chests', 'spines'", "--data chests=DIR --data spines=DIR");
        Refused(
            Call([.. start, "--data", $"chests={run.Chests}", "--data", $"spines={run.New("absent")}"]),
            "absent",
            "the folder of data set spines");
        Refused(
            Call([.. start, "--data", $"chests={run.Chests}", "--data", $"spines={run.Recipe}"]),
            run.Recipe,
            "found a file");
        Refused(Call([.. start, "--data", $"chests={run.Spines}", "--data", $"spines={run.Chests}"]), "train.csv");
        foreach (
            string[] wrong in (string[][])
                [
                    ["--data", "spines"],
                    ["--data", "=x"],
                    ["--data", "a=b", "--data", "a=c"],
                ])
        {
            var (code, output, error) = Call([.. start, .. wrong]);
            Assert.Equal((2, ""), (code, output));
            Explained(error, "--data");
        }
        Assert.False(Directory.Exists(start[3]));
    }

    [Fact]
    public void Folders_that_can_not_be_written_are_found_before_the_first_stage()
    {
        var file = run.New("file");
        File.WriteAllText(file, "kept");
        Refused(run.Start(Path.GetFileName(file), "--json"), file, "can't be written");
        RefusedUntouched(["--hub", file], file, "can't be written");
        Assert.Equal("kept", File.ReadAllText(file));
        Refused(run.Start("run", "--json"), "holds a run already");
    }

    [Fact]
    public void A_folder_without_permission_is_found_before_the_first_stage()
    {
        Assert.SkipWhen(
            OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess,
            "Permissions do not bind root, and Windows has others.");
        var hub = Directory.CreateDirectory(run.New("hub")).FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(hub, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        RefusedUntouched(["--hub", hub], hub, "can't be written");
    }

    [Fact]
    public void Too_few_patients_for_the_parts_are_counted()
    {
        var folder = run.New("one");
        for (var i = 0; i < 6; i++)
            SmallDataSets.WriteImage(Path.Combine(folder, $"{i}.png"), i);
        SmallDataSets.WriteText(
            Path.Combine(folder, "labels.csv"),
            ["path,patient,label", .. Enumerable.Range(0, 6).Select(i => $"{i}.png,same,{(i < 3 ? "a" : "b")}")]);
        var recipe = run.New("one") + ".yaml";
        File.WriteAllText(
            recipe,
            "name: one\nstages:\n  - {name: a, task: classify, model: densenet-mini, data: {format: csv}, train: "
                + "{batch: 2}}\n"
        );
        Refused(
            Call("run", recipe, "--data", $"csv={folder}", "--out", run.New("out"), "--json"),
            folder,
            "3 patients or more",
            "1 in 6 samples");
    }

    /// <summary>
    /// AUROC of one class has no value: nothing may be chosen by it, least of all the first weights that were measured.
    /// </summary>
    [Fact]
    public void Where_the_metric_has_no_value_the_last_weights_are_kept_and_it_is_said()
    {
        var folder = run.New("nan");
        for (var i = 0; i < 9; i++)
            SmallDataSets.WriteImage(Path.Combine(folder, $"{i}.png"), i);
        // Negatives alone: no finding has two sides.
        SmallDataSets.WriteText(
            Path.Combine(folder, "labels.csv"),
            ["path,finding,other", .. Enumerable.Range(0, 9).Select(i => $"{i}.png,0,0")]);
        var (recipe, output) = (run.New("nan") + ".yaml", run.New("out"));
        File.WriteAllText(
            recipe,
            "name: nan\nstages:\n  - {name: a, task: classify, model: densenet-mini, data: {format: csv, kind: "
                + "findings, labelColumns: [finding, other], validation: 0.2}, input: {width: 32, height: 32}, train: "
                + "{steps: 6, batch: 2, patience: 1, evaluateEvery: 1}}\n"
        );
        var result = Call("run", recipe, "--data", $"csv={folder}", "--out", output, "--json");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("auroc has no value on the part to choose by: the last weights are kept", result.Error);
        Assert.False(File.Exists(Path.Combine(output, "a", "best.safetensors")));
        Assert.Equal(
            6,
            Json(File.ReadAllText(Path.Combine(output, "a", "result.json")))
                .GetProperty("progress")
                .GetProperty("step")
                .GetInt32());
    }

    [Theory]
    [InlineData("run.json", "the description of a run")]
    [InlineData("features/result.json", "the result of a stage")]
    public void A_damaged_document_of_a_run_is_named_and_nothing_is_written_over(string file, string what)
    {
        var folder = run.Copy(run.Run);
        var path = Path.Combine(folder, file);
        foreach (var text in (string[])["", "{", "null", "{}", "[]", "{\"stage\": 3}", "\0\0\0"])
        {
            File.WriteAllText(path, text);
            var before = Contents(folder);
            Refused(run.Start(Path.GetFileName(folder), "--resume", "--json"), path, what);
            Assert.Equal(before, Contents(folder));
        }
    }

    [Fact]
    public void A_flipped_bit_anywhere_in_a_state_is_noticed()
    {
        using var tiny = new TinyRun();
        Runner.Run(tiny.Request("run"), _ => { }, TestContext.Current.CancellationToken);
        var folder = Path.Combine(tiny.Folder, "run", "first");
        File.Delete(Path.Combine(folder, "result.json"));
        var random = new Marrow.Imaging.SeededRandom(2);
        foreach (var (file, flips) in ((string, int)[])[("state.safetensors", 12), ("best.safetensors", 8)])
        {
            var path = Path.Combine(folder, file);
            var length = new FileInfo(path).Length;
            for (var i = 0; i < flips; i++)
            {
                var position = 4096 + random.Next((int)length - 4096);
                Flip(path, position, i % 8);
                var error = Assert.Throws<MarrowException>(() =>
                    Runner.Run(tiny.Request("run", resume: true), _ => { }, TestContext.Current.CancellationToken));
                Assert.StartsWith(path, error.Message);
                Flip(path, position, i % 8);
            }
        }
        Runner.Run(tiny.Request("run", resume: true), _ => { }, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_state_that_is_cut_foreign_or_of_other_settings_is_refused()
    {
        var folder = run.Copy(run.Run);
        var cobb = Path.Combine(folder, "cobb");
        var state = Path.Combine(cobb, "state.safetensors");
        File.Delete(Path.Combine(cobb, "result.json"));
        var whole = File.ReadAllBytes(state);
        string Resume() => Refused(run.Start(Path.GetFileName(folder), "--resume", "--json"), state);

        File.WriteAllBytes(state, whole[..(whole.Length / 2)]);
        Assert.Contains("bytes", Resume());
        File.WriteAllBytes(state, []);
        Assert.Contains("cut short", Resume());
        File.WriteAllBytes(state, Encoding.UTF8.GetBytes("not a state at all, but long enough to look at"));
        Resume();
        File.Copy(
            Path.Combine(run.Checkpoint("cobb-densenet-mini.spines"), "model.safetensors"),
            state,
            overwrite: true);
        Assert.Contains("another kind", Resume());
        File.Copy(Path.Combine(folder, "features", "state.safetensors"), state, overwrite: true);
        Assert.Contains("expected the tensor", Resume());
        File.WriteAllBytes(state, whole);
        Done(run.Start(Path.GetFileName(folder), "--resume", "--json"));
    }

    [Fact]
    public void A_run_whose_parts_have_changed_is_not_resumed()
    {
        var folder = run.Copy(run.Run);
        File.Delete(Path.Combine(folder, "cobb", "result.json"));
        var path = Path.Combine(folder, "cobb", "split.json");
        var split = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))!;
        var (train, heldOut) = (split["trainPatients"]!.AsArray(), split["heldOutPatients"]!.AsArray());
        var patient = train[0]!.GetValue<string>();
        train.RemoveAt(0);
        string Resume(string text)
        {
            File.WriteAllText(path, text);
            return Refused(run.Start(Path.GetFileName(folder), "--resume", "--json"), path);
        }

        Assert.Contains("neither part", Resume(split.ToJsonString())); // A patient who was not there before.
        heldOut.Add(patient);
        Assert.Contains("The data set has changed", Resume(split.ToJsonString()));
        Assert.Contains("the JSON of a split", Resume("{\"seed\": 1"));
    }

    [Fact]
    public void A_run_with_accumulated_batches_resumes_where_it_was()
    {
        using var tiny = new TinyRun(train: "steps: 7, batch: 3, accumulate: 2, lr: 3.0e-3, saveEverySeconds: 0");
        var whole = Runner.Run(tiny.Request("whole"), _ => { }, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var request = tiny.Request("parts");
        try
        {
            Runner.Run(request, e => { if (e.Metrics.Count > 0) stop.Cancel(); }, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // After the first evaluation.
        }
        var parts = Runner.Run(tiny.Request("parts", resume: true), _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(Weights(whole), Weights(parts));

        static byte[] Weights(IReadOnlyList<StageResult> results) =>
            File.ReadAllBytes(Path.Combine(results[0].Folder, Checkpoint.WeightsFile));
    }

    [Fact]
    public void A_half_written_line_of_a_log_is_taken_off()
    {
        using var folder = new TemporaryFolder();
        var path = folder["log.jsonl"];
        using (var log = new RunLog(folder.Path))
            log.Write(new(stage: "a") { Step = 1 });
        File.AppendAllText(path, "{\"stage\":\"a\",\"st");
        using (var log = new RunLog(folder.Path))
            log.Write(new(stage: "a") { Step = 2 });
        Assert.Equal([1, 2], File.ReadAllLines(path).Select(line => Json(line).GetProperty("step").GetInt32()));
    }
}
