using Marrow.Checkpoints;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

public sealed class SegmentTaskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private RunRequest Request(int steps, string data = "{name: spines, format: spineweb16, validation: 0.25}")
    {
        var recipe = _folder["recipe.yaml"];
        File.WriteAllText(
            recipe,
            $$"""
            name: spine
            seed: 2
            heldOut: 0.25
            stages:
              - name: outline
                task: segment
                model: segment-densenet-mini
                data: {{data}}
                input: {width: 48, height: 128}
                train: {steps: {{steps}}, batch: 4, lr: 5.0e-3, warmup: 0.1, ema: 0.9, clipNorm: 10, precision: f32, evaluateEvery: 100}
            """
        );
        return new()
        {
            Recipe = RecipeReader.Read(recipe, []),
            DataFolders = new Dictionary<string, string> { ["spines"] = _folder["spines"] },
            OutFolder = _folder["run"],
            HubFolder = _folder["hub"],
            Command = "test",
            Resolve = name => throw new MarrowException($"{name}: no hub here."),
        };
    }

    [Fact]
    public void A_small_model_learns_where_the_vertebrae_of_phantoms_are()
    {
        PhantomWriter.WriteSpine(_folder["spines"], 24, seed: 1, new() { Width = 120, Height = 320 });
        var result = Runner.Run(Request(steps: 60), _ => { })[0];
        var dice = result.Metrics.Single(m => m.Name == "dice");
        Assert.True(dice.Value > 0.7, $"{dice.Value}");
        Assert.InRange(result.Metrics.Single(m => m.Name == "surface-distance").Value, 0, 20);

        // What evaluate measures on the same films, and what a prediction finds on one of them.
        using var checkpoint = Checkpoint.Load(result.Folder);
        Assert.Equal(["vertebra"], checkpoint.Config.Classes);
        var (_, samples) = CheckpointMetrics.Samples(
            checkpoint, "spines", _folder["spines"], EvaluationSplit.HeldOut);
        // weights are stored in bfloat16
        var again = CheckpointMetrics.Measure(checkpoint, samples).Single(m => m.Name == "dice");
        Assert.Equal(dice.Value, again.Value, 0.02);
        using var predictor = new ImagePredictor(checkpoint);
        var finding = predictor.Predict(RadiographReader.Read(samples[0].ImagePath));
        Assert.Equal(finding.Width * finding.Height, finding.Part<RegionsPart>()!.Mask.Length);
        Assert.Equal(
            finding.Part<RegionsPart>()!.Mask.Count(v => v == 1),
            finding.Part<RegionsPart>()!.Regions[0].AreaPixels);
        Assert.Contains("segment", File.ReadAllText(Path.Combine(result.Folder, "README.md")));
    }

    [Fact]
    public void Data_without_masks_is_refused_before_training()
    {
        PhantomWriter.WriteChest(_folder["spines"], 8, seed: 1, new() { Width = 64, Height = 64 });
        var error = Assert.Throws<MarrowException>(() =>
            Runner.Run(Request(5, "{name: spines, format: chexpert, blank: zeros}"), _ => { }));
        Assert.Contains("targets for segment", error.Message);
    }
}
