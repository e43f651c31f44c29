namespace Marrow.Imaging;

/// <summary>A point in an image: x to the right, y downwards; (0, 0) is the outer corner of the first pixel.</summary>
public readonly record struct Point2D
{
    internal Point2D(double x, double y) => (X, Y) = (x, y);

    public double X { get; }

    public double Y { get; }

    public static Point2D operator +(Point2D a, Point2D b) => new(a.X + b.X, a.Y + b.Y);
    public static Point2D operator -(Point2D a, Point2D b) => new(a.X - b.X, a.Y - b.Y);
    public static Point2D operator *(Point2D a, double s) => new(a.X * s, a.Y * s);
    internal static Point2D Midpoint(Point2D a, Point2D b) => new((a.X + b.X) / 2, (a.Y + b.Y) / 2);
    internal double DistanceTo(Point2D other) =>
        Math.Sqrt((X - other.X) * (X - other.X) + (Y - other.Y) * (Y - other.Y));

    /// <summary>The mean distance from one point to the next; 0 for a single one.</summary>
    internal static double MeanDistance(IReadOnlyList<Point2D> points) =>
        points.Zip(points.Skip(1), (a, b) => a.DistanceTo(b)).DefaultIfEmpty().Average();
}

/// <summary>x' = A x + B y + C; y' = D x + E y + F. Moves an image and its geometry alike.</summary>
internal readonly record struct AffineTransform
{
    internal AffineTransform(double a, double b, double c, double d, double e, double f) =>
        (A, B, C, D, E, F) = (a, b, c, d, e, f);

    public double A { get; }

    public double B { get; }

    public double C { get; internal init; }

    public double D { get; }

    public double E { get; }

    public double F { get; internal init; }

    public static readonly AffineTransform Identity = new(1, 0, 0, 0, 1, 0);
    public static AffineTransform Scale(double x, double y) => new(x, 0, 0, 0, y, 0);
    public static AffineTransform Translate(double x, double y) => new(1, 0, x, 0, 1, y);

    /// <summary>Clockwise on the screen, as y points down.</summary>
    public static AffineTransform Rotate(double radians)
    {
        var (sin, cos) = Math.SinCos(radians);
        return new(cos, -sin, 0, sin, cos, 0);
    }

    /// <summary>The same, seen from a point that stays where it is in place of the origin.</summary>
    internal AffineTransform About(Point2D center) =>
        Translate(-center.X, -center.Y).Then(this).Then(Translate(center.X, center.Y));

    public Point2D Apply(Point2D p) => new(A * p.X + B * p.Y + C, D * p.X + E * p.Y + F);

    /// <summary>This first, then <paramref name="next"/>.</summary>
    public AffineTransform Then(AffineTransform next) => new(
        next.A * A + next.B * D, next.A * B + next.B * E, next.A * C + next.B * F + next.C,
        next.D * A + next.E * D, next.D * B + next.E * E, next.D * C + next.E * F + next.F);

    /// <summary>Throws <see cref="InvalidOperationException"/> when singular.</summary>
    public AffineTransform Invert()
    {
        var det = A * E - B * D;
        if (Math.Abs(det) < 1e-12)
            throw new InvalidOperationException("The transform is singular.");
        var (a, b, d, e) = (E / det, -B / det, -D / det, A / det);
        return new(a, b, -(a * C + b * F), d, e, -(d * C + e * F));
    }
}
