using Marrow.Computing;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Tests.Computing;

/// <summary>
/// The fused batch norm, ReLU, pools and dense blocks against TorchSharp's own operations in float32.
/// </summary>
public sealed class FusedNormTests : IDisposable
{
    private const double Rounding = 1.0 / 128; // of one bfloat16 number, twice over
    private readonly DisposeScope _scope = NewDisposeScope();

    public FusedNormTests()
    {
        Assert.SkipUnless(TorchThreads.IsAvailable, "This libtorch exports no threads.");
        random.manual_seed(3);
    }

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(true, 2, 32, 9, 7)]
    [InlineData(false, 2, 32, 9, 7)]
    [InlineData(true, 3, 48, 31, 33)] // several partial sums
    [InlineData(true, 2, 21, 9, 7)] // part of a lane
    public void Norm_and_ReLU_and_their_gradients_are_TorchSharps(
        bool training,
        int images,
        int channels,
        int height,
        int width)
    {
        var (norm, plain) = (Norm(channels, training), Norm(channels, training));
        plain.load_state_dict(norm.state_dict());
        var x = Map(images, channels, height, width).requires_grad_();
        var expectedX = x.detach().to(float32).requires_grad_();
        Assert.True(FusedNorm.Takes(x, norm));
        var y = FusedNorm.NormRelu(x, norm);
        var expected = nn.functional.relu(plain.forward(expectedX));
        AssertNear(expected, y);
        AssertNear(plain.running_mean!, norm.running_mean!, 1e-5);
        AssertNear(plain.running_var!, norm.running_var!, 1e-5);
        Assert.Equal(
            plain.state_dict()["num_batches_tracked"].item<long>(),
            norm.state_dict()["num_batches_tracked"].item<long>());

        var gradient = Map(images, channels, height, width);
        y.backward([gradient]);
        expected.backward([gradient.to(float32)]);
        AssertNear(expectedX.grad!, x.grad!);
        AssertNear(plain.weight!.grad!, norm.weight!.grad!, 1e-3);
        AssertNear(plain.bias!.grad!, norm.bias!.grad!, 1e-3);
    }

    [Theory]
    [InlineData(true, 0.1)]
    [InlineData(true, null)] // the mean of all batches
    [InlineData(false, 0.1)]
    public void The_plain_norm_and_ReLU_are_TorchSharps_to_the_bit(bool training, double? momentum)
    {
        var (norm, plain) = (Norm(5, training), Norm(5, training));
        plain.load_state_dict(norm.state_dict());
        (norm.momentum, plain.momentum) = (momentum, momentum);
        for (var batch = 0; batch < 3; batch++)
        {
            var x = randn(2, 5, 4, 3).requires_grad_();
            var expectedX = x.detach().clone().requires_grad_();
            var y = Layers.NormRelu(x, norm);
            var expected = nn.functional.relu(plain.forward(expectedX));
            Assert.True(expected.Equals(y));
            y.sum().backward();
            expected.sum().backward();
            Assert.True(expectedX.grad!.Equals(x.grad!));
            Assert.True(plain.weight!.grad!.Equals(norm.weight!.grad!));
        }
        foreach (var (name, value) in plain.state_dict())
            Assert.True(value.Equals(norm.state_dict()[name]), name);
    }

    [Fact]
    public void Without_gradients_the_same_is_computed()
    {
        var norm = Norm(32, training: false);
        var x = Map(2, 32, 11, 13);
        var expected = nn.functional.relu(norm.forward(x.to(float32)));
        using var quiet = no_grad();
        AssertNear(nn.functional.max_pool2d(expected, 3, 2, 1), FusedNorm.NormReluMaxPool(x, norm));
        using (var maps = new BlockMaps(x, 32))
            AssertNear(nn.functional.avg_pool2d(expected, 2, 2), maps.AppendNormaliseAndPool(x, norm));
        AssertNear(expected, FusedNorm.NormRelu(x, norm));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_block_is_concatenation_norm_and_ReLU_with_their_gradients(bool training, bool inputLearns)
    {
        // Three maps, each read by all norms after it, as in a dense block; the second norm is at rest.
        var inputs = new[] { Map(2, 24, 6, 5), Map(2, 16, 6, 5), Map(2, 16, 6, 5) };
        BatchNorm2d[] Norms() => [Norm(24, training), Norm(40, training: false), Norm(56, training)];
        var (norms, plain) = (Norms(), Norms());
        for (var i = 0; i < norms.Length; i++)
            plain[i].load_state_dict(norms[i].state_dict());
        var gradients = norms.Select(n => Map(2, (int)n.weight!.numel(), 6, 5)).ToArray();
        var leaves = inputs.Select((x, i) => x.detach().clone().requires_grad_(i > 0 || inputLearns)).ToArray();
        var expectedLeaves = inputs.Select((x, i) => x.to(float32).requires_grad_(i > 0 || inputLearns)).ToArray();

        using var maps = new BlockMaps(leaves[0], 56);
        var loss = zeros(1);
        var expectedLoss = zeros(1);
        for (var i = 0; i < norms.Length; i++)
        {
            var y = maps.AppendAndNormalise(leaves[i], norms[i]);
            var expected = nn.functional.relu(plain[i].forward(cat(expectedLeaves[..(i + 1)], 1)));
            AssertNear(expected, y);
            loss += (y * gradients[i]).to(float32).sum();
            expectedLoss += (expected * gradients[i].to(float32)).sum();
        }
        loss.backward();
        expectedLoss.backward();
        for (var i = 0; i < norms.Length; i++)
        {
            AssertNear(plain[i].weight!.grad!, norms[i].weight!.grad!, 2e-3);
            AssertNear(plain[i].bias!.grad!, norms[i].bias!.grad!, 2e-3);
            AssertNear(plain[i].running_var!, norms[i].running_var!, 1e-5);
            Assert.Equal(i > 0 || inputLearns, leaves[i].grad is not null);
            if (leaves[i].grad is { } grad)
                AssertNear(expectedLeaves[i].grad!, grad, 2 * Rounding);
        }
    }

    [Fact]
    public void Rounding_does_not_add_up_on_the_way_back_through_a_block()
    {
        // One gradient a channel, as a mean over the image gives it: many rows are equal, and are rounded alike. Over
        // the rows the exact gradient of a batch norm's input adds up to nothing, alone and times the input, and the
        // gradients of earlier layers are such sums. What the kernels give may differ from the exact gradient, rounded
        // once, by their last rounding: by up to 2^-8 of each number, of which the deviation is 1/sqrt(3) at most. Nine
        // rows of ten are rounded as another row is (x has some 300 values here), which makes a sum's deviation three
        // times as large.
        const double deviation = 3 / 256.0 / 1.7320508;
        int[] widths = [24, 16, 16], all = [24, 40, 56];
        var leaves = widths.Select(channels => Map(2, channels, 40, 36).requires_grad_()).ToArray();
        var expectedLeaves = leaves.Select(x => x.detach().to(float32).requires_grad_()).ToArray();
        var (norms, plain) = (
            all.Select(channels => Norm(channels, training: true)).ToArray(),
            all.Select(channels => Norm(channels, training: true)).ToArray());
        using var maps = new BlockMaps(leaves[0], 56);
        var (loss, expectedLoss) = (zeros(1), zeros(1));
        for (var i = 0; i < norms.Length; i++)
        {
            plain[i].load_state_dict(norms[i].state_dict());
            var gradient = Map(1, all[i], 1, 1);
            loss += (maps.AppendAndNormalise(leaves[i], norms[i]) * gradient).to(float32).sum();
            expectedLoss += (
                nn.functional.relu(plain[i].forward(cat(expectedLeaves[..(i + 1)], 1))) * gradient.to(float32)
            ).sum();
        }
        loss.backward();
        expectedLoss.backward();
        for (var i = 0; i < leaves.Length; i++)
        {
            var (expected, x) = (expectedLeaves[i].grad!.to(bfloat16).to(float64), leaves[i].detach().to(float64));
            var difference = leaves[i].grad!.to(float64) - expected;
            AssertAddsUpToNothing(difference, expected);
            var centred = x - x.mean([0, 2, 3], keepdim: true);
            AssertAddsUpToNothing(difference * centred, expected * centred);
        }

        static void AssertAddsUpToNothing(Tensor errors, Tensor terms)
        {
            // a channel may be dead
            var sigmas = errors.sum([0, 2, 3]).abs() / (1e-6 + deviation * terms.square().sum([0, 2, 3]).sqrt());
            Assert.InRange(sigmas.max().item<double>(), 0, 5);
        }
    }

    /// <summary>
    /// Rounding makes the error of either way a draw from one distribution, so their ratio is 1 on average over numbers
    /// and seeds. (Each alone may be twice the other: the gradients of the first layers are sums of 50,000 terms that
    /// cancel.)
    /// </summary>
    [Theory]
    [InlineData("densenet-mini", true, true)]
    [InlineData("densenet-mini", true, false)]
    [InlineData("densenet-mini", false, true)]
    [InlineData("cobb-densenet-mini", true, true)]
    public void A_fused_model_is_as_near_to_float32_as_bfloat16_alone(
        string architecture,
        bool training,
        bool wholeModel)
    {
        Assert.SkipUnless(Autocast.IsAvailable, "This libtorch exports no autocast.");
        const int seeds = 2;
        const double lost = 1e-4; // of float32's own sums
        var ratios = new Dictionary<string, double>(); // of each number's two errors, logarithms, mean over the seeds
        for (var seed = 0; seed < seeds; seed++)
        {
            using var scope = NewDisposeScope();
            var (images, target) = (randn(4, 1, 64, 96), randn(4, 3));
            var (exact, plain, fused) = (Run(Compute.Float32), Run(new(true, false)), Run(new(true, true)));
            Assert.Equal(exact.Keys, fused.Keys);
            foreach (var (name, expected) in exact)
            {
                var norm = expected.norm().item<float>();
                if (norm < 1e-4)
                    continue;
                var (ofPlain, ofFused) = (Error(plain), Error(fused));
                ratios[name] = ratios.GetValueOrDefault(name) + Math.Log((lost + ofFused) / (lost + ofPlain)) / seeds;

                double Error(SortedDictionary<string, Tensor> found) =>
                    (found[name].to(float32) - expected).norm().item<float>() / norm;
            }

            SortedDictionary<string, Tensor> Run(Compute compute)
            {
                random.manual_seed(4 + seed);
                var model = (nn.Module<Tensor, Tensor>)
                    ModelCatalogue.Create(new() { Architecture = architecture, Outputs = 3 });
                compute.Arrange(model);
                model.train(training);
                if (!wholeModel)
                {
                    ModelTools.SetTrainable(model, key =>
                        !key.Contains("conv0", StringComparison.Ordinal)
                        && !key.Contains("block1", StringComparison.Ordinal));
                    ModelTools.FreezeBatchNorm(model, "features.denseblock1");
                    ModelTools.FreezeBatchNorm(model, "features.norm0");
                }
                var output = compute.Forward(() => model.forward(compute.Arrange(images))).to(float32);
                (output - target).square().sum().backward();
                var numbers = new SortedDictionary<string, Tensor>(StringComparer.Ordinal)
                {
                    ["output"] = output.detach(),
                };
                foreach (var (name, parameter) in model.named_parameters())
                {
                    if (parameter.grad is { } gradient)
                        numbers[name] = gradient;
                }
                foreach (var (name, buffer) in model.named_buffers())
                    numbers[name] = buffer.to(float32);
                return numbers;
            }
        }
        var worst = ratios.MaxBy(r => r.Value);
        Assert.InRange(Math.Exp(ratios.Values.Average()), 0, 1.15);
        Assert.True(
            worst.Value < Math.Log(3),
            FormattableString.Invariant($"{worst.Key}: {Math.Exp(worst.Value)} times bfloat16's error"));
    }

    [Fact]
    public void The_maps_of_a_prediction_are_those_of_training_at_rest()
    {
        Assert.SkipUnless(Autocast.IsAvailable, "This libtorch exports no autocast.");
        var compute = new Compute(true, true);
        var model = (Classifier)ModelCatalogue.Create(new() { Architecture = "densenet-mini", Outputs = 3 });
        model.eval();
        var images = compute.Arrange(randn(2, 1, 72, 104)); // odd sides after some levels
        var plain = compute.Forward(() => model.Features.ForwardPyramid(images.to(ScalarType.Float32), 2));
        compute.Arrange(model);
        var learning = compute.Forward(() => model.Features.ForwardPyramid(images, 2));
        using var quiet = no_grad();
        foreach (var first in (int[])[2, 4, 5])
        {
            var maps = compute.Forward(() => model.Features.ForwardPyramid(images, first));
            for (var i = 0; i < maps.Length; i++)
            {
                AssertNear(learning[first - 2 + i].to(float32), maps[i], 0.03);
                AssertNear(plain[first - 2 + i].to(float32), maps[i], 0.05);
            }
        }
    }

    [Fact]
    public void Sums_have_the_same_bits_with_any_number_of_threads()
    {
        var norm = Norm(64, training: true);
        var x = Map(2, 64, 40, 40);
        var gradient = Map(2, 64, 40, 40);
        var threads = get_num_threads();
        try
        {
            var all = new[] { 1, 2, 3 }.Select(count =>
            {
                set_num_threads(count);
                var leaf = x.detach().clone().requires_grad_();
                var y = FusedNorm.NormRelu(leaf, norm);
                norm.weight!.grad = null;
                y.backward([gradient]);
                return (y, leaf.grad!, norm.weight.grad!.clone());
            }).ToArray();
            foreach (var (y, ofX, ofWeight) in all)
                Assert.True(
                    y.equal(all[0].y).all().item<bool>()
                        && ofX.equal(all[0].Item2).all().item<bool>()
                        && ofWeight.equal(all[0].Item3).all().item<bool>());
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void What_is_not_a_number_stays_so()
    {
        var x = Map(1, 16, 2, 2);
        x[0, 3, 1, 1] = float.NaN;
        using var quiet = no_grad();
        Assert.True(FusedNorm.NormRelu(x, Norm(16, training: false)).to(float32)[0, 3, 1, 1].isnan().item<bool>());
    }

    [Fact]
    public void Other_maps_are_left_to_the_plain_modules()
    {
        var norm = Norm(32, training: true);
        Assert.True(FusedNorm.Takes(Map(2, 32, 4, 4), norm));
        Assert.False(FusedNorm.Takes(Map(2, 32, 4, 4).to(float32), norm));
        Assert.False(FusedNorm.Takes(Map(2, 32, 4, 4).contiguous(), norm));
        Assert.False(FusedNorm.Takes(Map(2, 32, 4, 4), Norm(32, training: true).to(bfloat16)));
    }

    private static Tensor Map(int images, int channels, int height, int width) =>
        FusedNorm.AsMap(randn(images, channels, height, width) + 0.3);

    private static BatchNorm2d Norm(int channels, bool training)
    {
        var norm = nn.BatchNorm2d(channels);
        using (no_grad())
        {
            norm.weight!.normal_();
            norm.bias!.normal_(0, 0.3);
            norm.running_mean!.normal_(0, 0.3);
            norm.running_var!.uniform_(0.5, 2);
        }
        norm.train(training);
        return norm;
    }

    private static double Distance(Tensor expected, Tensor found) =>
        (found.to(float32) - expected).abs().max().item<float>() / Math.Max(1e-6, expected.abs().max().item<float>());

    private static void AssertNear(Tensor expected, Tensor found, double tolerance = Rounding)
    {
        Assert.Equal(expected.shape, found.shape);
        Assert.InRange(Distance(expected, found), 0, tolerance);
    }
}
