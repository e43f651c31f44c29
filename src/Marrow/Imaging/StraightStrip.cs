// A curve laid straight, as radiology's curved planar reformation does with a vessel or a spine: what lies along the
// curve stands upright in a strip, at one scale from end to end. Data flow: points along the curve in image pixels ->
// lightly smoothed -> a Catmull-Rom spline through them, with straight ends -> for each row of the strip a centre and
// the step from one strip pixel to the next -> maps in both directions, and the rows by which pixels are sampled.

namespace Marrow.Imaging;

/// <summary>How a curve is laid into a strip.</summary>
/// <param name="Width">The strip's width in pixels; the curve is its middle.</param>
/// <param name="Height">The strip's height in pixels.</param>
/// <param name="Ends">
/// The share of the height that lies beyond the first point, and as much beyond the last: the image is shown there
/// along the curve's end directions.
/// </param>
internal readonly record struct StripLayout(int Width, int Height, double Ends)
{
    /// <summary>The factor by which an image pixel is shown larger than the layout alone would.</summary>
    public double Zoom { get; init; } = 1;

    /// <summary>Moves what is shown, in strip pixels: to the right and downwards where positive.</summary>
    public (double X, double Y) Shift { get; init; }

    /// <summary>True to show left and right exchanged.</summary>
    public bool Mirrored { get; init; }
}

/// <summary>
/// A strip along a curve, and the maps between its pixels and those of the image. In both, (0, 0) is the outer corner
/// of the first pixel. The maps are inverse to each other wherever the strip does not fold: within the radius of the
/// curve's bends.
/// </summary>
internal sealed class StraightStrip
{
    private const int Pieces = 16;      // of the spline between two points, for its length
    private const int Iterations = 12;  // Newton's: quadratic, and the start is at most a few rows away
    private const double Exact = 1e-10; // strip pixels

    private readonly Point2D[] _centers; // at the upper edges of the rows, and at the lower edge of the last
    private readonly Point2D[] _steps;   // image pixels from one strip pixel to the next within the row there
    private readonly double _middle;

    /// <param name="points">Two or more points along the curve, in image pixels; neighbours differ.</param>
    public StraightStrip(IReadOnlyList<Point2D> points, StripLayout layout)
    {
        if (points.Count < 2)
            throw new ArgumentException($"A curve has two points or more, found {points.Count}.", nameof(points));
        Layout = layout;
        _middle = layout.Width / 2.0 + layout.Shift.X;
        var (curve, lengths) = Sample(Smooth(points));
        var total = lengths[^1];
        if (!(total > 0) || !double.IsFinite(total))
            throw new ArgumentException("The points of the curve coincide.", nameof(points));
        PixelSize = total / (layout.Height * (1 - 2 * layout.Ends)) / layout.Zoom;
        (_centers, _steps) = (new Point2D[layout.Height + 1], new Point2D[layout.Height + 1]);
        var piece = 0;
        for (var y = 0; y <= layout.Height; y++)
        {
            var at = total / 2 + (y - layout.Height / 2.0 - layout.Shift.Y) * PixelSize;
            while (piece < curve.Count - 2 && lengths[piece + 1] < at)
                piece++;
            var (center, tangent) = At(curve, lengths, piece, at);
            _centers[y] = center;
            var across = new Point2D(tangent.Y, -tangent.X); // to the image's right where the curve runs down
            _steps[y] = across * (layout.Mirrored ? -PixelSize : PixelSize);
        }
    }

    public StripLayout Layout { get; }

    /// <summary>Image pixels that one pixel of the strip shows.</summary>
    public double PixelSize { get; }

    /// <summary>Strip pixels -> image pixels.</summary>
    public Point2D ToImage(Point2D strip)
    {
        var (center, step, _, _) = Row(strip.Y);
        return center + step * (strip.X - _middle);
    }

    /// <summary>Image pixels -> strip pixels.</summary>
    public Point2D ToStrip(Point2D image)
    {
        var y = (double)Nearest(image);
        var x = 0.0;
        for (var i = 0; i < Iterations; i++)
        {
            var (center, step, down, turn) = Row(y);
            // image = center + x * step: linear in the unknowns x and, within a row, nearly so in y.
            var error = image - (center + step * x);
            var slope = down + turn * x;
            var determinant = step.X * slope.Y - step.Y * slope.X;
            if (Math.Abs(determinant) < double.Epsilon)
                break;
            var dx = (error.X * slope.Y - error.Y * slope.X) / determinant;
            var dy = (step.X * error.Y - step.Y * error.X) / determinant;
            (x, y) = (x + dx, y + dy);
            if (Math.Abs(dx) + Math.Abs(dy) < Exact)
                break;
        }
        return new(x + _middle, y);
    }

