using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Training.Methods;
using static TorchSharp.torch;

namespace Marrow.Tests.Training;

public class ComputeTests
{
    [Fact]
    public void Inside_autocast_convolutions_compute_in_bfloat16_and_outside_in_float32()
    {
        Assert.SkipUnless(Autocast.IsAvailable, "This libtorch exports no autocast.");
        using var conv = nn.Conv2d(1, 2, 3);
        using var x = randn(1, 1, 8, 8);
        using var inside = new Compute(true, false).Forward(() => conv.forward(x));
        using var outside = Compute.Float32.Forward(() => conv.forward(x));
        Assert.Equal(ScalarType.BFloat16, inside.dtype);
        Assert.Equal(ScalarType.Float32, outside.dtype);
    }

    [Theory]
    [InlineData(false, true, 1e-4)]
    [InlineData(true, false, 0.05)]
    [InlineData(true, true, 0.05)]
    public void Every_way_of_computing_gives_the_same_logits(bool bf16, bool channelsLast, double tolerance)
    {
        Assert.SkipUnless(!bf16 || Autocast.IsAvailable, "This libtorch exports no autocast.");
        using var generator = new Generator(5, CPU);
        using var model = (Classifier)ModelCatalogue.Create(new() { Architecture = "densenet-mini", Outputs = 3 });
        model.eval();
        using var x = randn([2, 1, 64, 64], generator: generator);
        using var expected = model.forward(x);
        var compute = new Compute(bf16, channelsLast);
        compute.Arrange(model);
        using var images = compute.Arrange(x);
        using var found = compute.Forward(() => model.forward(images)).to(float32);
        Assert.InRange(
            (found - expected).abs().max().item<float>(),
            0,
            tolerance * Math.Max(1, expected.abs().max().item<float>()));
    }

    [Theory]
    [InlineData("densenet-mini")]
    [InlineData("cobb-densenet-mini")]
    public void Weights_held_in_bfloat16_give_the_same_bits_as_weights_converted_in_each_call(string architecture)
    {
        Assert.SkipUnless(Autocast.IsAvailable, "This libtorch exports no autocast.");
        var compute = new Compute(true, true);
        using var noGrad = no_grad();
        using var generator = new Generator(5, CPU);
        using var model = (nn.Module<Tensor, Tensor>)
            ModelCatalogue.Create(new() { Architecture = architecture, Outputs = 3 });
        model.eval();
        using var x = randn([2, 1, 64, 64], generator: generator);
        using var images = compute.Arrange(x);
        compute.Arrange(model);
        using var converted = compute.Forward(() => model.forward(images));
        compute.ArrangeForInference(model);
        using var held = compute.Forward(() => model.forward(images));
        Assert.True(held.equal(converted).all().item<bool>());
        foreach (var (name, parameter) in model.named_parameters())
        {
            var norm = name.Contains("norm", StringComparison.Ordinal);
            Assert.Equal(norm ? ScalarType.Float32 : ScalarType.BFloat16, parameter.dtype);
            if (parameter.dim() == 4 && parameter.shape[1] > 1)
                Assert.Equal(1, parameter.stride()[1]);
        }
    }

    [Fact]
    public void Channels_last_changes_strides_and_nothing_else()
    {
        using var x = randn(2, 3, 4, 5);
        using var y = new Compute(false, true).Arrange(x);
        Assert.True(x.equal(y).all().item<bool>());
        Assert.Equal([60, 1, 15, 3], y.stride());
    }

    [Fact]
    public void A_single_channel_has_the_strides_by_which_libtorch_knows_the_layout()
    {
        using var x = randn(2, 1, 4, 5);
        using var y = new Compute(false, true).Arrange(x);
        Assert.True(x.equal(y).all().item<bool>());
        Assert.Equal([20, 1, 5, 1], y.stride());
    }

    [Fact]
    public void The_average_forgets_the_first_weights_and_is_exchanged_back()
    {
        using var layer = nn.Linear(2, 1, hasBias: false);
        using (no_grad())
            layer.weight!.fill_(0);
        using var average = new MovingAverage(layer, 0.9);
        using (no_grad())
            layer.weight!.fill_(1);
        var rest = 1.0; // share of the first weights
        for (var i = 0; i < 5; i++)
        {
            average.Update(i);
            rest *= Math.Min(0.9, (1.0 + i) / (10.0 + i));
        }
        using (average.Use())
            Assert.Equal(1 - rest, layer.weight![0, 0].item<float>(), 1e-5);
        Assert.Equal(1, layer.weight![0, 0].item<float>());
    }
}
