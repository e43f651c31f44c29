// The gradients of NormKernels. With y = max(0, x * scale + shift) and the gradient g of y, g' is g where y > 0 and 0
// elsewhere (the sign is computed anew from x: no map of it is kept). Where the statistics are the batch's own, the
// gradient of x is scale * g' + slope * x + offset, and slope and offset, one number a channel each, follow from the
// channel's sums of g' and g' * x: both are made here, by fixed parts as the statistics.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Marrow.Computing.Cpu;

internal static unsafe class NormGradientKernels
{
    /// <summary>What becomes of scale * g' on the way to the sums.</summary>
    public enum Result
    {
        None, Written, Added,
    }

    /// <summary>
    /// The sums of g' and of g' * x of each channel; <paramref name="result"/> says what <paramref name="target"/> gets
    /// of scale * g'.
    /// </summary>
    public static void Sums(Rows gradient, Rows source, Rows target, Result result, long rows, int channels,
        ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<double> sum, Span<double> sumTimesX)
    {
        var part = NormKernels.RowsOfPart(rows);
        var parts = (int)((rows + part - 1) / part);
        var sums = NormKernels.PartialSums(parts * NormKernels.PartLength(channels));
        fixed (float* a = scale, b = shift, s = sums)
            TorchThreads.For(parts, 1, new SumsWork(gradient, source, target, result, rows, part, channels, a, b, s));
        for (var c = 0; c < channels; c++)
            (sum[c], sumTimesX[c]) = NormKernels.Total(sums, channels, c);
    }

    /// <summary>The sums of g and of g * x of each channel, without a mask.</summary>
    public static void PlainSums(
        Rows gradient,
        Rows source,
        long rows,
        int channels,
        Span<double> sum,
        Span<double> sumTimesX)
    {
        var part = NormKernels.RowsOfPart(rows);
        var parts = (int)((rows + part - 1) / part);
        var sums = NormKernels.PartialSums(parts * NormKernels.PartLength(channels));
        fixed (float* s = sums)
            TorchThreads.For(parts, 1, new PlainSumsWork(gradient, source, rows, part, channels, s));
        for (var c = 0; c < channels; c++)
            (sum[c], sumTimesX[c]) = NormKernels.Total(sums, channels, c);
    }

    /// <summary>target = scale * g' + slope * x + offset.</summary>
    public static void OfInput(Rows gradient, Rows source, Rows target, long rows, int channels,
        ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, ReadOnlySpan<float> slope, ReadOnlySpan<float> offset)
    {
        fixed (float* a = scale, b = shift, m = slope, n = offset)
            TorchThreads.For(
                rows,
                NormKernels.Grain(channels),
                new InputWork(gradient, source, target, channels, a, b, m, n));
    }

    /// <summary>target = sum + slope * x + offset.</summary>
    public static void Finish(
        Rows sum,
        Rows source,
        Rows target,
        long rows,
        int channels,
        ReadOnlySpan<float> slope,
        ReadOnlySpan<float> offset)
    {
        fixed (float* m = slope, n = offset)
            TorchThreads.For(rows, NormKernels.Grain(channels), new FinishWork(sum, source, target, channels, m, n));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Masked(Vector512<float> gradient, Vector512<float> x, float* scale, float* shift)
    {
        var y = Vector512.FusedMultiplyAdd(x, Vector512.Load(scale), Vector512.Load(shift));
        return Vector512.ConditionalSelect(
            Vector512.LessThanOrEqual(y, Vector512<float>.Zero),
            Vector512<float>.Zero,
            gradient);
    }

    private readonly struct SumsWork(
        Rows gradient,
        Rows source,
        Rows target,
        Result result,
        long rows,
        long rowsOfPart,
        int channels,
        float* scale, float* shift, float* sums) : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            for (var part = begin; part < end; part++)
            {
                var first = sums + part * NormKernels.PartLength(channels);
                var second = first + NormKernels.PartLength(channels) / 2;
                for (var row = part * rowsOfPart; row < Math.Min(rows, (part + 1) * rowsOfPart); row++)
                {
                    ushort* g = gradient.At(row), from = source.At(row), to = target.At(row);
                    for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                    {
                        var x = BFloat16Lanes.Load(from + c, channels - c);
                        var masked = Masked(BFloat16Lanes.Load(g + c, channels - c), x, scale + c, shift + c);
                        (Vector512.Load(first + c) + masked).Store(first + c);
                        Vector512.FusedMultiplyAdd(masked, x, Vector512.Load(second + c)).Store(second + c);
                        if (result == Result.None)
                            continue;
                        var scaled = masked * Vector512.Load(scale + c);
                        BFloat16Lanes.Store(
                            result == Result.Added ? scaled + BFloat16Lanes.Load(to + c, channels - c) : scaled,
                            to + c,
                            channels - c);
                    }
                }
            }
        }
    }

    private readonly struct PlainSumsWork(
        Rows gradient,
        Rows source,
        long rows,
        long rowsOfPart,
        int channels,
        float* sums
    ) : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            for (var part = begin; part < end; part++)
            {
                var first = sums + part * NormKernels.PartLength(channels);
                var second = first + NormKernels.PartLength(channels) / 2;
                for (var row = part * rowsOfPart; row < Math.Min(rows, (part + 1) * rowsOfPart); row++)
                {
                    ushort* g = gradient.At(row), from = source.At(row);
                    for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                    {
                        var value = BFloat16Lanes.Load(g + c, channels - c);
                        (Vector512.Load(first + c) + value).Store(first + c);
                        Vector512
                            .FusedMultiplyAdd(
                                value,
                                BFloat16Lanes.Load(from + c, channels - c),
                                Vector512.Load(second + c))
                            .Store(second + c);
                    }
                }
            }
        }
    }

    private readonly struct InputWork(
        Rows gradient,
        Rows source,
        Rows target,
        int channels,
        float* scale,
        float* shift,
        float* slope,
        float* offset
    ) : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            for (var row = begin; row < end; row++)
            {
                ushort* g = gradient.At(row), from = source.At(row), to = target.At(row);
                for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                {
                    var x = BFloat16Lanes.Load(from + c, channels - c);
                    var rest = Vector512.FusedMultiplyAdd(x, Vector512.Load(slope + c), Vector512.Load(offset + c));
                    BFloat16Lanes.Store(
                        Vector512.FusedMultiplyAdd(
                            Masked(BFloat16Lanes.Load(g + c, channels - c), x, scale + c, shift + c),
                            Vector512.Load(scale + c),
                            rest),
                        to + c,
                        channels - c);
                }
            }
        }
    }

    private readonly struct FinishWork(Rows sum, Rows source, Rows target, int channels, float* slope, float* offset)
        : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            for (var row = begin; row < end; row++)
            {
                ushort* before = sum.At(row), from = source.At(row), to = target.At(row);
                for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                {
                    var rest = Vector512.FusedMultiplyAdd(
                        BFloat16Lanes.Load(from + c, channels - c),
                        Vector512.Load(slope + c),
                        Vector512.Load(offset + c));
                    BFloat16Lanes.Store(BFloat16Lanes.Load(before + c, channels - c) + rest, to + c, channels - c);
                }
            }
        }
    }
}
