// Batch norm and ReLU on bfloat16 maps whose channels are last in memory: a map is P = N*H*W rows of C numbers, a row
// may be a part of a longer one ("stride", in numbers). Arithmetic is in float32. Sums over rows are made of partial
// sums of a fixed number of rows each, added in their order in double precision: the same bits with any number of
// threads.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Marrow.Computing.Cpu;

/// <summary>The rows of bfloat16 numbers in memory that a kernel works on.</summary>
internal readonly unsafe record struct Rows(nint Start, long Stride)
{
    public ushort* At(long row) => (ushort*)Start + row * Stride;

    /// <summary>The same rows from another channel on.</summary>
    public Rows From(int channel) => this with { Start = Start + channel * sizeof(ushort) };
}

internal static unsafe class NormKernels
{
    private const int GrainNumbers = 32768; // at::internal::GRAIN_SIZE

    public static long Grain(int channels) => Math.Max(1, GrainNumbers / channels);

    /// <summary>
    /// Rows of one partial sum: enough parts for the threads of any machine this is for, few enough to add.
    /// </summary>
    public static long RowsOfPart(long rows) => Math.Clamp((rows + 63) / 64, 16, 256);

    [ThreadStatic]
    private static float[]? _sums;

    /// <summary>
    /// Zeros, until the thread's next call: new memory for each sum would be collected, and fetched from the system
    /// again.
    /// </summary>
    public static Span<float> PartialSums(int length)
    {
        if (_sums is null || _sums.Length < length)
            _sums = new float[length];
        var sums = _sums.AsSpan(0, length);
        sums.Clear();
        return sums;
    }

    /// <summary>Numbers of one part's sums: two a channel, each half padded.</summary>
    public static int PartLength(int channels) => 2 * BFloat16Lanes.Padded(channels);

    /// <summary>target = max(0, source * scale + shift); in place where they are the same rows.</summary>
    public static void NormRelu(
        Rows source,
        Rows target,
        long rows,
        int channels,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> shift)
    {
        fixed (float* a = scale, b = shift)
            TorchThreads.For(rows, Grain(channels), new NormReluWork(source, target, channels, a, b));
    }

    /// <summary>The same, and then the mean of each 2x2 pixels: [N, H, W, C] -> [N, H/2, W/2, C].</summary>
    public static void NormReluMeanPool(
        Rows source,
        Rows target,
        long images,
        int height,
        int width,
        int channels,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> shift)
    {
        fixed (float* a = scale, b = shift)
            TorchThreads.For(images * (height / 2), 1, new MeanPoolWork(source, target, height, width, channels, a, b));
    }

    /// <summary>
    /// The same, and then the largest of 3x3 pixels at each second one: [N, H, W, C] -> [N, (H+1)/2, (W+1)/2, C].
    /// </summary>
    public static void NormReluMaxPool(
        Rows source,
        Rows target,
        long images,
        int height,
        int width,
        int channels,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> shift)
    {
        fixed (float* a = scale, b = shift)
            TorchThreads.For(
                images * ((height + 1) / 2),
                1,
                new MaxPoolWork(source, target, height, width, channels, a, b));
    }

    /// <summary>Copies rows without a look at them.</summary>
    public static void Copy(Rows source, Rows target, long rows, int channels) =>
        TorchThreads.For(rows, Grain(channels), new CopyWork(source, target, channels));

    /// <summary>Mean and biased variance of each channel.</summary>
    public static void Statistics(Rows source, long rows, int channels, Span<double> mean, Span<double> variance)
    {
        // Differences from the first row: the squares of small differences lose nothing where the mean is large.
        var part = RowsOfPart(rows);
        var parts = (int)((rows + part - 1) / part);
        var sums = PartialSums(parts * PartLength(channels));
        fixed (float* s = sums)
            TorchThreads.For(parts, 1, new StatisticsWork(source, rows, part, channels, s));
        for (var c = 0; c < channels; c++)
        {
            var (first, second) = Total(sums, channels, c);
            var distance = first / rows;
            mean[c] = distance + BitConverter.UInt32BitsToSingle((uint)source.At(0)[c] << 16);
            variance[c] = Math.Max(0, second / rows - distance * distance);
        }
    }

    /// <summary>Adds the partial sums of a channel; each part holds all first sums and then all second ones.</summary>
    public static (double First, double Second) Total(ReadOnlySpan<float> sums, int channels, int channel)
    {
        var (first, second) = (0.0, 0.0);
        var length = PartLength(channels);
        for (var i = channel; i < sums.Length; i += length)
        {
            first += sums[i];
            second += sums[i + length / 2];
        }
        return (first, second);
    }

