using Marrow.Computing;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using Marrow.Tasks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Computing;

public class PointwiseTests
{
    /// <summary>
    /// libtorch's own convolution of these ends the process on processors with AVX-512 and without AMX.
    /// </summary>
    [Theory]
    [InlineData(1024, 512)]
    [InlineData(1024, 256)]
    [InlineData(512, 1024)]
    [InlineData(2048, 512)]
    [InlineData(256, 128)]
    public void A_convolution_of_single_pixels_is_a_product_of_matrices_whatever_its_channels(int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
        {
            var conv = Conv2d(inputs, outputs, 1, dtype: type);
            var x = randn([8, 4, 4, inputs], type).permute(0, 3, 1, 2).requires_grad_(); // channels last
            var gradient = randn([8, 4, 4, outputs], type).permute(0, 3, 1, 2);
            var y = conv.Convolve(x);
            y.backward([gradient]);

            var matrix = conv.weight!.detach().to(float32).view(outputs, inputs);
            var rows = Rows(x.detach(), inputs);
            AssertNear(rows.matmul(matrix.t()) + conv.bias!.detach().to(float32), Rows(y.detach(), outputs));
            AssertNear(Rows(gradient, outputs).matmul(matrix), Rows(x.grad!, inputs));
            AssertNear(Rows(gradient, outputs).t().matmul(rows), conv.weight.grad!.to(float32).view(outputs, inputs));
            AssertNear(Rows(gradient, outputs).sum(dim: 0), conv.bias.grad!.to(float32));
        }

        static Tensor Rows(Tensor map, int channels) => map.to(float32).permute(0, 2, 3, 1).reshape(-1, channels);

        static void AssertNear(Tensor expected, Tensor actual) =>
            Assert.True((expected - actual).abs().max().item<float>() < 0.02 * expected.abs().max().item<float>());
    }

    [Fact]
    public void A_part_that_would_end_the_process_is_divided_once_more_and_strides_are_kept()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var conv = nn.Conv2d(1024, 2048, 1, stride: 2, bias: false);
        var x = randn(1, 1024, 6, 5);
        Assert.True((conv.forward(x) - conv.Convolve(x)).abs().max().item<float>() < 1e-5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_DenseNet_121_with_a_pyramid_learns_with_channels_last(bool bf16)
    {
        using var scope = NewDisposeScope();
        var compute = new Compute(bf16 && Autocast.IsAvailable, true);
        using var model = (RetinaNet)
            ModelCatalogue.Create(
                new() { Architecture = "retinanet-densenet121", Detector = DetectorSpec.Vertebrae(64, 128) }
            );
        compute.Arrange(model);
        var images = compute.Arrange(randn([2, 1, 128, 64]));
        var outputs = compute.Forward(() => model.forward(images));
        outputs.ClassLogits.to(float32).sum().backward();
        Assert.All(model.parameters().Where(p => p.grad is not null), p =>
            Assert.True(p.grad!.isfinite().all().item<bool>()));
    }
}
