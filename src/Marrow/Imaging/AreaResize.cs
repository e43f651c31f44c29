using System.Numerics;

namespace Marrow.Imaging;

/// <summary>
/// Windows and shrinks an image in one go: each output pixel is the mean of the windowed values under it, weighted by
/// the area covered (an exact box filter, hence free of aliasing). Separable: rows are summed first, by SIMD, then each
/// sum is cut into columns. What lies outside the image counts as black. The order of additions is fixed and nothing
/// is fused, so that the bytes are the same on every processor.
/// </summary>
internal static class AreaResize
{
    /// <summary>
    /// Source pixels under one output pixel, and how much of it the first, the last and each between cover.
    /// </summary>
    private readonly record struct Footprint(
        int First,
        int Last,
        float FirstWeight,
        float LastWeight,
        float InnerWeight);

    /// <summary>Values become (value - black) / (white - black) * 255, clamped; white may lie below black.</summary>
    /// <param name="source">[sourceHeight * sourceWidth]</param>
    /// <param name="scaleX">Output pixels per source pixel; a source x lands at x * scaleX + offsetX.</param>
    /// <returns>[height * width]</returns>
    public static byte[] Run(ReadOnlySpan<ushort> source, int sourceWidth, int sourceHeight, double black, double white,
        int width, int height, double scaleX, double offsetX, double scaleY, double offsetY)
    {
        var gain = white == black ? 0f : (float)(255 / (white - black));
        var columns = Footprints(width, sourceWidth, scaleX, offsetX);
        var rows = Footprints(height, sourceHeight, scaleY, offsetY);
        var sum = new float[sourceWidth];
        var output = new byte[width * height];
        for (var y = 0; y < height; y++)
        {
            var row = rows[y];
            if (row.First > row.Last)
                continue;
            Array.Clear(sum);
            for (var s = row.First; s <= row.Last; s++)
            {
                var weight = s == row.First ? row.FirstWeight : s == row.Last ? row.LastWeight : row.InnerWeight;
                AddWindowed(source.Slice(s * sourceWidth, sourceWidth), (float)black, gain, weight, sum);
            }
            ShrinkRow(sum, columns, output.AsSpan(y * width, width));
        }
        return output;
    }

    private static void AddWindowed(ReadOnlySpan<ushort> row, float black, float gain, float weight, Span<float> sum)
    {
        var i = 0;
        var (low, high) = (Vector<float>.Zero, new Vector<float>(255f));
        var (blacks, gains, weights) = (new Vector<float>(black), new Vector<float>(gain), new Vector<float>(weight));
        for (; i <= row.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(row[i..]), out var first, out var second);
            Add(first, sum[i..]);
            Add(second, sum[(i + Vector<float>.Count)..]);
        }
        for (; i < row.Length; i++)
            sum[i] += Math.Min(Math.Max((row[i] - black) * gain, 0f), 255f) * weight;

        void Add(Vector<uint> values, Span<float> target)
        {
            var windowed = (Vector.ConvertToSingle(Vector.AsVectorInt32(values)) - blacks) * gains;
            windowed = Vector.Min(Vector.Max(windowed, low), high);
            (new Vector<float>(target) + windowed * weights).CopyTo(target);
        }
    }

    private static void ShrinkRow(ReadOnlySpan<float> sum, ReadOnlySpan<Footprint> columns, Span<byte> output)
    {
        for (var x = 0; x < columns.Length; x++)
        {
            var c = columns[x];
            if (c.First > c.Last)
                continue;
            var value = sum[c.First] * c.FirstWeight;
            if (c.Last > c.First)
            {
                var inner = 0f;
                foreach (var v in sum[(c.First + 1)..c.Last])
                    inner += v;
                value += inner * c.InnerWeight + sum[c.Last] * c.LastWeight;
            }
            output[x] = (byte)Math.Min(value + 0.5f, 255f);
        }
    }

    private static Footprint[] Footprints(int outputSize, int sourceSize, double scale, double offset)
    {
        var footprints = new Footprint[outputSize];
        for (var i = 0; i < outputSize; i++)
        {
            var from = Math.Max((i - offset) / scale, 0);
            var to = Math.Min((i + 1 - offset) / scale, sourceSize);
            if (from >= to)
            {
                footprints[i] = new Footprint(0, -1, 0, 0, 0);
                continue;
            }
            var first = (int)from;
            var last = Math.Max((int)Math.Ceiling(to) - 1, first);
            footprints[i] = new Footprint(first, last,
                (float)((Math.Min(first + 1, to) - from) * scale), (float)((to - last) * scale), (float)scale);
        }
        return footprints;
    }
}
