using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Checkpoints;

public sealed class CheckpointDiffTests : IDisposable
{
    private const string Mini = "densenet-mini", Detector = "retinanet-densenet-mini";
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly TemporaryFolder _hub = new();

    public void Dispose()
    {
        _scope.Dispose();
        _hub.Dispose();
    }

    private static WeightSource Source(string name, Module model, string architecture) =>
        WeightSource.Of(name, model.state_dict().ToDictionary(s => s.Key, s => s.Value), architecture);

    /// <summary>
    /// Not by one seed for both: torch's generator is shared with the tests that run beside this one.
    /// </summary>
    private static (Module A, Module B) Twins()
    {
        var (a, b) = (Drafts.Model(seed: 1), Drafts.Model(seed: 2));
        using var noGradients = torch.no_grad();
        var weights = a.state_dict();
        foreach (var (key, tensor) in b.state_dict())
            tensor.copy_(weights[key]);
        return (a, b);
    }

    [Fact]
    public void The_same_weights_differ_by_nothing()
    {
        var (a, b) = Twins();
        var diff = CheckpointDiff.Between(Source("a", a, Mini), Source("b", b, Mini));
        Assert.True(diff.AreEqual);
        Assert.Equal(a.state_dict().Keys, diff.Tensors.Select(t => t.KeyA));
        Assert.All(diff.Modules, m => Assert.Equal(0, (m.Weights ?? 0) + (m.Statistics ?? 0)));
        Assert.Equal(a.state_dict().Values.Sum(t => t.NumberOfElements), diff.Modules.Sum(m => m.Elements));
    }

    [Fact]
    public void A_change_is_told_by_its_size_in_its_tensor_and_its_module_and_nowhere_else()
    {
        var (a, b) = Twins();
        using (torch.no_grad())
        {
            b.state_dict()["features.denseblock2.denselayer1.conv1.weight"].mul_(1.25);
            b.state_dict()["features.norm5.running_var"].mul_(3);
            b.state_dict()["features.norm0.num_batches_tracked"].add_(7);
            b.state_dict()["classifier.bias"].fill_(1); // zeros before
        }
        var diff = CheckpointDiff.Between(Source("a", a, Mini), Source("b", b, Mini));
        Assert.False(diff.AreEqual);
        Assert.Equal(
            0.25,
            diff.Tensors.Single(t => t.KeyB == "features.denseblock2.denselayer1.conv1.weight").Relative,
            6);
        Assert.Equal(
            (TensorRole.Statistic, 2.0),
            (diff.Tensors.Single(t => t.KeyB == "features.norm5.running_var") is var v ? v.Role : default, v.Relative));
        Assert.Equal(double.PositiveInfinity, diff.Tensors.Single(t => t.KeyB == "classifier.bias").Relative);

        var block = diff.Modules.Single(m => m.Module == "features.denseblock2");
        var before = a.state_dict()
            .Where(s =>
                s.Key.StartsWith("features.denseblock2.", StringComparison.Ordinal)
                && (s.Key.EndsWith(".weight") || s.Key.EndsWith(".bias")));
        var norm = Math.Sqrt(before.Sum(s => s.Value.to(torch.ScalarType.Float64).pow(2).sum().ToDouble()));
        Assert.Equal(
            0.25 * a.state_dict()["features.denseblock2.denselayer1.conv1.weight"].norm().ToDouble() / norm,
            block.Weights!.Value,
            5);
        Assert.Equal(0, block.Statistics);
        Assert.Equal(0, diff.Modules.Single(m => m.Module == "features.norm0").Weights); // a counter is no weight
        Assert.Equal(
            (0.0, true),
            (diff.Modules.Single(m => m.Module == "features.norm5") is var n ? n.Weights : null, n.Statistics > 1));
    }

