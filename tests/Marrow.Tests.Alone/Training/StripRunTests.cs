using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Cli;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Spine;
using Marrow.Tasks.Strip;

namespace Marrow.Tests.Training;

/// <summary>Phantom spines, and a recipe whose second stage looks at them laid straight.</summary>
public sealed class StripRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _data;

    public StripRunTests()
    {
        File.WriteAllText(_folder["strip.yaml"], """
            name: strip
            seed: 3
            heldOut: 0.25
            stages:
              - name: landmarks
                task: detect-vertebrae
                model: retinanet-densenet-mini
                data: {name: spines, format: spineweb16, validation: 0}
                input: {width: 32, height: 96}
                detector: {pyramidChannels: 8, headConvolutions: 1}
                train: {steps: 2, batch: 4, workers: 1}
              - name: strip
                task: refine-points
                model: strip-densenet-mini
                init: landmarks
                data: {name: spines, format: spineweb16, validation: 0}
                input: {width: 64, height: 320}
                augment: {flipProbability: 0.5, scale: 0.1, curve: 0.2}
                train: {steps: 400, batch: 4, lr: 4.0e-3, warmup: 0.1, ema: 0.9, workers: 1}
            """);
        _data = $"spines={_folder["spines"]}";
        Done("data", "phantom", "spineweb16", _folder["spines"], "--count", "12", "--width", "128", "--height", "352");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Points_found_on_the_strip_lie_nearer_to_the_truth_than_the_curve_they_were_looked_for_along()
    {
        var hub = _folder["hub"];
        Done("run", _folder["strip.yaml"], "--data", _data, "--out", _folder["run"], "--hub", hub);
        using var strip = new LocalHub(hub).Resolve("strip-densenet-mini.spines");
        // What is measured here is what the strip sees, without a share of the curve's own items.
        var decoding = (StripDecoding)strip.Config.ReadDecoding(strip.Name)! with
        {
            Refinement = new() { Share = 1, MostMoveHeights = 2, MostTurnDegrees = 180 },
        };
        using var alone = SameWeights.Draft(
            strip, strip.Config with { Decoding = decoding.Write() }, "It counts alone.").Save(_folder["alone"]);
        using var task = (StripTask)alone.BuildTask();
        var refiner = new StripRefiner([task], Compute.Float32);
        var dataset = DatasetCatalogue.Open(new() { Name = "s", Format = "spineweb16", Root = _folder["spines"] });

        var random = new SeededRandom(1);
        var (before, after) = (0.0, 0.0);
        foreach (var sample in dataset.Samples)
        {
            var film = RadiographReader.Read(sample.ImagePath);
            // Each vertebra moved, as a detector errs: by a quarter of its distance from the next.
            Vertebra[] moved = [.. sample.Vertebrae.Select(v => v.Transform(
                AffineTransform.Translate(4 * random.NextGaussian(), 4 * random.NextGaussian())))];
            var found = refiner.Refine(film, moved);
            before += Distance(sample.Vertebrae, moved);
            after += Distance(sample.Vertebrae, found);
        }
        Assert.True(
            after < 0.8 * before, $"{after / dataset.Samples.Count} px after {before / dataset.Samples.Count}");
    }

    [Fact]
    public void A_prediction_and_an_evaluation_take_the_strip_with_its_detector()
    {
        var hub = TrainTwoSteps("hub");
        var film = FirstFilm();

        // Two steps make no detector: no spine is found, and what it is looked for by is told all the same.
        var (_, json, _) = Call("predict", film, "--hub", hub, "--out", _folder["out"], "--json");
        Assert.Contains("strip-densenet-mini.spines", json, StringComparison.Ordinal);
        var measured = Done(
            "evaluate", "retinanet-densenet-mini.spines", "strip-densenet-mini.spines", "--data", _data, "--hub", hub);
        Assert.Contains("landmark-error", measured, StringComparison.Ordinal);
        Assert.Contains(
            "landmark-error",
            Done("evaluate", "strip-densenet-mini.spines", "--data", _data, "--hub", hub),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_out_of_fold_teach_a_strip_its_intervals_beside_its_own_detector_alone()
    {
        const string strip = "strip-densenet-mini.spines", detector = "retinanet-densenet-mini.spines";
        var hub = TrainTwoSteps("hub");
        WriteErrors(hub, strip, detector);

        var report = Done("hub", "calibrate", strip, "--folds", _folder["folds"], "--hub", hub);
        Assert.Contains("held out of fold", report, StringComparison.Ordinal);
        Assert.Contains(detector, report, StringComparison.Ordinal);

        HubEntry[] versions =
        [
            .. HubEntry.NewestFirst([.. new LocalHub(hub).List().Where(e => e.Name == strip)]),
        ];
        Assert.Equal(2, versions.Length);
        using var before = Checkpoint.Load(versions[1].Folder);
        using var after = Checkpoint.Load(versions[0].Folder);
        Assert.Null(((StripDecoding)before.Config.ReadDecoding(before.Name)!).Calibration);
        Assert.Equal(
            0.9, ((StripDecoding)after.Config.ReadDecoding(after.Name)!).Calibration!.Level, 1e-9);
        Assert.Equal(SpineIntervals.BesideOf(before).Weights, SpineIntervals.BesideOf(after).Weights);

        // The card tells what the cross-validation measured, in place of what an earlier one did.
        Done("hub", "calibrate", strip, "--folds", _folder["folds"], "--hub", hub);
        using var again = new LocalHub(hub).Resolve(strip);
        var outOfFold = again.Metrics.Where(m => m.Split == "out of 5 folds by patient (seed 1)").ToList();
        Assert.Equal(7.5, Assert.Single(outOfFold, m => m.Metric == "smape").Value);
        Assert.Single(outOfFold, m => m.Metric == "coverage.cobb1");
        Assert.Contains(
            "out of 5 folds by patient (seed 1)",
            File.ReadAllText(Path.Combine(again.Path, Checkpoint.CardFile)),
            StringComparison.Ordinal);

        // A detector that sees the film in another size measures otherwise than those that the errors are of.
        var otherHub = TrainTwoSteps("otherHub", "--set", "landmarks.input.height=128");
        var (code, _, error) = Call(
            "hub", "calibrate", strip, "--folds", _folder["folds"], "--hub", otherHub);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("with an input of 32 x 128, not 32 x 96", error, StringComparison.Ordinal);
        Assert.Single(new LocalHub(otherHub).List(), e => e.Name == strip);

        // Beside it there are no intervals, and a prediction says why.
        var other = Assert.Single(new LocalHub(otherHub).List(), e => e.Name == detector).Folder;
        Assert.Contains(
            $"No intervals: those of {strip} were learnt beside {detector}", Predict(other), StringComparison.Ordinal);
        Assert.DoesNotContain("No intervals", Predict(detector), StringComparison.Ordinal);

        string Predict(string beside)
        {
            var (_, json, _) = Call(
                "predict", FirstFilm(), "--checkpoint", beside, "--checkpoint", strip, "--hub", hub, "--json",
                "--anyway", "--out", _folder["beside"]);
            return json;
        }
    }

    private void WriteErrors(string hub, params string[] names)
    {
        Checkpoint[] checkpoints = [.. names.Select(name => new LocalHub(hub).Resolve(name))];
        var errors = new SpineErrors
        {
            Experiment = "strip",
            Data = "spines",
            Folds = MadeUpErrors.Folds,
            Checkpoints = [.. checkpoints.Select(c => MeasuringCheckpoint.Of(c)!)],
            Films = MadeUpErrors.Films(100, seed: 3),
            Measured =
            [
                new(
                    "smape", 7.5, "spines", "out of 5 folds by patient (seed 1)", new(2020, 2, 20), "marrow experiment",
                    7, 8, "%", 100),
            ],
        };
        Array.ForEach(checkpoints, c => c.Dispose());
        Directory.CreateDirectory(_folder["folds"]);
        File.WriteAllText(
            Path.Combine(_folder["folds"], SpineErrors.FileName), JsonSerializer.Serialize(errors, MarrowJson.Options));
    }

    [Fact]
    public void A_fast_prediction_says_that_it_looked_once()
    {
        var hub = TrainTwoSteps("hub");
        var film = FirstFilm();
        Assert.Equal("all", Looks("--out", _folder["all"]));
        Assert.Equal("one", Looks("--out", _folder["one"], "--fast"));

        string? Looks(params string[] more)
        {
            var (_, json, _) = Call(["predict", film, "--hub", hub, "--json", "--anyway", .. more]);
            return JsonDocument.Parse(json).RootElement
                .GetProperty("predictions")[0].GetProperty("looks").GetString();
        }
    }

    [Fact]
    public void Ends_are_of_strips_alone()
    {
        File.WriteAllText(_folder["wrong.yaml"], """
            name: wrong
            stages:
              - {name: a, task: classify, model: densenet-mini, data: {name: x, format: csv}, input: {ends: 0.1}}
            """);
        var (code, _, error) = Call("run", _folder["wrong.yaml"], "--data", $"x={_folder.Path}");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("ends: only of refine-points, which looks at strips.", error, StringComparison.Ordinal);
    }

    /// <summary>Runs the recipe with hardly any steps, and returns the hub that its checkpoints are in.</summary>
    private string TrainTwoSteps(string hub, params string[] more)
    {
        Done(["run", _folder["strip.yaml"], "--data", _data, "--out", _folder[$"run-{hub}"], "--hub", _folder[hub],
            "--set", "strip.steps=2", .. more]);
        return _folder[hub];
    }

    private string FirstFilm() => Directory.GetFiles(Path.Combine(_folder["spines"], "data", "training"))[0];

    private static double Distance(IReadOnlyList<Vertebra> truth, IReadOnlyList<Vertebra> found) =>
        truth.Zip(found).Average(p => StripSamples.Corners(p.First).Zip(StripSamples.Corners(p.Second))
            .Average(c => c.First.DistanceTo(c.Second)));

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
}
