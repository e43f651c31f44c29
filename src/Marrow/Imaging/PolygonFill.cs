namespace Marrow.Imaging;

/// <summary>
/// Fills polygons into a mask. A pixel belongs to a polygon when its centre lies inside by the even-odd rule; of two
/// polygons that share an edge exactly one has each pixel along it.
/// </summary>
internal static class PolygonFill
{
    /// <param name="mask">[height * width]; pixels inside become <paramref name="value"/>, the others stay.</param>
    /// <param name="corners">
    /// In order around the polygon, pixels; (0, 0) is the outer corner of the first pixel. May lie outside.
    /// </param>
    public static void Fill(Span<byte> mask, int width, int height, ReadOnlySpan<Point2D> corners, byte value)
    {
        var (top, bottom) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var corner in corners)
            (top, bottom) = (Math.Min(top, corner.Y), Math.Max(bottom, corner.Y));
        if (!(top <= bottom))
            return; // no corners, or one that is no number
        Span<double> crossings = corners.Length <= 16 ? stackalloc double[corners.Length] : new double[corners.Length];
        for (var y = FirstCentre(top, height); y < FirstCentre(bottom, height); y++)
        {
            var crossed = crossings[..Crossings(corners, y + 0.5, crossings)];
            crossed.Sort();
            for (var i = 0; i + 1 < crossed.Length; i += 2)
            {
                var (start, end) = (FirstCentre(crossed[i], width), FirstCentre(crossed[i + 1], width));
                mask.Slice(y * width + start, end - start).Fill(value);
            }
        }
    }

    /// <summary>Where the edges cross this height, unordered; their count.</summary>
    private static int Crossings(ReadOnlySpan<Point2D> corners, double y, Span<double> crossings)
    {
        var count = 0;
        for (var i = 0; i < corners.Length; i++)
        {
            var (a, b) = (corners[i], corners[(i + 1) % corners.Length]);
            if (a.Y <= y != b.Y <= y)
                crossings[count++] = a.X + (y - a.Y) / (b.Y - a.Y) * (b.X - a.X);
        }
        return count;
    }

    /// <summary>The first pixel whose centre lies at this place or past it, 0 to <paramref name="size"/>.</summary>
    private static int FirstCentre(double place, int size) => (int)Math.Clamp(Math.Ceiling(place - 0.5), 0, size);
}
