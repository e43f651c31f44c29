using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// A radiograph as something to look at: windowed between two percentiles and brought to another size by area
/// averaging (smaller) or by cubic interpolation (larger), so that pictures of 100-megapixel films stay small.
/// </summary>
internal static class RadiographPicture
{
    // The window of every input contract, so that the picture shows what a model sees.
    private const double LowPercentile = 0.005, HighPercentile = 0.995;

    /// <summary>Renders the radiograph at this size in 8 bits of grey, with bright bones.</summary>
    /// <param name="asItIs">
    /// True to show the full range of its pixels from black to white, instead of the window.
    /// </param>
    public static SKBitmap Render(Radiograph radiograph, int width, int height, bool asItIs = false)
    {
        var (low, high) = asItIs ? (0, (1 << radiograph.BitDepth) - 1) : Window(radiograph);
        var (smallWidth, smallHeight) = (Math.Min(width, radiograph.Width), Math.Min(height, radiograph.Height));
        var grey = Shrink(radiograph, smallWidth, smallHeight, low, high);
        var bitmap = new SKBitmap(new SKImageInfo(smallWidth, smallHeight, SKColorType.Gray8, SKAlphaType.Opaque));
        for (var y = 0; y < smallHeight; y++)
            grey.AsSpan(y * smallWidth, smallWidth).CopyTo(bitmap.GetPixelSpan()[(y * bitmap.RowBytes)..]);
        if (smallWidth == width && smallHeight == height)
            return bitmap;
        using (bitmap)
            return bitmap.Resize(new SKSizeI(width, height), new SKSamplingOptions(SKCubicResampler.Mitchell));
    }

    private static (double Low, double High) Window(Radiograph radiograph)
    {
        var histogram = new long[1 << 16];
        foreach (var value in radiograph.Pixels)
            histogram[value]++;
        var low = Percentile(histogram, radiograph.Pixels.LongLength, LowPercentile);
        var high = Percentile(histogram, radiograph.Pixels.LongLength, HighPercentile);
        return (low, Math.Max(high, low + 1));
    }

    private static int Percentile(long[] histogram, long total, double share)
    {
        long seen = 0;
        for (var value = 0; value < histogram.Length; value++)
        {
            seen += histogram[value];
            if (seen > share * total)
                return value;
        }
        return histogram.Length - 1;
    }

    /// <summary>
    /// Shrinks the radiograph. Each output pixel is the mean of the whole input pixels that it covers, which is exact
    /// enough to look at.
    /// </summary>
    private static byte[] Shrink(Radiograph radiograph, int width, int height, double low, double high)
    {
        var grey = new byte[width * height];
        var invert = radiograph.Polarity == Polarity.BoneDark;
        Parallel.For(0, height, y =>
        {
            var (top, bottom) = Cover(y, height, radiograph.Height);
            for (var x = 0; x < width; x++)
            {
                var (left, right) = Cover(x, width, radiograph.Width);
                double sum = 0;
                for (var row = top; row < bottom; row++)
                {
                    foreach (var value in radiograph.Pixels.AsSpan(row * radiograph.Width + left, right - left))
                        sum += value;
                }
                var mean = sum / ((bottom - top) * (right - left));
                var shade = Math.Clamp((mean - low) / (high - low), 0, 1) * 255;
                grey[y * width + x] = (byte)Math.Round(invert ? 255 - shade : shade);
            }
        });
        return grey;
    }

    private static (int From, int To) Cover(int index, int count, int available)
    {
        var from = (int)((long)index * available / count);
        var to = (int)((long)(index + 1) * available / count);
        return (from, Math.Max(to, from + 1));
    }
}
