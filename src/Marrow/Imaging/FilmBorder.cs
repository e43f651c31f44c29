
using System.Globalization;
namespace Marrow.Imaging;

/// <summary>
/// The uniform border that scanners and viewers lay around a film. It moves everything a model sees: with a black one
/// of a fifth on each side the angles of a spine change by several degrees. Lines of one grey value are cut off from
/// each side, until none is left; a film without such lines stays the very same object. Of the 481 films of SpineWeb 16
/// none has any.
/// </summary>
/// <param name="Film">What is left.</param>
/// <param name="Left">What was cut off, original px.</param>
/// <param name="Top">What was cut off, original px.</param>
/// <param name="Right">What was cut off, original px.</param>
/// <param name="Bottom">What was cut off, original px.</param>
internal sealed record FilmBorder(Radiograph Film, double Left, double Top, double Right, double Bottom)
{
    private const double LeastShare = 0.01; // of a side: thinner ones move nothing
    // of the image's range, within which a line is of one value: JPEG blurs black
    private const double Spread = 1 / 40.0;
    private const int MostFrames = 4; // a white frame around a black one

    public bool IsThere => Left + Top + Right + Bottom > 0;

    /// <summary>Film pixels to pixels of the file.</summary>
    public AffineTransform ToOriginal => AffineTransform.Translate(Left, Top);

    /// <summary>"A uniform border was left out (left 20 %, top 20 %, right 20 %, bottom 20 %)."</summary>
    public string Describe(Radiograph whole)
    {
        (string Side, double Share)[] sides =
        [
            ("left", Left / whole.OriginalWidth),
            ("top", Top / whole.OriginalHeight),
            ("right", Right / whole.OriginalWidth),
            ("bottom", Bottom / whole.OriginalHeight),
        ];
        var shares = sides.Where(s => s.Share > 0)
            .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Side} {100 * s.Share:0.#} %"));
        return $"A uniform border was left out ({string.Join(", ", shares)}).";
    }

    public static FilmBorder Of(Radiograph radiograph)
    {
        var (low, high) = Extremes(radiograph.Pixels);
        var spread = Math.Max(1, (int)((high - low) * Spread));
        var (left, top, right, bottom) = (0, 0, radiograph.Width, radiograph.Height);
        for (var frame = 0; frame < MostFrames && high > low; frame++)
        {
            var before = (left, top, right, bottom);
            top += Lines(bottom - top, i => Row(radiograph, top + i, left, right), spread);
            bottom -= Lines(bottom - top, i => Row(radiograph, bottom - 1 - i, left, right), spread);
            left += Lines(right - left, i => Column(radiograph, left + i, top, bottom), spread);
            right -= Lines(right - left, i => Column(radiograph, right - 1 - i, top, bottom), spread);
            if ((left, top, right, bottom) == before)
                break;
        }
        // Each side on its own: a stripe of a pixel or two is part of many a film.
        (left, right) = (
            Thick(left, radiograph.Width),
            radiograph.Width - Thick(radiograph.Width - right, radiograph.Width));
        (top, bottom) = (
            Thick(top, radiograph.Height),
            radiograph.Height - Thick(radiograph.Height - bottom, radiograph.Height));
        var (width, height) = (right - left, bottom - top);
        if (
            (width == radiograph.Width && height == radiograph.Height)
            || width < RadiographReader.MinSide
            || height < RadiographReader.MinSide)
            return new(radiograph, 0, 0, 0, 0);
        var pixels = new ushort[width * height];
        for (var y = 0; y < height; y++)
            radiograph.Pixels.AsSpan((top + y) * radiograph.Width + left, width).CopyTo(pixels.AsSpan(y * width));
        // A JPEG may have been decoded at a reduced scale.
        var (across, down) = (
            radiograph.OriginalWidth / (double)radiograph.Width,
            radiograph.OriginalHeight / (double)radiograph.Height);
        var film = new Radiograph(radiograph)
        {
            Width = width,
            Height = height,
            Pixels = pixels,
            OriginalWidth = (int)Math.Round(width * across),
            OriginalHeight = (int)Math.Round(height * down),
        };
        return new(
            film,
            left * across,
            top * down,
            (radiograph.Width - right) * across,
            (radiograph.Height - bottom) * down);
    }

    private static int Thick(int lines, int side) => lines >= LeastShare * side ? lines : 0;

    /// <summary>How many lines from a side on are of the first one's grey; 0 where all are.</summary>
    private static int Lines(int most, Func<int, (int Low, int High)> line, int spread)
    {
        var count = 0;
        var (least, largest) = (int.MaxValue, 0);
        for (; count < most; count++)
        {
            var (low, high) = line(count);
            (least, largest) = (Math.Min(least, low), Math.Max(largest, high));
            if (largest - least > spread)
                return count;
        }
        return 0;
    }

    private static (int Low, int High) Row(Radiograph radiograph, int y, int left, int right)
    {
        return Extremes(radiograph.Pixels.AsSpan(y * radiograph.Width + left, right - left));
    }

    private static (int Low, int High) Column(Radiograph radiograph, int x, int top, int bottom)
    {
        var (low, high) = (int.MaxValue, 0);
        for (var y = top; y < bottom; y++)
        {
            var value = radiograph.Pixels[y * radiograph.Width + x];
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }
        return (low, high);
    }

    private static (int Low, int High) Extremes(ReadOnlySpan<ushort> values)
    {
        var (low, high) = (int.MaxValue, 0);
        foreach (var value in values)
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return (low, high);
    }
}
