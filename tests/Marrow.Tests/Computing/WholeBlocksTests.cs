using Marrow.Computing;
using Marrow.Computing.Cpu;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Computing;

public class WholeBlocksTests
{
    private const int Inputs = 64;

    /// <summary>
    /// libtorch's own convolution gives another gradient of x, or what lay in memory, on an AMD Zen 5.
    /// </summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(1, 3)]
    [InlineData(17, 3)]
    [InlineData(24, 3)]
    [InlineData(32, 3)]
    public void A_convolution_and_its_gradients_are_right_whatever_the_number_of_outputs(int outputs, int kernel)
    {
        foreach (
            var compute in (Compute[])
                [Compute.Float32, new(false, true), new(Autocast.IsAvailable, false), new(Autocast.IsAvailable, true)])
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(1);
            var type = compute.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
            var conv = Conv2d(Inputs, outputs, kernel, padding: kernel / 2);
            compute.Arrange(conv);
            var x = compute.Arrange(randn([4, Inputs, 9, 7], type, generator: generator)).requires_grad_();
            // Positive: the gradient of a bias is their sum, whose relative error says nothing where it is near to 0.
            var gradient = compute.Arrange(rand([4, outputs, 9, 7], type, generator: generator));
            LeaveInMemory(1e10f);
            var y = compute.Forward(() => conv.ConvolveWhole(x));
            LeaveInMemory(1e10f);
            y.backward([gradient]);

            // In float64 libtorch computes without oneDNN.
            var weight = conv.weight!.detach().to(type).to(float64).contiguous().requires_grad_();
            var bias = conv.bias!.detach().to(type).to(float64).requires_grad_();
            var expectedX = x.detach().to(float64).contiguous().requires_grad_();
            var expected = functional.conv2d(expectedX, weight, bias, padding: [kernel / 2, kernel / 2]);
            expected.backward([gradient.to(float64).contiguous()]);
            AssertNear(expected, y);
            AssertNear(expectedX.grad!, x.grad!);
            AssertNear(weight.grad!, conv.weight.grad!);
            AssertNear(bias.grad!, conv.bias.grad!);
            using (no_grad())
                AssertNear(expected, compute.Forward(() => conv.ConvolveWhole(x)));

            // Each number of a result is rounded twice at most; sums in float32 lose less than that of 2,000 numbers.
            void AssertNear(Tensor wanted, Tensor found) =>
                Assert.InRange(
                    (wanted - found.to(float64)).norm().item<double>() / wanted.norm().item<double>(),
                    0,
                    compute.BFloat16 ? 1.0 / 128 : 1e-5);
        }
    }

    /// <summary>Memory that is taken next without being set holds this number.</summary>
    private static void LeaveInMemory(float value)
    {
        using var scope = NewDisposeScope();
        for (var size = 16L; size <= 1 << 16; size *= 2)
        {
            for (var i = 0; i < 8; i++)
            {
                full([size], value, ScalarType.BFloat16);
                full([size], value, ScalarType.Float32);
            }
        }
    }
}
