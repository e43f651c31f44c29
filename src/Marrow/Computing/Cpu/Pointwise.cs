// 1x1 convolutions. oneDNN 3.7.1 (libtorch 2.10) estimates how to divide one whose channels are last in memory, and for
// five pairs of channels divides two whole numbers, of which the second is 0 on processors without AMX (est_eff_1x1 of
// jit_brgemm_conv_utils.cpp): the process ends by SIGFPE. The gradient of the input meets the pairs the other way
// round.
// Such a convolution is done in two parts of its outputs, which are no such pairs; each output is the same sum.

using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Computing.Cpu;

internal static class Pointwise
{
    private static readonly HashSet<(long Input, long Output)> Divided =
    [
        (1024, 2048),
        (1024, 512),
        (256, 1024),
        (512, 1024),
        (512, 2048),
    ];

    /// <summary>As the forward of a module whose kernel is 1x1, without padding.</summary>
    public static Tensor Convolve(this Conv2d conv, Tensor x)
    {
        var weight = conv.weight!;
        var (outputs, inputs) = (weight.shape[0], weight.shape[1]);
        if (x.device_type != TorchSharp.DeviceType.CPU || !Ends(inputs, outputs))
            return conv.forward(x);
        using var scope = NewDisposeScope();
        return cat([.. Parts(0, outputs)], 1).MoveToOuterDisposeScope();

        IEnumerable<Tensor> Parts(long start, long length)
        {
            var first = length * 3 / 4;
            return Ends(inputs, length)
                ? Parts(start, first).Concat(Parts(start + first, length - first))
                :
                [
                    functional.conv2d(
                        x,
                        weight.narrow(0, start, length),
                        conv.bias?.narrow(0, start, length),
                        conv.stride),
                ];
        }
    }

    /// <summary>Whether the convolution or its gradient may end the process.</summary>
    internal static bool Ends(long inputs, long outputs) =>
        Divided.Contains((inputs, outputs)) || Divided.Contains((outputs, inputs));
}
