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
                train: {steps: 260, batch: 4, lr: 4.0e-3, warmup: 0.1, ema: 0.9, workers: 1}
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
        using var task = (StripTask)strip.BuildTask();
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
        Assert.True(after < 0.8 * before, $"{after / dataset.Samples.Count} px after {before / dataset.Samples.Count}");
    }

    [Fact]
    public void A_prediction_and_an_evaluation_take_the_strip_with_its_detector()
    {
        var hub = _folder["hub"];
        Done("run", _folder["strip.yaml"], "--data", _data, "--out", _folder["run"], "--hub", hub,
            "--set", "strip.steps=2");
        var film = Directory.GetFiles(Path.Combine(_folder["spines"], "data", "training"))[0];

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
