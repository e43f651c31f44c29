using Marrow.Computing;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Tests.Backbones;

public class ResNetTests
{
    private static Classifier Create(string architecture, int channels = 1, int outputs = 3)
    {
        random.manual_seed(1);
        return (Classifier)
            ModelCatalogue.Create(
                new()
                {
                    Architecture = architecture,
                    Channels = channels,
                    Outputs = outputs,
                }
            );
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("resnet34")]
    [InlineData("resnet50")]
    public void The_same_weights_give_torchvisions_logits(string architecture)
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var model = Create(architecture, channels: 3, outputs: 10);
        foreach (var (name, buffer) in model.named_buffers())
        {
            if (name.EndsWith("running_mean", StringComparison.Ordinal))
                buffer.normal_(0, 0.1);
            else if (name.EndsWith("running_var", StringComparison.Ordinal))
                buffer.uniform_(0.5, 2);
        }
        foreach (var image in (Tensor[])[randn(2, 3, 96, 128), randn(2, 3, 65, 75)])
        {
            peer.Put("image", image);
            foreach (var (key, value) in model.state_dict())
                peer.Put(Theirs(key), value);
            var keys = peer.Run($$"""
                model = torchvision.models.{{architecture}}(num_classes=10)
                state = model.state_dict()
                print(' '.join(state))
                model.load_state_dict({key: get(key) for key in state})
                put('train', model(get('image')))
                put('mean', model.state_dict()['layer4.1.bn2.running_mean'])
                model.load_state_dict({key: get(key) for key in state})
                put('eval', model.eval()(get('image')))
                """);
            Assert.Equal(keys.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Order(),
                model.state_dict().Keys.Select(Theirs).Order());
            model.eval();
            Assert.InRange(Distance(peer.Get("eval"), model.forward(image)), 0, 1e-4);
            model.train();
            Assert.InRange(Distance(peer.Get("train"), model.forward(image)), 0, 1e-4);
            Assert.InRange(
                Distance(peer.Get("mean"), model.state_dict()["features.layer4.1.bn2.running_mean"]),
                0,
                1e-5);
        }

        static string Theirs(string key) => key.StartsWith("classifier.", StringComparison.Ordinal)
            ? "fc." + key["classifier.".Length..]
            : key["features.".Length..];
    }

    [Theory]
    [InlineData("resnet18", 11689512)] // torchvision's num_params of its weights, at 3 channels and 1000 classes
    [InlineData("resnet34", 21797672)]
    [InlineData("resnet50", 25557032)]
    public void Sizes_are_the_published_ones(string architecture, long parameters)
    {
        using var model = Create(architecture, 3, 1000);
        Assert.Equal(parameters, Parameters.Count(model));
    }

    [Fact]
    public void Initial_weights_are_torchvisions()
    {
        using var model = Create("resnet18");
        foreach (
            var (name, parameter) in model
                .named_parameters()
                .Where(p => p.name.StartsWith("features.", StringComparison.Ordinal)))
        {
            if (parameter.dim() == 1)
                Assert.True(
                    parameter.eq(name.EndsWith("bias", StringComparison.Ordinal) ? 0 : 1).all().item<bool>(),
                    name);
            else // kaiming normal by the outputs: sqrt(2 / (outputs * kernel))
                Assert.Equal(
                    1,
                    parameter.std().item<float>()
                        / Math.Sqrt(2.0 / (parameter.shape[0] * parameter.shape[2] * parameter.shape[3])),
                    0.1);
        }
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("resnet50")]
    [InlineData("resnet18-mlnet")]
    public void In_bfloat16_with_channels_last_it_gives_and_learns_the_same(string architecture)
    {
        Assert.SkipUnless(Autocast.IsAvailable, "This libtorch exports no autocast.");
        using var scope = NewDisposeScope();
        var compute = new Compute(true, true);
        using var model = Create(architecture);
        model.eval();
        var images = randn(2, 1, 72, 104); // odd sides after some levels
        var plain = model.Features.ForwardPyramid(images, 1);
        compute.Arrange(model);
        var prepared = compute.Arrange(images);
        var learning = compute.Forward(() => model.Features.ForwardPyramid(prepared, 1));
        using (no_grad())
        {
            foreach (var first in (int[])[1, 2, 5])
            {
                var maps = compute.Forward(() => model.Features.ForwardPyramid(prepared, first));
                for (var i = 0; i < maps.Length; i++)
                {
                    AssertNear(learning[first - 1 + i], maps[i]);
                    AssertNear(plain[first - 1 + i], maps[i]);
                }
            }
        }
        model.train();
        compute.Forward(() => model.forward(prepared)).to(float32).sum().backward();
        Assert.All(model.parameters(), p => Assert.True(p.grad is { } g && g.isfinite().all().item<bool>()));

        static void AssertNear(Tensor expected, Tensor actual) => Assert.True(
            Distance(expected.to(float32), actual.to(float32)) < 0.05 * expected.abs().max().to(float32).item<float>());
    }

    [Fact]
    public void In_place_sums_leave_gradients_right()
    {
        // Central differences in double precision against autograd, for one weight of each kind.
        using var scope = NewDisposeScope();
        var model = Create("resnet18-mlnet").to(ScalarType.Float64);
        var image = randn(2, 1, 64, 64, ScalarType.Float64);
        Tensor Loss() => model.forward(image).pow(2).sum();
        nn.init.normal_(model.get_parameter("classifier.weight"), std: 0.1);
        Loss().backward();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (
            var key in (string[])
                [
                    "features.conv1.weight",
                    "features.bn1.bias",
                    "features.layer2.0.conv1.weight",
                    "features.layer2.0.downsample.0.weight",
                    "features.layer2.0.downsample.1.bias",
                    "features.layer4.2.bn2.weight",
                ])
        {
            var parameter = parameters[key];
            const double step = 1e-7; // so small that no ReLU of the stem turns within it
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
    public void A_detector_on_it_freezes_by_stages()
    {
        var spec = new ModelSpec { Architecture = "retinanet-resnet18", Detector = DetectorSpec.Vertebrae(64, 128) };
        using var model = ModelCatalogue.Create(spec);
        var stages = BackboneStages.Of(spec);
        Assert.Equal(["stem", "block1", "block2", "block3", "block4"], stages.Select(stage => stage.Name));
        Assert.Contains("backbone.body.layer2.0.downsample.0.weight", model.state_dict().Keys);
        Assert.Equal("block2", stages.Single(stage => stage.Owns("backbone.body.layer2.0.downsample.0.weight")).Name);
    }

    private static float Distance(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