    private readonly struct NormReluWork(Rows source, Rows target, int channels, float* scale, float* shift) : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            for (var row = begin; row < end; row++)
            {
                var (from, to) = ((nint)source.At(row), (nint)target.At(row));
                for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                {
                    var x = BFloat16Lanes.Load((ushort*)from + c, channels - c);
                    BFloat16Lanes.Store(
                        BFloat16Lanes.Relu(
                            Vector512.FusedMultiplyAdd(x, Vector512.Load(scale + c), Vector512.Load(shift + c))),
                        (ushort*)to + c,
                        channels - c);
                }
            }
        }
    }

    private readonly struct MeanPoolWork(
        Rows source,
        Rows target,
        int height,
        int width,
        int channels,
        float* scale,
        float* shift
    ) : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            var quarter = Vector512.Create(0.25f);
            for (var line = begin; line < end; line++)
            {
                var (image, y) = Math.DivRem(line, height / 2);
                for (var x = 0; x < width / 2; x++)
                {
                    var corner = (image * height + 2 * y) * width + 2 * x;
                    ushort* p0 = source.At(corner),
                        p1 = source.At(corner + 1),
                        p2 = source.At(corner + width),
                        p3 = source.At(corner + width + 1);
                    var to = target.At(line * (width / 2) + x);
                    for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                    {
                        var (a, b) = (Vector512.Load(scale + c), Vector512.Load(shift + c));
                        var sum =
                            BFloat16Lanes.Relu(
                                Vector512.FusedMultiplyAdd(BFloat16Lanes.Load(p0 + c, channels - c), a, b))
                            + BFloat16Lanes.Relu(
                                Vector512.FusedMultiplyAdd(BFloat16Lanes.Load(p1 + c, channels - c), a, b))
                            + BFloat16Lanes.Relu(
                                Vector512.FusedMultiplyAdd(BFloat16Lanes.Load(p2 + c, channels - c), a, b))
                            + BFloat16Lanes.Relu(
                                Vector512.FusedMultiplyAdd(BFloat16Lanes.Load(p3 + c, channels - c), a, b));
                        BFloat16Lanes.Store(sum * quarter, to + c, channels - c);
                    }
                }
            }
        }
    }

    private readonly struct MaxPoolWork(
        Rows source,
        Rows target,
        int height,
        int width,
        int channels,
        float* scale,
        float* shift
    ) : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            var (lines, columns) = ((height + 1) / 2, (width + 1) / 2);
            for (var line = begin; line < end; line++)
            {
                var (image, y) = Math.DivRem(line, lines);
                var (top, bottom) = (Math.Max(0, 2 * y - 1), Math.Min(height - 1, 2 * y + 1));
                for (var x = 0; x < columns; x++)
                {
                    var (left, right) = (Math.Max(0, 2 * x - 1), Math.Min(width - 1, 2 * x + 1));
                    var to = target.At(line * columns + x);
                    for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                    {
                        var (a, b) = (Vector512.Load(scale + c), Vector512.Load(shift + c));
                        var largest = Vector512<float>.Zero; // ReLU
                        for (var v = top; v <= bottom; v++)
                        {
                            for (var u = left; u <= right; u++)
                            {
                                var value = Vector512.FusedMultiplyAdd(
                                    BFloat16Lanes.Load(source.At((image * height + v) * width + u) + c, channels - c),
                                    a,
                                    b);
                                largest = Vector512.ConditionalSelect(
                                    Vector512.LessThanOrEqual(value, largest),
                                    largest,
                                    value
                                ); // NaN wins, for a while
                            }
                        }
                        BFloat16Lanes.Store(largest, to + c, channels - c);
                    }
                }
            }
        }
    }

    private readonly struct CopyWork(Rows source, Rows target, int channels) : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            for (var row = begin; row < end; row++)
                new ReadOnlySpan<ushort>(source.At(row), channels).CopyTo(new(target.At(row), channels));
        }
    }

    private readonly struct StatisticsWork(Rows source, long rows, long rowsOfPart, int channels, float* sums)
        : IRowWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long begin, long end)
        {
            var origin = source.At(0);
            for (var part = begin; part < end; part++)
            {
                var first = sums + part * PartLength(channels);
                var second = first + PartLength(channels) / 2;
                for (var row = part * rowsOfPart; row < Math.Min(rows, (part + 1) * rowsOfPart); row++)
                {
                    var from = source.At(row);
                    for (var c = 0; c < channels; c += BFloat16Lanes.Count)
                    {
                        var x =
                            BFloat16Lanes.Load(from + c, channels - c) - BFloat16Lanes.Load(origin + c, channels - c);
                        (Vector512.Load(first + c) + x).Store(first + c);
                        Vector512.FusedMultiplyAdd(x, x, Vector512.Load(second + c)).Store(second + c);
                    }
                }
            }
        }
    }
}
