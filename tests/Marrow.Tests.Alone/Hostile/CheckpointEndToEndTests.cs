using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Hostile;

/// <summary>Damaged checkpoints and odd hubs as the commands meet them.</summary>
[Collection(nameof(HostileRun))]
public sealed class CheckpointEndToEndTests(HostileRun run)
{
    private const string Regressor = "cobb-densenet-mini.spines";

    [Fact]
    public void A_flipped_bit_in_any_file_is_noticed_by_every_command_that_uses_it()
    {
        var hub = run.Copy(run.Hub, "hub");
        var folder = Directory.GetDirectories(Path.Combine(hub, Regressor)).Single();
        var film = Directory.GetFiles(Path.Combine(run.Spines, "data", "training"))[0];
        var output = run.New("out");
        foreach (var path in Directory.GetFiles(folder))
        {
            var position = new FileInfo(path).Length * 2 / 3;
            Flip(path, position, 3);
            Refused(Call("hub", "show", Regressor, "--hub", hub, "--json"), path);
            Refused(Call("predict", film, "--checkpoint", Regressor, "--hub", hub, "--out", output, "--json"), path);
            Refused(Call("evaluate", Regressor, "--data", $"spines={run.Spines}", "--hub", hub, "--json"), path);
            Refused(
                run.Start(Path.GetFileName(output), "--hub", hub, "--set", $"features.init={Regressor}", "--json"),
                path);
            Flip(path, position, 3);
        }
        Assert.False(Directory.Exists(output));
        Done(Call("hub", "show", Regressor, "--hub", hub, "--json"));
    }

    [Fact]
    public void A_hub_with_foreign_empty_and_half_checkpoints_lists_what_is_whole()
    {
        var hub = run.Copy(run.Hub, "hub");
        Directory.CreateDirectory(Path.Combine(hub, "empty.one"));
        Directory.CreateDirectory(Path.Combine(hub, ".git", "x"));
        Directory.CreateDirectory(Path.Combine(hub, "My Documents"));
        File.WriteAllText(Path.Combine(hub, "notes.txt"), "notes");
        var half = Directory.CreateDirectory(Path.Combine(hub, "half.one", new string('a', 64))).FullName;
        File.WriteAllText(Path.Combine(half, "config.json"), "{}");

        var (code, output, _) = Call("hub", "list", "--hub", hub, "--json");
        Assert.Equal(0, code);
        var entries = Json(output).GetProperty("checkpoints").EnumerateArray().ToList();
        Assert.Equal(4, entries.Count);
        Assert.Contains(
            "can't be read",
            Assert.Single(entries, e => e.TryGetProperty("problem", out var _)).GetProperty("problem").GetString());
        Done(Call("hub", "list", "--hub", hub));
        Done(Call("hub", "show", Regressor, "--hub", hub));
        Refused(Call("hub", "show", "half.one", "--hub", hub), half);
        Refused(Call("hub", "show", half, "--hub", hub), half);
        Refused(Call("hub", "show", "empty.one", "--hub", hub), "empty.one", "found none");
        Refused(Call("hub", "show", Path.Combine(hub, "My Documents"), "--hub", hub), "My Documents");
        Refused(Call("hub", "show", $"{Regressor}@sha256:0000", "--hub", hub), "0 that match");
        Refused(Call("hub", "list", "--hub", Path.Combine(hub, "notes.txt")), "notes.txt");
    }

    [Fact]
    public void A_checkpoint_that_is_cut_short_leaves_the_others_usable()
    {
        var hub = run.Copy(run.Hub, "hub");
        var weights = Path.Combine(
            Directory.GetDirectories(Path.Combine(hub, Regressor)).Single(),
            "model.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..5000]);
        Refused(Call("hub", "show", Regressor, "--hub", hub), weights);
        Done(Call("hub", "show", "densenet-mini.chests", "--hub", hub));
        File.Delete(weights);
        Refused(Call("hub", "show", Regressor, "--hub", hub), weights);
    }

    [Fact]
    public void Weights_alone_predict_nothing_and_say_what_is_missing()
    {
        var bare = run.New("bare") + ".safetensors";
        File.Copy(Path.Combine(run.Checkpoint(Regressor), "model.safetensors"), bare);
        var film = Directory.GetFiles(Path.Combine(run.Spines, "data", "training"))[0];
        Refused(
            Call("predict", film, "--checkpoint", bare, "--hub", run.Hub, "--out", run.New("out"), "--json"),
            bare,
            "config.json",
            "weights alone");
        Refused(
            Call(
                "evaluate",
                bare,
                "--data",
                $"spines={run.Spines}",
                "--format",
                "spineweb16",
                "--split",
                "all",
                "--hub",
                run.Hub,
                "--json"),
            bare,
            "weights alone");
        Refused(
            Call(
                "predict",
                film,
                "--checkpoint",
                "densenet-mini.chests",
                "--checkpoint",
                Regressor,
                "--hub",
                run.Hub,
                "--out",
                run.New("out"),
                "--json"),
            "densenet-mini.chests",
            "classify");
        Done(Call("hub", "show", bare, "--hub", run.Hub, "--json"));
    }

    [Fact]
    public void A_warm_start_from_what_does_not_fit_stops_before_training()
    {
        var foreign = run.New("foreign") + ".safetensors";
        Marrow.Weights.Safetensors.Write(
            foreign,
            [KeyValuePair.Create("something.weight", TorchSharp.torch.zeros(3, 3))]);
        var result = run.Start(Path.GetFileName(run.New("out")), "--set", $"features.init={foreign}", "--json");
        Refused(result, "features.conv0.weight");
        Assert.DoesNotContain("step 1", result.Error);
    }
}
