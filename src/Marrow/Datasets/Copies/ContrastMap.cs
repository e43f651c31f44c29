using Marrow.Imaging;

namespace Marrow.Datasets.Copies;

/// <summary>
/// What of a film its copies keep: each pixel's difference from the mean around it, in units of the deviation around
/// it, and less of it the less there is to be seen. Brightness, contrast and gamma drop out, an inverted film has the
/// same values with the other sign, and where an even area has nothing but noise the values are about 0.
/// </summary>
internal sealed class ContrastMap
{
    // Of 255 grey values, squared: half is left of what deviates by 4, as a JPEG makes even areas do.
    private const float NoiseVariance = 16;
    private const int Passes = 2; // of a mean over a square, which is nearly a Gaussian then

    private ContrastMap(int width, int height, float[] values) => (Width, Height, Values) = (width, height, values);

    public int Width { get; }

    public int Height { get; }

    /// <summary>[Height * Width]</summary>
    public float[] Values { get; }

    /// <summary>The root of the mean square of the values: near 0 for a film that shows nothing.</summary>
    public double Strength => Math.Sqrt(Values.Sum(v => (double)v * v) / Values.Length);

    /// <param name="longestSidePx">The size of the map; at most the thumbnail's.</param>
    /// <param name="reachPx">How far "around" goes, in pixels of the map.</param>
    public static ContrastMap Of(FilmThumbnail thumbnail, int longestSidePx, int reachPx)
    {
        var scale = Math.Min(1, longestSidePx / (double)Math.Max(thumbnail.Width, thumbnail.Height));
        var (width, height) = (Side(thumbnail.Width), Side(thumbnail.Height));
        var values = Shrink(thumbnail, width, height);
        var mean = Blur(values, width, height, reachPx);
        var square = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] -= mean[i];
            square[i] = values[i] * values[i];
        }
        var variance = Blur(square, width, height, reachPx);
        for (var i = 0; i < values.Length; i++)
            values[i] *= MathF.Sqrt(variance[i]) / (variance[i] + NoiseVariance);
        return new(width, height, values);

        int Side(int side) => Math.Max(1, (int)Math.Round(side * scale));
    }

    private static float[] Shrink(FilmThumbnail thumbnail, int width, int height)
    {
        var pixels = thumbnail.Pixels;
        if (width < thumbnail.Width || height < thumbnail.Height)
        {
            var grey = Array.ConvertAll(pixels, pixel => (ushort)pixel);
            pixels = AreaResize.Run(
                grey, thumbnail.Width, thumbnail.Height, 0, byte.MaxValue,
                width, height, width / (double)thumbnail.Width, 0, height / (double)thumbnail.Height, 0);
        }
        return Array.ConvertAll(pixels, pixel => (float)pixel);
    }

    /// <summary>Means over what lies within the map, first along the rows, then along the columns.</summary>
    private static float[] Blur(float[] values, int width, int height, int reach)
    {
        var blurred = (float[])values.Clone();
        for (var pass = 0; pass < Passes; pass++)
        {
            for (var y = 0; y < height; y++)
                MeanAlong(blurred, y * width, 1, width, reach);
            for (var x = 0; x < width; x++)
                MeanAlong(blurred, x, width, height, reach);
        }
        return blurred;
    }

    private static void MeanAlong(float[] values, int start, int step, int count, int reach)
    {
        Span<double> sums = stackalloc double[FilmThumbnail.LongestSidePx + 1];
        sums[0] = 0;
        for (var i = 0; i < count; i++)
            sums[i + 1] = sums[i] + values[start + i * step];
        for (var i = 0; i < count; i++)
        {
            var (first, last) = (Math.Max(0, i - reach), Math.Min(count, i + reach + 1));
            values[start + i * step] = (float)((sums[last] - sums[first]) / (last - first));
        }
    }
}
