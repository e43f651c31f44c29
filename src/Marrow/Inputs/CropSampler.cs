using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// Cuts a crop, which may be turned, out of a radiograph at full resolution. Each output pixel is the mean of a grid of
/// bilinear samples under it, about one for each source pixel, so that shrinking is free of aliasing; what lies outside
/// the image has no value. <see cref="AreaResize"/> does the same for whole images, where rows and columns can be told
/// apart.
/// </summary>
internal static class CropSampler
{
    // a side; an input pixel of more than 16 source pixels is beyond what is drawn on films
    private const int MostSamples = 16;

    /// <param name="toInput">The transform from original pixels to output pixels.</param>
    /// <returns>The radiograph's own values, [height * width]; NaN outside of it.</returns>
    public static float[] Run(Radiograph radiograph, AffineTransform toInput, int width, int height)
    {
        // The radiograph may have been decoded at a reduced scale: its pixels are larger than original ones.
        var toSource = toInput
            .Invert()
            .Then(
                AffineTransform.Scale(
                    radiograph.Width / (double)radiograph.OriginalWidth,
                    radiograph.Height / (double)radiograph.OriginalHeight));
        var across = Samples(Math.Abs(toSource.A) + Math.Abs(toSource.D));
        var down = Samples(Math.Abs(toSource.B) + Math.Abs(toSource.E));
        var output = new float[width * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (sum, count) = (0.0, 0);
                for (var j = 0; j < down; j++)
                {
                    for (var i = 0; i < across; i++)
                    {
                        var at = toSource.Apply(new Point2D(x + (i + 0.5) / across, y + (j + 0.5) / down));
                        if (!(at.X >= 0 && at.Y >= 0 && at.X < radiograph.Width && at.Y < radiograph.Height))
                            continue;
                        sum += Bilinear(radiograph, at.X - 0.5, at.Y - 0.5);
                        count++;
                    }
                }
                output[y * width + x] = count == 0 ? float.NaN : (float)(sum / count);
            }
        }
        return output;
    }

    /// <summary>The same along the rows of a strip, each of which runs in its own direction.</summary>
    /// <param name="rows">
    /// Returns for a row the centre of its first pixel in original pixels, and the steps to the next pixel and to the
    /// row below.
    /// </param>
    public static float[] Run(
        Radiograph radiograph,
        Func<int, (Point2D First, Point2D Across, Point2D Down)> rows,
        int width,
        int height)
    {
        var (scaleX, scaleY) = (
            radiograph.Width / (double)radiograph.OriginalWidth,
            radiograph.Height / (double)radiograph.OriginalHeight);
        var output = new float[width * height];
        Parallel.For(0, height, y =>
        {
            var (first, across, down) = rows(y);
            var columns = Samples(across.DistanceTo(default) * scaleX);
            var lines = Samples(down.DistanceTo(default) * scaleY);
            for (var x = 0; x < width; x++)
            {
                var (sum, count) = (0.0, 0);
                for (var k = 0; k < columns * lines; k++)
                {
                    var at = first + across * (x + (k % columns + 0.5) / columns - 0.5)
                        + down * ((k / columns + 0.5) / lines - 0.5);
                    var (px, py) = (at.X * scaleX, at.Y * scaleY);
                    if (!(px >= 0 && py >= 0 && px < radiograph.Width && py < radiograph.Height))
                        continue;
                    sum += Bilinear(radiograph, px - 0.5, py - 0.5);
                    count++;
                }
                output[y * width + x] = count == 0 ? float.NaN : (float)(sum / count);
            }
        });
        return output;
    }

    private static int Samples(double sourcePixels) => Math.Clamp((int)Math.Ceiling(sourcePixels), 1, MostSamples);

    /// <summary>
    /// Interpolates between pixel centres, which have whole coordinates here. Outside the image, the values at its
    /// border are repeated.
    /// </summary>
    private static double Bilinear(Radiograph radiograph, double x, double y)
    {
        var (left, top) = ((int)Math.Floor(x), (int)Math.Floor(y));
        var (fractionX, fractionY) = (x - left, y - top);
        var (right, bottom) = (Math.Min(left + 1, radiograph.Width - 1), Math.Min(top + 1, radiograph.Height - 1));
        (left, top) = (Math.Max(left, 0), Math.Max(top, 0));
        var pixels = radiograph.Pixels;
        var (upper, lower) = (top * radiograph.Width, bottom * radiograph.Width);
        var above = pixels[upper + left] + (pixels[upper + right] - pixels[upper + left]) * fractionX;
        var below = pixels[lower + left] + (pixels[lower + right] - pixels[lower + left]) * fractionX;
        return above + (below - above) * fractionY;
    }
}
