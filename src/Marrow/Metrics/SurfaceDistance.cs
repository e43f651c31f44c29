namespace Marrow.Metrics;

/// <summary>
/// How far the outlines of two masks lie apart. An outline is the pixels of a mask that have one of their four
/// neighbours outside of it, or lie at the image's edge. Of each outline pixel the distance to the nearest of the other
/// outline, between centres, exact: columns first (two sweeps), then outwards along the row until nothing nearer is
/// possible.
/// </summary>
internal static class SurfaceDistance
{
    private readonly record struct Pixel(int X, int Y);

    /// <summary>Distances from each outline to the other, pixels; null when a mask is empty.</summary>
    /// <param name="value">The class that is looked at.</param>
    public static (double[] FromFirst, double[] FromSecond)? Between(
        ReadOnlySpan<byte> first,
        ReadOnlySpan<byte> second,
        int width,
        int height,
        byte value)
    {
        var (a, b) = (Outline(first, width, height, value), Outline(second, width, height, value));
        return a.Count == 0 || b.Count == 0 ? null : (Distances(a, b), Distances(b, a));
    }

    private static List<Pixel> Outline(ReadOnlySpan<byte> mask, int width, int height, byte value)
    {
        var outline = new List<Pixel>();
        for (var y = 0; y < height; y++)
        {
            var row = mask.Slice(y * width, width);
            for (var x = row.IndexOf(value); x >= 0 && x < width; x++)
            {
                if (row[x] != value)
                {
                    var next = row[x..].IndexOf(value);
                    if (next < 0)
                        break;
                    x += next;
                }
                if (x == 0 || y == 0 || x == width - 1 || y == height - 1
                    || row[x - 1] != value
                    || row[x + 1] != value
                    || mask[(y - 1) * width + x] != value
                    || mask[(y + 1) * width + x] != value)
                    outline.Add(new(x, y));
            }
        }
        return outline;
    }

    /// <summary>Of each pixel the distance to the nearest of <paramref name="targets"/>.</summary>
    private static double[] Distances(List<Pixel> pixels, List<Pixel> targets)
    {
        // All of both lie within this box; a sum of two squares of its sides must not overflow.
        var (left, top) = (
            Math.Min(pixels.Min(p => p.X), targets.Min(p => p.X)),
            Math.Min(pixels.Min(p => p.Y), targets.Min(p => p.Y)));
        var (width, height) = (
            Math.Max(pixels.Max(p => p.X), targets.Max(p => p.X)) - left + 1,
            Math.Max(pixels.Max(p => p.Y), targets.Max(p => p.Y)) - top + 1);
        var vertical = Vertical(targets, left, top, width, height);
        var distances = new double[pixels.Count];
        for (var i = 0; i < distances.Length; i++)
        {
            var (x, y) = (pixels[i].X - left, pixels[i].Y - top);
            var row = vertical.AsSpan(y * width, width);
            var best = Square(row[x]);
            for (var d = 1; (long)d * d < best && (x - d >= 0 || x + d < width); d++)
            {
                if (x - d >= 0)
                    best = Math.Min(best, (long)d * d + Square(row[x - d]));
                if (x + d < width)
                    best = Math.Min(best, (long)d * d + Square(row[x + d]));
            }
            distances[i] = Math.Sqrt(best);
        }
        return distances;

        static long Square(int v) => (long)v * v;
    }

    /// <summary>
    /// [height * width]: rows to the nearest target of the same column; a very large number in a column without one.
    /// </summary>
    private static int[] Vertical(List<Pixel> targets, int left, int top, int width, int height)
    {
        const int none = 1 << 24;
        var rows = new int[checked(width * height)];
        Array.Fill(rows, none);
        foreach (var target in targets)
            rows[(target.Y - top) * width + target.X - left] = 0;
        for (var i = width; i < rows.Length; i++)
            rows[i] = Math.Min(rows[i], rows[i - width] + 1);
        for (var i = rows.Length - width - 1; i >= 0; i--)
            rows[i] = Math.Min(rows[i], rows[i + width] + 1);
        return rows;
    }
}
