using Marrow.Checkpoints;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Samples;

namespace Marrow.Tests.Samples;

/// <summary>The samples of docs/library.md do what the page says, on the hub that ships.</summary>
public sealed class SamplesTests : IDisposable
{
    private const string Chest = "densenet121.cxr-pediatric";
    private static readonly string Hub = Path.Combine(Repository.Root(), "hub");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_module_of_ones_own_is_warm_started_saved_with_its_lineage_and_loaded_again()
    {
        using var segmenter = new Segmenter();
        var receipt = WarmStartOwnModule.Run(Hub, Chest, segmenter);
        Assert.Equal((Chest, "segmenter", 1.0), (receipt.Source, receipt.TargetArchitecture, receipt.BackboneCoverage));
        ReadReceipt.Run(receipt);

        var folder = SaveChild.Run(Hub, Chest, segmenter, receipt, _folder["hub"]);
        LoadChild.Run(folder);
        using var child = Checkpoint.Load(folder);
        Assert.Equal(Chest, Assert.Single(child.Parents.Checkpoints).Name);
        Assert.Equal("CC-BY-4.0", child.License);
        Assert.Contains("cxr", child.Parents.Ancestors().Select(a => a.Name));
        Assert.NotNull(child.Golden);
    }

    [Fact]
    public void A_folder_of_films_becomes_a_checkpoint_that_was_fine_tuned_on_them()
    {
        PhantomData.Write("csv", _folder["films"], count: 40, seed: 1);
        var tuned = FineTune.Run(Hub, _folder["films"], _folder["tuned"]);
        Assert.StartsWith("regress-resnet16-mlnet.own@", tuned.Checkpoint, StringComparison.Ordinal);
        Assert.Equal(1, tuned.Receipt?.BackboneCoverage);

        using var checkpoint = Checkpoint.Load(tuned.Folder);
        Assert.Equal("resnet16-mlnet.cxr-pediatric", Assert.Single(checkpoint.Parents.Checkpoints).Name);
        using var predictor = PredictorSet.Open(new LocalHub(_folder["tuned/hub"]), tuned.Checkpoint);
        var (finding, _) = predictor.Predict(Path.Combine(_folder["films"], "images", "0001.jpg"));
        Assert.Equal("cobb", Assert.Single(finding.Part<NumbersPart>()!.Values).Name);
    }

    [Fact]
    public void A_hub_is_opened_and_a_classifier_of_it_sees_an_image()
    {
        OpenHub.Run(Hub, Chest);
        LoadCheckpoint.Run(Hub, Chest, Film.Write(_folder["film.jpg"]));
        Predict.Run(Hub, Chest, _folder["film.jpg"], _folder["results"]);
        Assert.Equal(
            ["film.json", "film.overlay.png", "predictions.csv", "predictions.json"],
            Directory.GetFiles(_folder["results"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Explain.Run(Hub, Chest, _folder["film.jpg"], _folder["explained"]);
        Assert.Equal(
            ["film.explain-1.png", "film.heat-1.png", "film.json", "film.overlay.png"],
            Directory.GetFiles(_folder["explained"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}
