// Batch norm and ReLU in one pass for bfloat16 maps whose channels are last in memory, with gradients: what is left of
// libtorch's own three passes (statistics, norm, ReLU) and of the copies between them. Everything else takes the plain
// modules.

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Computing.Cpu;

internal static unsafe class FusedNorm
{
    /// <summary>bfloat16 on the CPU, channels last: what autocast and channels-last memory give.</summary>
    public static bool Takes(Tensor x, BatchNorm2d norm) =>
        TorchThreads.IsAvailable
        && x.dtype == ScalarType.BFloat16
        && x.dim() == 4
        && x.device_type == TorchSharp.DeviceType.CPU
        && x.stride(1) == 1 && ChannelsAreLast(x) && ChannelAffine.Takes(norm);

    /// <summary>
    /// max(0, norm(x)), shape and layout of x, which it may overwrite where no gradient is asked for.
    /// </summary>
    public static Tensor NormRelu(Tensor x, BatchNorm2d norm)
    {
        if (is_grad_enabled())
            return Function.apply(norm, x, norm.weight!, norm.bias!);
        var rows = RowsOf(x);
        var affine = Affine(x, norm);
        NormKernels.NormRelu(rows, rows, RowCount(x), (int)x.shape[1], affine.Scale, affine.Shift);
        return x.alias();
    }

    /// <summary>The same and a max pool of 3x3 at every second pixel; without gradients.</summary>
    public static Tensor NormReluMaxPool(Tensor x, BatchNorm2d norm)
    {
        var (images, channels, height, width) = (x.shape[0], (int)x.shape[1], (int)x.shape[2], (int)x.shape[3]);
        var affine = Affine(x, norm);
        var result = Empty(images, (height + 1) / 2, (width + 1) / 2, channels);
        NormKernels.NormReluMaxPool(
            RowsOf(x),
            RowsOf(result),
            images,
            height,
            width,
            channels,
            affine.Scale,
            affine.Shift);
        return result;
    }

    /// <summary>[N, C, H, W] in shape, NHWC in memory; not initialised.</summary>
    public static Tensor Empty(long images, long height, long width, long channels)
    {
        using var memory = empty([images, height, width, channels], ScalarType.BFloat16, CPU);
        return memory.permute(0, 3, 1, 2);
    }

    public static Rows RowsOf(Tensor x) => x.dtype == ScalarType.BFloat16 && x.stride(1) == 1
        ? new((nint)TorchThreads.Data(x), x.shape[1])
        : throw new InvalidOperationException("A map must be bfloat16 with its channels last in memory.");

    public static long RowCount(Tensor x) => x.shape[0] * x.shape[2] * x.shape[3];

    /// <summary>The same numbers as a map that the kernels take.</summary>
    public static Tensor AsMap(Tensor x)
    {
        using var last = x.to(ScalarType.BFloat16).permute(0, 2, 3, 1);
        using var contiguous = last.contiguous();
        return contiguous.permute(0, 3, 1, 2);
    }

    private static bool ChannelsAreLast(Tensor x)
    {
        using var last = x.permute(0, 2, 3, 1);
        return last.is_contiguous();
    }

    private static ChannelAffine Affine(Tensor x, BatchNorm2d norm)
    {
        if (!norm.training)
            return ChannelAffine.Evaluated(norm);
        var channels = (int)x.shape[1];
        var (mean, variance, rows) = (new double[channels], new double[channels], RowCount(x));
        NormKernels.Statistics(RowsOf(x), rows, channels, mean, variance);
        return ChannelAffine.OfBatch(norm, mean, variance, rows);
    }

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        private const string Key = "affine";

        public override string Name => nameof(FusedNorm);

        // (norm, x, weight, bias): the parameters are named for autograd alone.
        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (norm, x) = ((BatchNorm2d)vars[0], (Tensor)vars[1]);
            var affine = Affine(x, norm);
            var result = Empty(x.shape[0], x.shape[2], x.shape[3], x.shape[1]);
            NormKernels.NormRelu(RowsOf(x), RowsOf(result), RowCount(x), (int)x.shape[1], affine.Scale, affine.Shift);
            ctx.set_materialize_grads(false);
            ctx.save_for_backward([x]);
            ctx.save_data(Key, affine);
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var x = ctx.get_saved_variables()[0];
            using var gradient = AsMap(grad_output);
            grad_output.Dispose();
            var affine = (ChannelAffine)ctx.get_data(Key);
            var (rows, channels) = (RowCount(x), (int)x.shape[1]);
            var (sum, sumTimesX, slope, offset) = (
                new double[channels],
                new double[channels],
                new float[BFloat16Lanes.Padded(channels)],
                new float[BFloat16Lanes.Padded(channels)]);
            NormGradientKernels.Sums(
                RowsOf(gradient),
                RowsOf(x),
                default,
                NormGradientKernels.Result.None,
                rows,
                channels,
                affine.Scale,
                affine.Shift,
                sum,
                sumTimesX);
            var (weight, bias) = affine.Gradients(sum, sumTimesX, rows, slope, offset);
            var result = Empty(x.shape[0], x.shape[2], x.shape[3], channels);
            NormGradientKernels.OfInput(
                RowsOf(gradient),
                RowsOf(x),
                RowsOf(result),
                rows,
                channels,
                affine.Scale,
                affine.Shift,
                slope,
                offset);
            return [null!, result, weight, bias];
        }
    }
}
