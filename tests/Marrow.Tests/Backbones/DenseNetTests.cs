using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Tests.Backbones;

public class DenseNetTests
{
    private static nn.Module<Tensor, Tensor> Create(string architecture, int channels = 1, int outputs = 3)
    {
        random.manual_seed(1);
        return (nn.Module<Tensor, Tensor>)
            ModelCatalogue.Create(
                new ModelSpec
                {
                    Architecture = architecture,
                    Channels = channels,
                    Outputs = outputs,
                }
            );
    }

    [Fact]
    public void The_same_weights_give_torchvisions_logits()
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        var model = Create("densenet121", channels: 3, outputs: 10);
        var image = randn(2, 3, 96, 128);
        using (no_grad())
        {
            foreach (var (name, buffer) in model.named_buffers())
            {
                if (name.EndsWith("running_mean", StringComparison.Ordinal))
                    buffer.normal_(0, 0.1);
                else if (name.EndsWith("running_var", StringComparison.Ordinal))
                    buffer.uniform_(0.5, 2);
            }
            peer.Put("image", image);
            foreach (var (key, value) in model.state_dict())
                peer.Put(key, value);
            var keys = peer.Run("""
                model = torchvision.models.densenet121(num_classes=10)
                state = model.state_dict()
                print(' '.join(state))
                model.load_state_dict({key: get(key) for key in state})
                put('train', model(get('image')))
                put('mean', model.state_dict()['features.norm5.running_mean'])
                model.load_state_dict({key: get(key) for key in state})
                put('eval', model.eval()(get('image')))
                """);
            Assert.Equal(
                keys.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Order(),
                model.state_dict().Keys.Order());

            model.eval();
            Assert.True(Distance(peer.Get("eval"), model.forward(image)) < 1e-4);
            model.train();
            Assert.True(Distance(peer.Get("train"), model.forward(image)) < 1e-4);
            Assert.True(Distance(peer.Get("mean"), model.state_dict()["features.norm5.running_mean"]) < 1e-5);
        }
    }

    [Theory]
    [InlineData("densenet121", 7978856)] // torchvision's num_params of its weights, at 3 channels and 1000 classes
    [InlineData("densenet169", 14149480)]
    [InlineData("densenet201", 20013928)]
    public void Sizes_are_the_published_ones(string architecture, long parameters)
    {
        using var model = Create(architecture, 3, 1000);
        Assert.Equal(parameters, Parameters.Count(model));
    }

    [Fact]
    public void The_mini_is_small_and_strides_by_32()
    {
        using var scope = NewDisposeScope();
        var model = (Classifier)Create("densenet-mini");
        Assert.InRange(Parameters.Count(model), 100_000, 500_000);
        foreach (var first in (int[])[2, 3, 5])
        {
            var maps = model.Features.ForwardPyramid(zeros(2, 1, 64, 96), first);
            Assert.Equal(6 - first, maps.Length);
            for (var level = first; level <= 5; level++)
            {
                var expected = model.Features.Levels[level - 1];
                Assert.Equal(
                    [2, expected.Channels, 64 / expected.Stride, 96 / expected.Stride], maps[level - first].shape);
            }
        }
    }

    [Fact]
    public void Initial_weights_are_torchvisions()
    {
        using var model = Create("densenet-mini");
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (name.EndsWith("bias", StringComparison.Ordinal))
                Assert.True(parameter.eq(0).all().item<bool>(), name);
            else if (name.Contains("norm", StringComparison.Ordinal))
                Assert.True(parameter.eq(1).all().item<bool>(), name);
            else if (parameter.dim() == 4 && parameter.numel() > 1000) // kaiming normal: sqrt(2 / inputs)
                Assert.Equal(
                    1,
                    parameter.std().item<float>()
                        / Math.Sqrt(2.0 / (parameter.shape[1] * parameter.shape[2] * parameter.shape[3])),
                    0.1);
        }
        foreach (var (name, buffer) in model.named_buffers())
            Assert.True(
                buffer.eq(name.EndsWith("running_var", StringComparison.Ordinal) ? 1 : 0).all().item<bool>(),
                name);
    }

    [Fact]
    public void Strides_of_the_memory_do_not_matter_and_every_parameter_learns()
    {
        using var scope = NewDisposeScope();
        var model = Create("densenet-mini");
        var image = randn(2, 1, 64, 64);
        var channelsLast = image.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        model.eval();
        Assert.True(Distance(model.forward(image), model.forward(channelsLast)) < 1e-5);
        model.train();
        model.forward(channelsLast).square().sum().backward();
        Assert.All(model.named_parameters(), p =>
            Assert.True(p.parameter.grad is { } g && g.isfinite().all().item<bool>(), p.name));
    }

    [Fact]
    public void In_place_ReLU_leaves_gradients_right()
    {
        // Central differences in double precision against autograd, for one weight of each kind.
        using var scope = NewDisposeScope();
        var model = Create("densenet-mini").to(ScalarType.Float64);
        var image = randn(2, 1, 64, 64, ScalarType.Float64);
        Tensor Loss() => model.forward(image).square().sum();
        Loss().backward();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var key in (string[])["features.conv0.weight", "features.denseblock1.denselayer2.norm1.weight",
            "features.denseblock2.denselayer1.conv1.weight", "features.transition1.norm.bias", "features.norm5.weight"])
        {
            var parameter = parameters[key];
            const double step = 1e-7; // So small that hardly ever a ReLU's input changes its sign within it.
            using var quiet = no_grad();
            var one = zeros_like(parameter);
            one.view(-1)[3] = step;
            parameter.add_(one);
            var up = Loss().item<double>();
            parameter.sub_(one * 2);
            var down = Loss().item<double>();
            parameter.add_(one);
            var expected = (up - down) / (2 * step);
            Assert.Equal(expected, parameter.grad!.view(-1)[3].item<double>(), 1e-3 * (1 + Math.Abs(expected)));
        }
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        var error = Assert.Throws<MarrowException>(() => Create("densenet1"));
        Assert.Contains("densenet1'", error.Message, StringComparison.Ordinal);
        Assert.Contains("densenet-mini", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("densenet121")]
    [InlineData("densenet-mini")]
    public void Stages_own_each_backbone_parameter_once_and_no_head(string architecture)
    {
        using var model = Create(architecture);
        var spec = new ModelSpec { Architecture = architecture };
        var prefix = ModelCatalogue.BackbonePrefix(architecture);
        foreach (var key in model.state_dict().Keys)
            Assert.Equal(
                key.StartsWith(prefix, StringComparison.Ordinal) ? 1 : 0,
                BackboneStages.Of(spec).Count(stage => stage.Owns(key)));
    }

    [Fact]
    public void Frozen_batch_norm_keeps_its_statistics_and_parameters()
    {
        using var scope = NewDisposeScope();
        var model = Create("densenet-mini");
        model.train();
        var norms = ModelTools.FreezeBatchNorm(model, "features.");
        Assert.Equal(1 + 2 * 16 + 3 + 1, norms);
        var before = model.state_dict().ToDictionary(p => p.Key, p => p.Value.clone());
        model.forward(randn(2, 1, 64, 64)).sum().backward();
        foreach (var (key, value) in model.state_dict())
            Assert.True(before[key].equal(value).all().item<bool>(), key);
        Assert.Equal(norms * 2, model.parameters().Count(p => !p.requires_grad));
    }

    private static double Distance(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
