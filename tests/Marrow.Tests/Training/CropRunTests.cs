using Marrow.Cli;
using Marrow.Tests.Checkpoints;

namespace Marrow.Tests.Training;

/// <summary>Phantom spines and a recipe whose later stages look where its first one found something; a few steps each.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class CropRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _recipe;

    public CropRunTests()
    {
        _recipe = _folder["crop.yaml"];
        File.WriteAllText(_recipe, """
            name: crop
            seed: 3
            heldOut: 0.3
            stages:
              - name: landmarks
                task: detect-vertebrae
                model: retinanet-densenet-mini
                data: {name: spines, format: spineweb16, validation: 0}
                input: {width: 32, height: 96}
                detector: {pyramidChannels: 8, headConvolutions: 1}
                train: {steps: 1, batch: 2, workers: 1}
              - name: cobb
                task: regress-cobb
                model: cobb-densenet-mini
                init: landmarks
                crop: landmarks
                data: {name: spines, format: spineweb16, validation: 0.3}
                input: {width: 32, height: 96}
                train: {steps: 2, batch: 2, workers: 1}
            """);
        Done("data", "phantom", "spineweb16", _folder["spines"], "--count", "8", "--width", "64", "--height", "176");
    }

    public void Dispose() => _folder.Dispose();

    private static (int Code, string Output, string Error) Call(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandLine.Run(args, output, error, CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }

    private static string Done(params string[] args)
    {
        var (code, output, error) = Call(args);
        Assert.True(code == ExitCode.Done, error);
        return output;
    }

    [Fact]
    public void A_regressor_on_the_crop_is_trained_measured_and_used_with_the_detector_that_it_names()
    {
        var (hub, data) = (_folder["hub"], $"spines={_folder["spines"]}");
        Done("run", _recipe, "--data", data, "--out", _folder["run"], "--hub", hub);
        var detections = Assert.Single(Directory.GetFiles(Path.Combine(_folder["run"], "detections")));
        Assert.Equal(8, File.ReadLines(detections).Count());

        var store = new Marrow.Hub.LocalHub(hub);
        using var cobb = store.Resolve("cobb-densenet-mini.spines");
        var detector = store.Find("retinanet-densenet-mini.spines");
        var crop = cobb.Config.Input.Crop!;
        Assert.Equal((detector.Name, detector.Digest, 0.1), (crop.Detector, crop.Digest, crop.Margin));
        Assert.Equal(["init", "crop"], cobb.Parents.Checkpoints.Select(p => p.Role));
        Assert.All(cobb.Parents.Checkpoints, p => Assert.Equal(detector.Digest, p.Digest));
        Assert.DoesNotContain("\"crop\"", File.ReadAllText(Path.Combine(detector.Folder, "config.json"))); // digests of those without one stay what they were

        // The regressor alone brings its detector along; with it named too the same comes out.
        var film = Directory.GetFiles(Path.Combine(_folder["spines"], "data", "training"))[0];
        var alone = Done("predict", film, "--checkpoint", "cobb-densenet-mini.spines", "--hub", hub, "--out", _folder["alone"], "--json");
        var both = Done("predict", film, "--checkpoint", "cobb-densenet-mini.spines", "--checkpoint", detector.Name, "--hub", hub, "--out", _folder["alone"], "--json");
        Assert.Contains("\"regressor\"", alone);
        Assert.Contains(crop.Digest, alone);
        Assert.Equal(Angles(alone), Angles(both));
        Assert.Equal(Angles(alone), Angles(Done("predict", film, "--hub", hub, "--out", _folder["newest"], "--json")));

        // What the run measured at its end is what evaluate finds, but for the weights' bfloat16.
        var measured = cobb.Metrics.Single(m => m.Metric == "mae").Value;
        var evaluated = System.Text.Json.JsonDocument.Parse(Done("evaluate", "cobb-densenet-mini.spines", "--data", data, "--hub", hub, "--json"))
            .RootElement.GetProperty("results").GetProperty("regress-cobb").EnumerateArray().Single(m => m.GetProperty("name").GetString() == "mae").GetProperty("value").GetDouble();
        Assert.Equal(measured, evaluated, 0.05 * measured);

        // Without the detector the weights are of no use.
        Directory.Delete(Path.GetDirectoryName(detector.Folder)!, recursive: true);
        foreach (var args in (string[][])[["predict", film, "--checkpoint", "cobb-densenet-mini.spines", "--out", _folder["none"]], ["evaluate", "cobb-densenet-mini.spines", "--data", data]])
        {
            var (code, _, error) = Call([.. args, "--hub", hub]);
            Assert.Equal(ExitCode.Failed, code);
            Assert.Contains(crop.Digest, error);
        }
    }

    private static string Angles(string json) => System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("predictions")[0].GetProperty("angles").GetRawText();

    [Fact]
    public void A_crop_by_a_checkpoint_that_finds_no_vertebrae_is_refused_before_anything_is_trained()
    {
        Done("run", _recipe, "--data", $"spines={_folder["spines"]}", "--out", _folder["run"], "--hub", _folder["hub"]);
        var (code, _, error) = Call("run", _recipe, "--data", $"spines={_folder["spines"]}", "--stages", "cobb", "--set", "cobb.init=scratch", "--set", "cobb.crop=cobb-densenet-mini.spines", "--out", _folder["again"], "--hub", _folder["hub"]);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("expected a checkpoint for detect-vertebrae to crop by, found one for regress-cobb", error);
        Assert.False(Directory.Exists(_folder["again"]));
    }
}
