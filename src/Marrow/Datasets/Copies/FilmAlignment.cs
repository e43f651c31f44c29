namespace Marrow.Datasets.Copies;

/// <summary>
/// Lays one film on another so that both show the same in the same place, and says how well that can be done. The place
/// is where the second film shows the first one's middle; it is moved and stretched, along each axis separately, as
/// long as the correlation of what both show rises.
/// </summary>
internal static class FilmAlignment
{
    private const double LeastShared = 0.25; // of each film's area
    private static readonly FilmWindow s_middle = FilmWindow.Middle;

    /// <summary>The correlation, -1 to 1, of the maps where they show the same; 0 where they share too
    /// little.</summary>
    /// <param name="place">Where the other film shows the middle of the first one.</param>
    /// <param name="mirrored">True when the first film is to be mirrored before.</param>
    public static double Correlation(ContrastMap map, ContrastMap other, FilmWindow place, bool mirrored)
    {
        var columns = Line.Of(map.Width, other.Width, s_middle.Left, s_middle.Width, place.Left, place.Width);
        var rows = Line.Of(map.Height, other.Height, s_middle.Top, s_middle.Height, place.Top, place.Height);
        if (!SharesEnough(columns, map.Width, rows, map.Height) || !SharesEnough(place))
            return 0;
        Span<int> lefts = stackalloc int[columns.End];
        Span<float> shares = stackalloc float[columns.End];
        for (var x = columns.First; x < columns.End; x++)
            (lefts[x], shares[x]) = columns.At(x);
        double sumA = 0, sumB = 0, squaresA = 0, squaresB = 0, products = 0;
        for (var y = rows.First; y < rows.End; y++)
        {
            var (top, down) = rows.At(y);
            var upper = other.Values.AsSpan(top * other.Width, other.Width);
            var lower = other.Values.AsSpan((top + 1) * other.Width, other.Width);
            var own = map.Values.AsSpan(y * map.Width, map.Width);
            for (var x = columns.First; x < columns.End; x++)
            {
                var (left, along) = (lefts[x], shares[x]);
                var above = upper[left] + (upper[left + 1] - upper[left]) * along;
                var below = lower[left] + (lower[left + 1] - lower[left]) * along;
                var b = above + (below - above) * down;
                var a = own[mirrored ? map.Width - 1 - x : x];
                sumA += a;
                sumB += b;
                squaresA += a * a;
                squaresB += b * b;
                products += a * b;
            }
        }
        var n = (double)(columns.End - columns.First) * (rows.End - rows.First);
        var spread = (squaresA - sumA * sumA / n) * (squaresB - sumB * sumB / n);
        return spread > 1e-12 ? Math.Clamp((products - sumA * sumB / n) / Math.Sqrt(spread), -1, 1) : 0;
    }

    /// <summary>Moves and stretches the place while the correlation's size rises.</summary>
    /// <param name="step">How far an edge is moved at a time, in shares of the other film's sides.</param>
    public static (FilmWindow Place, double Correlation) Refine(
        ContrastMap map, ContrastMap other, FilmWindow place, bool mirrored, double step)
    {
        var best = Correlation(map, other, place, mirrored);
        for (var moved = true; moved;)
        {
            moved = false;
            foreach (var (left, top, right, bottom) in s_moves)
            {
                var next = new FilmWindow(
                    place.Left + left * step,
                    place.Top + top * step,
                    place.Right + right * step,
                    place.Bottom + bottom * step);
                if (next.Width < step || next.Height < step)
                    continue;
                var correlation = Correlation(map, other, next, mirrored);
                if (Math.Abs(correlation) <= Math.Abs(best))
                    continue;
                (place, best, moved) = (next, correlation, true);
            }
        }
        return (place, best);
    }

    private static readonly (int Left, int Top, int Right, int Bottom)[] s_moves =
    [
        (1, 0, 1, 0), (-1, 0, -1, 0), (0, 1, 0, 1), (0, -1, 0, -1), // moved
        (-1, 0, 1, 0), (1, 0, -1, 0), (0, -1, 0, 1), (0, 1, 0, -1), // stretched
        (-1, 0, 0, 0), (1, 0, 0, 0), (0, 0, -1, 0), (0, 0, 1, 0), // one edge: moved and stretched at once
        (0, -1, 0, 0), (0, 1, 0, 0), (0, 0, 0, -1), (0, 0, 0, 1),
    ];

    private static bool SharesEnough(Line columns, int width, Line rows, int height) =>
        columns.End > columns.First && rows.End > rows.First
        && (double)(columns.End - columns.First) * (rows.End - rows.First) >= LeastShared * width * height;

    /// <summary>The same for the other film, of which the first one covers the place and what lies around it.</summary>
    private static bool SharesEnough(FilmWindow place)
    {
        return Shared(place.Left, place.Width) * Shared(place.Top, place.Height) >= LeastShared;

        // The middle begins at a fifth of the film and takes three of them.
        static double Shared(double start, double length) =>
            Math.Min(1, start + length * (1 - s_middle.Left) / s_middle.Width)
            - Math.Max(0, start - length * s_middle.Left / s_middle.Width);
    }

    /// <summary>The pixels of one axis, and where the other film has them.</summary>
    private readonly record struct Line(int First, int End, double Scale, double Offset, int OtherSide)
    {
        public static Line Of(int side, int otherSide, double middle, double length, double place, double placeLength)
        {
            // Centres of pixels: (x + 0.5) / side is a share; (share - middle) / length of the middle.
            var scale = placeLength / length / side * otherSide;
            var offset = (place + (0.5 / side - middle) / length * placeLength) * otherSide - 0.5;
            var first = Math.Max(0, (int)Math.Ceiling(-offset / scale));
            var end = Math.Min(side, (int)Math.Floor((otherSide - 1 - offset) / scale) + 1);
            return new(first, end, scale, offset, otherSide);
        }

        /// <summary>The other film's pixel before this one, and the share of the next.</summary>
        public (int Pixel, float Share) At(int pixel)
        {
            var at = Offset + Scale * pixel;
            var before = Math.Clamp((int)at, 0, Math.Max(0, OtherSide - 2));
            return (before, (float)(at - before));
        }
    }
}
