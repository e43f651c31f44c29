using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using static TorchSharp.torch;

namespace Marrow.Tests.Training;

public class ScheduleTests
{
    [Fact]
    public void Cosine_warms_up_linearly_and_falls_to_zero()
    {
        var options = new TrainOptions { Warmup = 0.1 };
        double At(int step) => LearningRate.Factor(options, step, 100, 10);
        Assert.Equal(0.1, At(0), 9);
        Assert.Equal(1, At(9), 9);
        Assert.Equal(1, At(10), 9);
        Assert.Equal(0.5, At(55), 9);
        Assert.InRange(At(99), 0, 1e-3);
        Assert.All(Enumerable.Range(10, 89), s => Assert.True(At(s + 1) < At(s)));
    }

    [Fact]
    public void Steps_fall_by_their_factor_after_so_many_epochs()
    {
        var options = new TrainOptions { Warmup = 0, Schedule = ScheduleKind.Step, StepEpochs = 2, StepFactor = 0.1 };
        Assert.Equal(1, LearningRate.Factor(options, 19, 100, 10), 9);
        Assert.Equal(0.1, LearningRate.Factor(options, 20, 100, 10), 9);
        Assert.Equal(0.01, LearningRate.Factor(options, 40, 100, 10), 9);
    }

    [Fact]
    public void Gradual_unfreezing_releases_the_deepest_stage_first_and_all_by_the_middle()
    {
        var spec = new ModelSpec { Architecture = "densenet-mini", Outputs = 2 };
        var plan = new FreezePlan(spec, new() { Freeze = TrainOptions.WholeBackbone, Unfreeze = Unfreezing.Gradual });
        var stages = BackboneStages.Of(spec).Count;
        var frozen = Enumerable.Range(0, 100).Select(s => plan.FrozenStages(s, 100)).ToList();
        Assert.Equal(stages, frozen[0]);
        Assert.Equal(0, frozen[50]);
        Assert.All(frozen.Zip(frozen.Skip(1)), pair => Assert.InRange(pair.First - pair.Second, 0, 1));
    }

    [Fact]
    public void Frozen_stages_get_no_gradients_and_their_batch_norms_keep_still()
    {
        var spec = new ModelSpec { Architecture = "densenet-mini", Outputs = 2 };
        using var model = (Classifier)ModelCatalogue.Create(spec);
        var plan = new FreezePlan(spec, new());
        plan.Apply(model, 2);
        var (_, stem) = model.named_buffers().First(b => b.name == "features.norm0.running_mean");
        var (_, deep) = model.named_buffers().First(b => b.name == "features.norm5.running_mean");
        using var stemBefore = stem.clone();
        using var deepBefore = deep.clone();
        using var y = model.forward(randn(2, 1, 64, 64));
        y.sum().backward();

        Assert.True(stem.equal(stemBefore).all().item<bool>());
        Assert.False(deep.equal(deepBefore).all().item<bool>());
        var learning = model.named_parameters().Where(p => p.parameter.grad is not null).Select(p => p.name).ToList();
        Assert.DoesNotContain("features.conv0.weight", learning);
        Assert.DoesNotContain(learning, n => n.StartsWith("features.denseblock1.", StringComparison.Ordinal));
        Assert.Contains("features.denseblock2.denselayer1.conv1.weight", learning);
        Assert.Contains("classifier.weight", learning);
    }

    [Fact]
    public void Groups_hold_every_parameter_once_with_rates_that_fall_with_depth_and_decay_for_kernels_only()
    {
        var spec = new ModelSpec { Architecture = "densenet-mini", Outputs = 2 };
        using var model = ModelCatalogue.Create(spec);
        var groups = new FreezePlan(
            spec,
            new()
            {
                BackboneLr = 0.5,
                LayerDecay = 0.8,
                WeightDecay = 0.1,
            }
        ).Groups(model);
        var grouped = groups.SelectMany(g => g.Parameters.Select(p => p.Name)).ToList();
        Assert.Equal(model.named_parameters().Select(p => p.name).Order(), grouped.Order());
        Assert.Equal(1, groups.Single(g => g.Name == "head").LearningRateFactor);
        Assert.Equal(0.5, groups.Single(g => g.Name == "block4").LearningRateFactor, 9);
        Assert.Equal(0.5 * Math.Pow(0.8, 4), groups.Single(g => g.Name == "stem").LearningRateFactor, 9);
        Assert.All(groups.SelectMany(g => g.Parameters.Select(p => (g.WeightDecay, p))), x =>
            Assert.Equal(x.p.Value.dim() > 1 ? 0.1 : 0, x.WeightDecay));
    }
}
