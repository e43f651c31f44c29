using Marrow.Imaging;

namespace Marrow.Tasks.Masks;

/// <summary>
/// Turns a model's logits into a mask of the image's own size. Logits are interpolated between the centres of input
/// pixels, and then the largest one decides. What the input did not show, because <c>cover</c> cut it off, is
/// background.
/// </summary>
internal static class MaskDecoder
{
    /// <summary>Returns the class of each pixel, [height * width], with 0 for background.</summary>
    /// <param name="logits">
    /// The logits [outputs * inputHeight * inputWidth]. With one output a logit above 0 means class 1; with several the
    /// first one is the background.
    /// </param>
    /// <param name="toInput">The transform from image pixels to input pixels, without rotation.</param>
    public static byte[] Decode(
        ReadOnlySpan<float> logits,
        int outputs,
        int inputWidth,
        int inputHeight,
        AffineTransform toInput,
        int width,
        int height)
    {
        if (toInput.B != 0 || toInput.D != 0)
            throw new ArgumentException("Masks are decoded without rotation.", nameof(toInput));
        var mask = new byte[checked(width * height)];
        var columns = Places(width, inputWidth, toInput.A, toInput.C);
        var rows = Places(height, inputHeight, toInput.E, toInput.F);
        var row = new float[inputWidth];
        var (values, largest) = (new float[width], new float[width]);
        for (var y = 0; y < height; y++)
        {
            if (!rows[y].IsSeen)
                continue;
            var line = mask.AsSpan(y * width, width);
            Array.Clear(largest); // one output: the background's logit is 0
            for (var o = 0; o < outputs; o++)
            {
                Blend(logits.Slice(o * inputWidth * inputHeight, inputWidth * inputHeight), rows[y], row);
                Spread(row, columns, values);
                if (o == 0 && outputs > 1)
                    values.CopyTo(largest, 0);
                else
                    Choose(values, largest, line, (byte)(outputs == 1 ? 1 : o));
            }
            for (var x = 0; x < width; x++)
            {
                if (!columns[x].IsSeen)
                    line[x] = 0;
            }
        }
        return mask;
    }

    /// <summary>
    /// Returns the class of each pixel, [height * width], of another view of the same image, which may be rotated. 0 is
    /// background.
    /// </summary>
    /// <param name="toInput">The transform from the view's pixels to input pixels.</param>
    /// <param name="unseen">The value of pixels that the input does not show.</param>
    public static byte[] DecodeView(
        ReadOnlySpan<float> logits,
        int outputs,
        int inputWidth,
        int inputHeight,
        AffineTransform toInput,
        int width,
        int height,
        byte unseen)
    {
        var mask = new byte[checked(width * height)];
        var size = inputWidth * inputHeight;
        for (var i = 0; i < mask.Length; i++)
        {
            var at = toInput.Apply(new(i % width + 0.5, i / width + 0.5));
            var (x, y) = (PlaceAt(at.X, inputWidth), PlaceAt(at.Y, inputHeight));
            if (!x.IsSeen || !y.IsSeen)
            {
                mask[i] = unseen;
                continue;
            }
            var largest = outputs == 1 ? 0 : Interpolate(logits[..size], x, y, inputWidth);
            for (var o = outputs == 1 ? 0 : 1; o < outputs; o++)
            {
                var value = Interpolate(logits.Slice(o * size, size), x, y, inputWidth);
                if (value > largest)
                    (largest, mask[i]) = (value, (byte)(outputs == 1 ? 1 : o));
            }
        }
        return mask;
    }

    /// <summary>
    /// [classes]: for each class 2 sum(p m) / (sum(p) + sum(m)) over the input's pixels, p the probability and m the
    /// decision: the Dice of the area if the probabilities are right. 1 where nothing is decided and nothing expected.
    /// </summary>
    public static double[] ExpectedDice(ReadOnlySpan<float> logits, int outputs)
    {
        var pixels = logits.Length / outputs;
        var (both, probable, decided) = (new double[outputs], new double[outputs], new double[outputs]);
        var p = new double[outputs];
        for (var i = 0; i < pixels; i++)
        {
            var best = Probabilities(logits, i, pixels, p);
            for (var o = 0; o < outputs; o++)
                probable[o] += p[o];
            if (best < 0)
                continue;
            both[best] += p[best];
            decided[best]++;
        }
        var expected = Enumerable
            .Range(0, outputs)
            .Select(o => probable[o] + decided[o] == 0 ? 1 : 2 * both[o] / (probable[o] + decided[o]))
            .ToArray();
        return outputs == 1 ? expected : expected[1..];
    }

    /// <summary>Returns the output that is decided for; -1 for the background of a model with one output.</summary>
    private static int Probabilities(ReadOnlySpan<float> logits, int pixel, int pixels, double[] p)
    {
        if (p.Length == 1)
        {
            p[0] = 1 / (1 + Math.Exp(-logits[pixel]));
            return logits[pixel] > 0 ? 0 : -1;
        }
        var best = 0;
        for (var o = 1; o < p.Length; o++)
            best = logits[o * pixels + pixel] > logits[best * pixels + pixel] ? o : best;
        var sum = 0.0;
        for (var o = 0; o < p.Length; o++)
            sum += p[o] = Math.Exp(logits[o * pixels + pixel] - logits[best * pixels + pixel]);
        for (var o = 0; o < p.Length; o++)
            p[o] /= sum;
        return best;
    }

    /// <summary>The two neighbouring input pixels between which the centre of an image pixel lies.</summary>
    private readonly record struct Place(int First, int Second, float Share, bool IsSeen);

    private static Place[] Places(int size, int inputSize, double scale, double offset)
    {
        var places = new Place[size];
        for (var i = 0; i < size; i++)
            places[i] = PlaceAt((i + 0.5) * scale + offset, inputSize);
        return places;
    }

    /// <param name="at">The distance from the edge of the input, in its pixels.</param>
    private static Place PlaceAt(double at, int inputSize)
    {
        var fromCentre = Math.Clamp(at - 0.5, 0, inputSize - 1);
        var first = (int)fromCentre;
        return new(first, Math.Min(first + 1, inputSize - 1), (float)(fromCentre - first), at >= 0 && at <= inputSize);
    }

    private static float Interpolate(ReadOnlySpan<float> map, Place x, Place y, int inputWidth)
    {
        var (upper, lower) = (
            Along(map.Slice(y.First * inputWidth, inputWidth)),
            Along(map.Slice(y.Second * inputWidth, inputWidth)));
        return upper + (lower - upper) * y.Share;

        float Along(ReadOnlySpan<float> row) => row[x.First] + (row[x.Second] - row[x.First]) * x.Share;
    }

    private static void Blend(ReadOnlySpan<float> map, Place place, float[] row)
    {
        var upper = map.Slice(place.First * row.Length, row.Length);
        var lower = map.Slice(place.Second * row.Length, row.Length);
        for (var x = 0; x < row.Length; x++)
            row[x] = upper[x] + (lower[x] - upper[x]) * place.Share;
    }

    private static void Spread(float[] row, Place[] columns, float[] values)
    {
        for (var x = 0; x < values.Length; x++)
        {
            var place = columns[x];
            values[x] = row[place.First] + (row[place.Second] - row[place.First]) * place.Share;
        }
    }

    private static void Choose(float[] values, float[] largest, Span<byte> line, byte value)
    {
        for (var x = 0; x < line.Length; x++)
        {
            if (values[x] > largest[x])
                (largest[x], line[x]) = (values[x], value);
        }
    }
}
