// Convolutions whose outputs are not a multiple of 16. oneDNN 3.7.1 (libtorch 2.10) computes outputs in blocks of 16,
// and bfloat16 numbers in pairs. Where the last block or pair is not full, the gradient of the input takes in more than
// it should: it is off by tens of per cent, or by whatever lay in memory, up to what is not a number. Seen on an AMD
// Zen 5 (AVX-512 BF16, no AMX): in bfloat16 with channels last for odd numbers of outputs; without channels last for
// any, with the instructions of AVX2 too, in float32 too, and in bfloat16 the outputs as well. So the weights are
// filled up here to whole blocks, by outputs that are dropped again.

using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Computing.Cpu;

internal static class WholeBlocks
{
    private const int Block = 16; // of oneDNN, for AVX-512; 8 for AVX2 divides it

    /// <summary>
    /// As the module's forward, for one without groups and dilation, on the processor with a gradient of x that can be
    /// relied on.
    /// </summary>
    public static Tensor ConvolveWhole(this Conv2d conv, Tensor x)
    {
        var weight = conv.weight!;
        var outputs = weight.shape[0];
        var missing = (Block - outputs % Block) % Block;
        if (missing == 0 || x.device_type != TorchSharp.DeviceType.CPU || !(is_grad_enabled() || HasWrongOutputs(x)))
            return conv.forward(x);
        using var scope = NewDisposeScope();
        var whole = functional.pad(weight, [0, 0, 0, 0, 0, 0, 0, missing]);
        var bias = conv.bias is { } b ? functional.pad(b, [0, missing]) : null;
        return functional
            .conv2d(x, whole, bias, conv.stride, conv.padding)
            .narrow(1, 0, outputs)
            .MoveToOuterDisposeScope();
    }

    private static bool HasWrongOutputs(Tensor x) => x.dtype == ScalarType.BFloat16 && x.stride(1) != 1;
}
