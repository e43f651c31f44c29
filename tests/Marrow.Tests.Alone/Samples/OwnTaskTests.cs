using Marrow.Backbones;
using Marrow.Checkpoints;
using Marrow.Metrics;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Samples;
using Marrow.Tasks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Samples;

/// <summary>What a program adds to the catalogues is trained, measured and predicts as what Marrow has.</summary>
public sealed class OwnTaskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_task_on_a_backbone_that_a_program_added_is_trained_measured_and_predicts()
    {
        PhantomData.Write("csv", _folder["films"], count: 40, seed: 1);
        var result = Assert.Single(RunOwnTask.Run(_folder["films"], _folder["run"], _folder["hub"]));
        Assert.Equal(["mae", "rmse", "pearson", "r2"], result.Metrics.Select(m => m.Name));
        Assert.Equal("degrees", result.Metrics[0].Unit);

        using var checkpoint = Checkpoint.Load(result.Folder);
        Assert.Equal(
            ("steps", "steps-plain", "features."),
            (
                checkpoint.Config.Task,
                checkpoint.Config.Model.Architecture,
                checkpoint.Config.Model.BackbonePrefix));
        Assert.False(checkpoint.Config.IsOwnModule);
        using var predictor = new ImagePredictor(checkpoint);
        Assert.Equal(["cobb (degrees)"], predictor.Columns);

        // Every task has an architecture of what was added, and nothing is added twice.
        using var points = ModelCatalogue.Create(new() { Architecture = "points-plain", Outputs = 2 });
        Assert.Contains("features.layer4.0.weight", points.state_dict().Keys);
        Assert.Throws<ArgumentException>(() => TaskCatalogue.Add(new Steps()));
        Assert.Throws<ArgumentException>(() => BackboneCatalogue.Add("plain", c => new PlainBackbone(c)));
        Assert.Throws<ArgumentException>(() => BackboneCatalogue.Add("steps-plain", c => new PlainBackbone(c)));
    }

    [Theory]
    [InlineData("densenet121")]
    [InlineData("points-densenet121")]
    [InlineData("Plain")]
    [InlineData("")]
    public void A_backbone_whose_name_is_taken_or_none_is_refused(string name) =>
        Assert.Contains(
            $"found '{name}'",
            Assert.Throws<ArgumentException>(() => BackboneCatalogue.Add(name, c => new PlainBackbone(c))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("classify")]
    [InlineData("custom")]
    [InlineData("cobb")] // "cobb-densenet121" is of regress-cobb.
    [InlineData("My task")]
    public void A_task_whose_name_is_taken_or_none_is_refused(string name) =>
        Assert.Contains(
            $"found '{name}'",
            Assert.Throws<ArgumentException>(() => TaskCatalogue.Add(new Named(name))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("auroc")]
    [InlineData("auroc.mine")]
    public void A_metric_whose_name_is_taken_or_none_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => MetricCatalogue.Add(name, "", higherIsBetter: true, "A number."));

    private sealed class Named(string name) : OwnTask(name, "trying", "None.")
    {
        protected internal override Module<Tensor, Tensor> CreateHead(
            int channels, int outputs) => throw new NotSupportedException();

        protected internal override Tensor Loss(
            Tensor output, IReadOnlyList<OwnSample> samples) =>
            throw new NotSupportedException();

        protected internal override IReadOnlyList<double> Decode(IReadOnlyList<float> output) =>
            throw new NotSupportedException();
    }
}