    /// <summary>
    /// The centre of a row's first pixel in image pixels, and the steps from it to the next pixel of the row and to the
    /// row below.
    /// </summary>
    public (Point2D First, Point2D Across, Point2D Down) Pixels(int row)
    {
        var (center, step, down, _) = Row(row + 0.5);
        return (center + step * (0.5 - _middle), step, down);
    }

    /// <summary>
    /// Centre and step of a row, and how both change with y; beyond the first and the last row they go on as they were
    /// there.
    /// </summary>
    private (Point2D Center, Point2D Step, Point2D Down, Point2D Turn) Row(double y)
    {
        var row = Math.Clamp((int)Math.Floor(y), 0, _centers.Length - 2);
        var (down, turn) = (_centers[row + 1] - _centers[row], _steps[row + 1] - _steps[row]);
        if (y < 0 || y > _centers.Length - 1)
        {
            // The ends are straight: only the centre moves on.
            var edge = y < 0 ? 0 : _centers.Length - 1;
            return (_centers[edge] + down * (y - edge), _steps[edge], down, default);
        }
        return (_centers[row] + down * (y - row), _steps[row] + turn * (y - row), down, turn);
    }

    private int Nearest(Point2D image)
    {
        var (nearest, least) = (0, double.PositiveInfinity);
        for (var y = 0; y < _centers.Length; y++)
        {
            var distance = _centers[y].DistanceTo(image);
            if (distance < least)
                (nearest, least) = (y, distance);
        }
        return nearest;
    }

    /// <summary>
    /// Each inner point becomes a mean with its neighbours, so that single errors do not bend the curve.
    /// </summary>
    private static Point2D[] Smooth(IReadOnlyList<Point2D> points) =>
        [.. points.Select((p, i) => i == 0 || i == points.Count - 1
            ? p
            : points[i - 1] * 0.25 + p * 0.5 + points[i + 1] * 0.25)];

    /// <summary>The spline in short pieces, and the length of the curve up to each of their ends.</summary>
    private static (List<Point2D> Curve, double[] Lengths) Sample(Point2D[] points)
    {
        var curve = new List<Point2D> { points[0] };
        for (var i = 0; i + 1 < points.Length; i++)
        {
            var before = i > 0 ? points[i - 1] : points[0] * 2 - points[1];
            var after = i + 2 < points.Length ? points[i + 2] : points[^1] * 2 - points[^2];
            for (var k = 1; k <= Pieces; k++)
                curve.Add(CatmullRom(before, points[i], points[i + 1], after, (double)k / Pieces));
        }
        var lengths = new double[curve.Count];
        for (var k = 1; k < lengths.Length; k++)
            lengths[k] = lengths[k - 1] + curve[k - 1].DistanceTo(curve[k]);
        return (curve, lengths);
    }

    private static Point2D CatmullRom(Point2D a, Point2D b, Point2D c, Point2D d, double t) =>
        (b * 2 + (c - a) * t + (a * 2 - b * 5 + c * 4 - d) * (t * t) + (b * 3 - a - c * 3 + d) * (t * t * t)) * 0.5;

    /// <summary>
    /// The place and the direction of the curve at a length; before and behind the curve its ends go on.
    /// </summary>
    private static (Point2D Place, Point2D Tangent) At(List<Point2D> curve, double[] lengths, int piece, double at)
    {
        var (from, to) = (curve[piece], curve[piece + 1]);
        var share = (at - lengths[piece]) / (lengths[piece + 1] - lengths[piece]);
        // Directions at the ends of the piece are those of the pieces around them, so that the rows turn steadily.
        var first = curve[Math.Min(piece + 1, curve.Count - 1)] - curve[Math.Max(piece - 1, 0)];
        var last = curve[Math.Min(piece + 2, curve.Count - 1)] - curve[piece];
        var within = Math.Clamp(share, 0, 1);
        var tangent = Unit(Unit(first) * (1 - within) + Unit(last) * within);
        var beyond = share < 0 ? at - lengths[piece] : share > 1 ? at - lengths[piece + 1] : 0;
        return (from + (to - from) * within + tangent * beyond, tangent);
    }

    private static Point2D Unit(Point2D p) => p * (1 / Math.Max(p.DistanceTo(default), 1e-300));
}
