using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Tests.Training;

public class OptimizerTests
{
    [Fact]
    public void Fused_and_plain_AdamW_and_torchs_own_agree()
    {
        Assert.SkipUnless(FusedAdamW.IsAvailable, "This libtorch exports no fused AdamW.");
        const double rate = 0.01, decay = 0.1;
        var (fused, plain, torchs) = (Weights(), Weights(), Weights());
        using var ours = new Optimizer(OptimizerKind.AdamW, 0, [Group(fused, decay)]);
        using var second = zeros_like(plain);
        var slot = new Optimizer.Slot("w", plain, zeros_like(plain), second, zeros([], float32));
        using var reference = optim.AdamW([torchs], rate, weight_decay: decay);
        for (var step = 0; step < 20; step++)
        {
            foreach (var weights in (Parameter[])[fused, plain, torchs])
            {
                weights.grad = null;
                using var loss = (weights - 1).pow(4).sum();
                loss.backward();
            }
            ours.Step(rate);
            using (no_grad())
            {
                slot.Steps.add_(1);
                Optimizer.AdamWStep(slot, plain.grad!, rate, decay);
            }
            reference.step();
        }
        Assert.True((fused - torchs).abs().max().item<float>() < 1e-6);
        Assert.True((plain - torchs).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void A_gradient_of_another_memory_layout_gives_the_same_step()
    {
        var (straight, strided) = (Weights(), Weights());
        using var a = new Optimizer(OptimizerKind.AdamW, 0, [Group(straight, 0)]);
        using var b = new Optimizer(OptimizerKind.AdamW, 0, [Group(strided, 0)]);
        using var gradient = arange(12, float32).reshape(3, 4);
        straight.grad = gradient.clone();
        strided.grad = gradient.t().contiguous().t();
        a.Step(0.1);
        b.Step(0.1);
        Assert.True(straight.equal(strided).all().item<bool>());
    }

    [Fact]
    public void Sgd_with_momentum_agrees_with_torchs_own()
    {
        var (ours, torchs) = (Weights(), Weights());
        using var optimizer = new Optimizer(OptimizerKind.Sgd, 0.9, [Group(ours, 0.01)]);
        using var reference = optim.SGD([torchs], 0.01, momentum: 0.9, weight_decay: 0.01);
        for (var step = 0; step < 20; step++)
        {
            foreach (var weights in (Parameter[])[ours, torchs])
            {
                weights.grad = null;
                using var loss = (weights - 1).pow(2).sum();
                loss.backward();
            }
            optimizer.Step(0.01);
            reference.step();
        }
        Assert.True((ours - torchs).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void Frozen_parameters_stay_as_they_are()
    {
        var weights = Weights();
        using var before = weights.detach().clone();
        weights.grad = ones_like(weights);
        weights.requires_grad = false;
        using var optimizer = new Optimizer(OptimizerKind.AdamW, 0, [Group(weights, 0.1)]);
        optimizer.Step(1);
        Assert.True(weights.equal(before).all().item<bool>());
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0)]
    [InlineData(1e6)]
    public void Gradients_are_clipped_as_torch_clips_them(double maxNorm)
    {
        var (ours, torchs) = (Weights(), Weights());
        using var optimizer = new Optimizer(OptimizerKind.AdamW, 0, [Group(ours, 0)]);
        foreach (var weights in (Parameter[])[ours, torchs])
            weights.grad = linspace(-3, 5, 12, float32).reshape(3, 4);
        var expected = nn.utils.clip_grad_norm_([torchs], maxNorm > 0 ? maxNorm : float.MaxValue);
        Assert.Equal(expected, optimizer.ClipGradients(maxNorm), 1e-5);
        Assert.True((ours.grad! - torchs.grad!).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void A_gradient_that_is_not_a_number_shows_in_the_norm()
    {
        var weights = Weights();
        using var optimizer = new Optimizer(OptimizerKind.AdamW, 0, [Group(weights, 0)]);
        Assert.Equal(0, optimizer.ClipGradients(1));
        weights.grad = full_like(weights, double.NaN);
        Assert.True(double.IsNaN(optimizer.ClipGradients(1)));
    }

    private static Parameter Weights() => new(linspace(-2, 2, 12, float32).reshape(3, 4));

    private static ParameterGroup Group(Parameter weights, double decay) => new("g", 1, decay, [("w", weights)]);
}
