using Marrow.Cli;
using Marrow.Inputs;

namespace Marrow.Tests.Training;

/// <summary>
/// Phantom spines and a recipe whose later stages look where its first one found something; a few steps each.
/// </summary>
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
                train: {steps: 40, batch: 4, lr: 5.0e-3, workers: 1}
              - name: cobb
                task: regress-cobb
                model: cobb-densenet-mini
                init: landmarks
                crop: landmarks
                data: {name: spines, format: spineweb16, validation: 0.3}
                input: {width: 32, height: 96}
                train: {steps: 2, batch: 2, workers: 1}
              - name: places
                task: points
                model: points-densenet-mini
                tag: places
                crop: landmarks
                data: {name: places, format: csv, validation: 0.3, mirrorPairs: {}}
                input: {width: 32, height: 96}
                train: {steps: 2, batch: 2, workers: 1}
              - name: corners
                task: points
                model: points-densenet-mini
                init: landmarks
                crop: {by: landmarks, region: vertebra, margin: 0.5}
                data: {name: spines, format: spineweb16, validation: 0.3}
                input: {width: 32, height: 32}
                augment: {flipProbability: 0.5}
                train: {steps: 2, batch: 4, workers: 1}
            """);
        Done("data", "phantom", "spineweb16", _folder["spines"], "--count", "8", "--width", "64", "--height", "176");
        // The same films with points of the user's own.
        var films = Directory.GetFiles(Path.Combine(_folder["spines"], "data", "training"));
        File.WriteAllLines(
            Path.Combine(_folder["spines"], "labels.csv"),
            [
                "file,patient,top_x,top_y",
                .. films.Select((film, i) => $"data/training/{Path.GetFileName(film)},{i},30,20"),
            ]);
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
        Done(
            "run",
            _recipe,
            "--data",
            data,
            "--data",
            $"places={_folder["spines"]}",
            "--out",
            _folder["run"],
            "--hub",
            hub);
        var detections = Directory.GetFiles(Path.Combine(_folder["run"], "detections")); // of each data set once
        Assert.Equal([8, 8], detections.Select(file => File.ReadLines(file).Count()));

        var store = new Marrow.Hub.LocalHub(hub);
        using var cobb = store.Resolve("cobb-densenet-mini.spines");
        var detector = store.Find("retinanet-densenet-mini.spines");
        var crop = cobb.Config.Input.Crop!;
        Assert.Equal((detector.Name, detector.Digest, 0.1), (crop.Detector, crop.Digest, crop.Margin));
        Assert.Equal(["init", "crop"], cobb.Parents.Checkpoints.Select(p => p.Role));
        Assert.All(cobb.Parents.Checkpoints, p => Assert.Equal(detector.Digest, p.Digest));
        // digests of those without one stay what they were
        Assert.DoesNotContain("\"crop\"", File.ReadAllText(Path.Combine(detector.Folder, "config.json")));

        // Each vertebra's crop is a sample of its own, of its film's patient.
        using var corners = store.Resolve("points-densenet-mini.spines");
        Assert.Equal(CropRegion.Vertebra, corners.Config.Input.Crop!.Region);
        Assert.Equal(["top-left", "top-right", "bottom-left", "bottom-right"], corners.Config.Classes);
        Assert.Equal(cobb.Parents.Datasets[0].Samples, corners.Parents.Datasets[0].Samples); // films, not crops

        // The regressor alone brings its detector along; with it named too the same ones are used.
        var film = Directory.GetFiles(Path.Combine(_folder["spines"], "data", "training"))[0];
        var alone = Uses(film, "--checkpoint", "cobb-densenet-mini.spines", "--hub", hub, "--out", _folder["alone"]);
        Assert.Equal([$"cobb {cobb.Digest}", $"landmarks {crop.Digest}"], alone);
        Assert.Equal(
            alone,
            Uses(
                film,
                "--checkpoint",
                "cobb-densenet-mini.spines",
                "--checkpoint",
                detector.Name,
                "--hub",
                hub,
                "--out",
                _folder["alone"]));
        var refined = Uses(
            film,
            "--checkpoint",
            cobb.Name,
            "--checkpoint",
            corners.Name,
            "--hub",
            hub,
            "--out",
            _folder["refined"]);
        Assert.Contains($"corners {corners.Digest}", refined);
        Assert.Equal(refined, Uses(film, "--hub", hub, "--out", _folder["newest"])); // all that go together
        using (var vertebrae = store.Resolve(detector.Name))
        using (var predictor = new Marrow.Prediction.SpinePredictor([cobb, vertebrae]))
        {
            var finding = predictor.Measure(Marrow.Imaging.RadiographReader.Read(film)).Spine;
            Assert.Equal((3, 3), (finding.RegressorDegrees.Count, finding.ExpectedDegrees.Count));
        }

        // What the run measured at its end is what evaluate finds, but for the weights' bfloat16.
        var measured = cobb.Metrics.Single(m => m.Metric == "mae").Value;
        var evaluated = System
            .Text.Json.JsonDocument.Parse(
                Done("evaluate", "cobb-densenet-mini.spines", "--data", data, "--hub", hub, "--json"))
            .RootElement.GetProperty("results")
            .GetProperty("regress-cobb")
            .EnumerateArray()
            .Single(m => m.GetProperty("name").GetString() == "mae")
            .GetProperty("value")
            .GetDouble();
        Assert.Equal(measured, evaluated, 0.05 * measured);

        var chain = System
            .Text.Json.JsonDocument.Parse(
                Done("evaluate", detector.Name, cobb.Name, corners.Name, "--data", data, "--hub", hub, "--json"))
            .RootElement.GetProperty("results");
        Assert.Equal(["landmarks", "expected", "regressor", "fused"], chain.EnumerateObject().Select(p => p.Name));
        Assert.Contains("point-error", Done("evaluate", corners.Name, "--data", data, "--hub", hub));

        // Another task on the crop: the detector comes along too.
        Assert.Contains(
            "top",
            Done(
                "predict",
                film,
                "--checkpoint",
                "points-densenet-mini.places",
                "--hub",
                hub,
                "--out",
                _folder["places"],
                "--json"));
        Assert.Contains(
            "point-error",
            Done("evaluate", "points-densenet-mini.places", "--data", $"places={_folder["spines"]}", "--hub", hub));

        // Without the detector the weights are of no use.
        Directory.Delete(Path.GetDirectoryName(detector.Folder)!, recursive: true);
        foreach (
            var args in (string[][])
                [
                    ["predict", film, "--checkpoint", "cobb-densenet-mini.spines", "--out", _folder["none"]],
                    ["evaluate", "cobb-densenet-mini.spines", "--data", data],
                    ["predict", film, "--checkpoint", "points-densenet-mini.places", "--out", _folder["none"]],
                ])
        {
            var (code, _, error) = Call([.. args, "--hub", hub]);
            Assert.Equal(ExitCode.Failed, code);
            Assert.Contains(crop.Digest, error);
        }
    }

    /// <summary>
    /// Role and digest of the checkpoints that a prediction used, in order. A detector of a few steps hardly sees a
    /// spine, so that the film may be refused and its angles withheld; who looked at it is told all the same.
    /// </summary>
    private static string[] Uses(params string[] args)
    {
        var (code, output, error) = Call(["predict", .. args, "--json"]);
        Assert.True(
            code == ExitCode.Done || error.Contains("No whole spine was found", StringComparison.Ordinal),
            error);
        return
        [
            .. System
                .Text.Json.JsonDocument.Parse(output)
                .RootElement.GetProperty("predictions")[0]
                .GetProperty("checkpoints")
                .EnumerateArray()
                .Select(c => $"{c.GetProperty("role").GetString()} {c.GetProperty("digest").GetString()}")
                .Order(StringComparer.Ordinal),
        ];
    }

    [Fact]
    public void A_crop_by_a_checkpoint_that_finds_no_vertebrae_is_refused_before_anything_is_trained()
    {
        Done(
            "run",
            _recipe,
            "--data",
            $"spines={_folder["spines"]}",
            "--stages",
            "landmarks,cobb",
            "--out",
            _folder["run"],
            "--hub",
            _folder["hub"]);
        var (code, _, error) = Call(
            "run",
            _recipe,
            "--data",
            $"spines={_folder["spines"]}",
            "--stages",
            "cobb",
            "--set",
            "cobb.init=scratch",
            "--set",
            "cobb.crop=cobb-densenet-mini.spines",
            "--out",
            _folder["again"],
            "--hub",
            _folder["hub"]);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("expected a checkpoint for detect-vertebrae to crop by, found one for regress-cobb", error);
        Assert.False(Directory.Exists(_folder["again"]));
    }

    [Fact]
    public void A_detector_that_has_learnt_nothing_shows_whole_films_and_no_vertebrae()
    {
        var (code, _, error) = Call(
            "run",
            _recipe,
            "--data",
            $"spines={_folder["spines"]}",
            "--stages",
            "landmarks,cobb,corners",
            "--set",
            "landmarks.steps=1",
            "--set",
            "landmarks.lr=1e-9",
            "--out",
            _folder["run"],
            "--hub",
            _folder["hub"]);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("cobb: no vertebrae found on 8 of 8 images, of which all is shown", error);
        Assert.Contains(
            "corners: expected 4 or more crops to train on, a batch, found 0, where retinanet-densenet-mini.spines "
                + "saw vertebrae. Train that one for longer",
            error);
    }
}