    [Fact]
    public void Backbones_of_other_architectures_are_matched_by_what_follows_their_prefix()
    {
        var (classifier, detector) = (Drafts.Model(seed: 1), Drafts.Model(seed: 2, architecture: Detector));
        WarmStart.Apply(detector, Detector, Source("c", classifier, Mini));
        var there = CheckpointDiff.Between(Source("c", classifier, Mini), Source("d", detector, Detector));
        Assert.Equal(new PrefixRule("features.", "backbone.body."), there.Backbone);
        Assert.All(there.Tensors, t => Assert.Equal(0, t.NormOfChange));
        Assert.Equal(["classifier.weight", "classifier.bias"], there.OnlyInA);
        Assert.Contains("backbone.body.denseblock4", there.Modules.Select(m => m.Module));
        Assert.All(there.OnlyInB, key => Assert.DoesNotContain("backbone.body.", key));

        // The other way, and with the one or the other side unknown.
        foreach (var (a, b) in new[] { (Detector, Mini), ("", Mini), (Detector, "") })
        {
            var back = CheckpointDiff.Between(Source("d", detector, a), Source("c", classifier, b));
            Assert.Equal(there.Tensors.Count, back.Tensors.Count);
            Assert.Equal(there.OnlyInA, back.OnlyInB);
        }
        var unknown = CheckpointDiff.Between(Source("d", detector, ""), Source("c", classifier, ""));
        Assert.Null(unknown.Backbone);
        Assert.Empty(unknown.Tensors);
    }

    [Fact]
    public void Other_shapes_are_told_and_not_compared()
    {
        var diff = CheckpointDiff.Between(
            Source("a", Drafts.Model(channels: 3, seed: 1), Mini),
            Source("b", Drafts.Model(outputs: 5, seed: 1), Mini));
        Assert.Equal(
            ["features.conv0.weight", "classifier.weight", "classifier.bias"],
            diff.OtherShapes.Select(s => s.KeyB));
        Assert.Equal([32L, 3, 7, 7], diff.OtherShapes[0].ShapeA);
        Assert.DoesNotContain("features.conv0", diff.Modules.Select(m => m.Module));
    }

    [Fact]
    public void What_two_models_see_is_1_for_the_same_and_less_with_each_stage_for_others()
    {
        var (a, b) = (Drafts.Model(seed: 1), Drafts.Model(seed: 2));
        using var first = Drafts.Of(a).Save(_hub.Path);
        using var second = (Drafts.Of(b) with { Name = "densenet-mini.other" }).Save(_hub.Path);
        var images = ActivationDiff.Phantoms(first.Config.Input, 8).ToList();
        var same = ActivationDiff.Between(first, first, images);
        Assert.Equal(["stem", "block1", "block2", "block3", "block4"], same.Select(s => s.Stage));
        Assert.All(same, s => Assert.Equal(1, s.Alignment, 9));
        Assert.All(ActivationDiff.Between(first, second, images), s => Assert.InRange(s.Alignment, -1, 0.999));
    }

    [Fact]
    public void A_classifier_and_a_detector_with_its_backbone_see_the_same_through_the_same_contract()
    {
        var (classifier, detector) = (Drafts.Model(seed: 1), Drafts.Model(seed: 2, architecture: Detector));
        using var first = Drafts.Of(classifier).Save(_hub.Path);
        WarmStart.Apply(detector, Detector, WeightSource.Of(first));
        using var second = Drafts.Detector(detector).Save(_hub.Path);
        var seen = new List<Progress>();
        Assert.All(ActivationDiff.Between(first, second, ActivationDiff.Phantoms(first.Config.Input, 5), seen.Add), s =>
            Assert.Equal(1, s.Alignment, 9));
        Assert.Equal([1, 2, 3, 4, 5], seen.Select(at => at.Done));

        using var other = (
            Drafts.Of(classifier) with
            {
                Config = Drafts.Of(classifier).Config with
                {
                    Input = new() { Width = 96, Height = 64 },
                },
            }
        ).Save(_hub.Path);
        Assert.All(ActivationDiff.Between(other, second, ActivationDiff.Phantoms(first.Config.Input, 5)), s =>
            Assert.InRange(s.Alignment, -1, 0.9999));
        Assert.Contains(
            "found 3",
            Assert
                .Throws<MarrowException>(() =>
                    ActivationDiff.Between(first, second, ActivationDiff.Phantoms(first.Config.Input, 3)))
                .Message);
    }
}
