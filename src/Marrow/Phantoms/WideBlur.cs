namespace Marrow.Phantoms;

/// <summary>
/// A blur over many pixels, close to a Gaussian: averaged to a small image, three box blurs, drawn up again.
/// </summary>
internal static class WideBlur
{
    /// <param name="sigmaPx">Standard deviation in pixels, of at least 8.</param>
    public static void Apply(float[] image, int width, int height, double sigmaPx)
    {
        var step = Math.Max(1, (int)(sigmaPx / 4));
        var (columns, rows) = ((width + step - 1) / step, (height + step - 1) / step);
        var small = new float[columns * rows];
        for (var row = 0; row < rows; row++)
        {
            var (top, bottom) = (row * step, Math.Min((row + 1) * step, height));
            for (var column = 0; column < columns; column++)
            {
                var (left, right) = (column * step, Math.Min((column + 1) * step, width));
                var sum = 0.0;
                for (var y = top; y < bottom; y++)
                {
                    for (var x = left; x < right; x++)
                        sum += image[y * width + x];
                }
                small[row * columns + column] = (float)(sum / ((bottom - top) * (right - left)));
            }
        }

        // Three boxes of half-width r have the variance r (r + 1).
        var radius = Math.Max(1, (int)Math.Round(Math.Sqrt(0.25 + sigmaPx * sigmaPx / step / step) - 0.5));
        var other = new float[small.Length];
        for (var pass = 0; pass < 3; pass++)
        {
            Box(small, other, columns, rows, 1, columns, radius);
            Box(other, small, rows, columns, columns, 1, radius);
        }

        for (var row = 0; row < height; row++)
        {
            var (r0, r1, v) = Neighbours(row, step, rows);
            for (var column = 0; column < width; column++)
            {
                var (c0, c1, u) = Neighbours(column, step, columns);
                var upper = small[r0 * columns + c0] + u * (small[r0 * columns + c1] - small[r0 * columns + c0]);
                var lower = small[r1 * columns + c0] + u * (small[r1 * columns + c1] - small[r1 * columns + c0]);
                image[row * width + column] = upper + v * (lower - upper);
            }
        }
    }

    private static (int First, int Second, float Weight) Neighbours(int pixel, int step, int count)
    {
        var position = Math.Clamp((pixel + 0.5f) / step - 0.5f, 0, count - 1);
        var first = Math.Min((int)position, Math.Max(0, count - 2));
        return (first, Math.Min(first + 1, count - 1), position - first);
    }

    /// <summary>Running mean along lines of <paramref name="length"/> cells; ends repeat.</summary>
    private static void Box(float[] from, float[] to, int length, int lines, int stride, int lineStride, int radius)
    {
        var scale = 1.0 / (2 * radius + 1);
        for (var line = 0; line < lines; line++)
        {
            var start = line * lineStride;
            double At(int i) => from[start + Math.Clamp(i, 0, length - 1) * stride];
            var sum = 0.0;
            for (var i = -radius; i <= radius; i++)
                sum += At(i);
            for (var i = 0; i < length; i++)
            {
                to[start + i * stride] = (float)(sum * scale);
                sum += At(i + radius + 1) - At(i - radius);
            }
        }
    }
}
