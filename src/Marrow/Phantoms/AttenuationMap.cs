namespace Marrow.Phantoms;

/// <summary>
/// A point of a tube's middle line, mm; its half-width, mm; how much longer than its width the beam's way through it
/// is.
/// </summary>
internal readonly record struct TubePoint(double X, double Y, double RadiusMm, double Stretch = 1);

/// <summary>
/// The line integrals of attenuation behind each pixel: the sum of mu (1/mm) times thickness (mm) over everything the
/// beam passes. Structures are given in the patient's millimetres and added with edges as soft as a pixel, so that a
/// small image shows the same anatomy as a large one.
/// </summary>
internal sealed class AttenuationMap
{
    private readonly float[] _scratch;

    public AttenuationMap(int width, int height, double mmPerPixel, double leftMm, double topMm)
    {
        (Width, Height, MmPerPixel, LeftMm, TopMm) = (width, height, mmPerPixel, leftMm, topMm);
        Values = new float[width * height];
        _scratch = new float[width * height];
    }

    public int Width { get; }
    public int Height { get; }
    public double MmPerPixel { get; }
    public double LeftMm { get; }
    public double TopMm { get; }

    /// <summary>[Height * Width], dimensionless; 0 is air.</summary>
    public float[] Values { get; }

    public double XMm(int column) => LeftMm + (column + 0.5) * MmPerPixel;
    public double YMm(int row) => TopMm + (row + 0.5) * MmPerPixel;

    /// <summary>Pixels whose centres lie in the box, as half-open ranges; empty when outside the image.</summary>
    public (int Left, int Top, int Right, int Bottom) Box(
        double leftMm,
        double topMm,
        double rightMm,
        double bottomMm
    ) =>
        (
            Math.Clamp((int)Math.Floor((leftMm - LeftMm) / MmPerPixel), 0, Width),
            Math.Clamp((int)Math.Floor((topMm - TopMm) / MmPerPixel), 0, Height),
            Math.Clamp((int)Math.Ceiling((rightMm - LeftMm) / MmPerPixel), 0, Width),
            Math.Clamp((int)Math.Ceiling((bottomMm - TopMm) / MmPerPixel), 0, Height));

    /// <summary>Adds a function of the position (mm) inside a box.</summary>
    public void Add(
        double leftMm,
        double topMm,
        double rightMm,
        double bottomMm,
        Func<double, double, double> attenuation)
    {
        var (left, top, right, bottom) = Box(leftMm, topMm, rightMm, bottomMm);
        for (var row = top; row < bottom; row++)
        {
            var y = YMm(row);
            for (var column = left; column < right; column++)
                Values[row * Width + column] += (float)attenuation(XMm(column), y);
        }
    }

    /// <summary>
    /// An ellipsoid that attenuates by <paramref name="peak"/> in its middle; negative peaks are holes. Power 1 is
    /// solid, 2 and more fade.
    /// </summary>
    public void AddEllipse(
        double x,
        double y,
        double radiusXMm,
        double radiusYMm,
        double tiltRadians,
        double peak,
        int power = 1)
    {
        var (sin, cos) = PhantomMath.SinCos(tiltRadians);
        var reach = Math.Max(radiusXMm, radiusYMm);
        Add(x - reach, y - reach, x + reach, y + reach, (px, py) =>
        {
            var (dx, dy) = (px - x, py - y);
            var (u, v) = ((dx * cos + dy * sin) / radiusXMm, (dy * cos - dx * sin) / radiusYMm);
            var q = 1 - u * u - v * v;
            if (q <= 0)
                return 0;
            return peak * (power == 1 ? Math.Sqrt(q) : power == 2 ? q : q * q);
        });
    }

    /// <summary>An oval with a dense rim: a pedicle or a process seen along its axis.</summary>
    public void AddRing(
        double x,
        double y,
        double radiusXMm,
        double radiusYMm,
        double tiltRadians,
        double rimMm,
        double rimPeak,
        double fill)
    {
        var (sin, cos) = PhantomMath.SinCos(tiltRadians);
        var (rim, peak) = Widen(rimMm, rimPeak);
        var reach = Math.Max(radiusXMm, radiusYMm) + rim;
        var mean = Math.Sqrt(radiusXMm * radiusYMm);
        Add(x - reach, y - reach, x + reach, y + reach, (px, py) =>
        {
            var (dx, dy) = (px - x, py - y);
            var (u, v) = ((dx * cos + dy * sin) / radiusXMm, (dy * cos - dx * sin) / radiusYMm);
            var inside = (1 - Math.Sqrt(u * u + v * v)) * mean; // about the distance from the edge, mm
            return peak * PhantomMath.Bump(inside / rim - 0.5) + fill * PhantomMath.SmoothStep(-rim * 0.5, rim, inside);
        });
    }

    /// <summary>
    /// A tube along a line: solid when <paramref name="wallMm"/> is 0, else with a cortical wall around a core of
    /// <paramref name="coreMu"/>. Where parts of one tube cross, the stronger one counts. A solid tube may take away.
    /// </summary>
    public void AddTube(ReadOnlySpan<TubePoint> line, double wallMm, double wallMu, double coreMu = 0)
    {
        var (boxLeft, boxTop, boxRight, boxBottom) = (Width, Height, 0, 0);
        var least = MmPerPixel * 0.75;
        for (var i = 1; i < line.Length; i++)
        {
            var (a, b) = (line[i - 1], line[i]);
            var reach = Math.Max(Math.Max(a.RadiusMm, b.RadiusMm), least);
            var (left, top, right, bottom) = Box(Math.Min(a.X, b.X) - reach, Math.Min(a.Y, b.Y) - reach,
                Math.Max(a.X, b.X) + reach, Math.Max(a.Y, b.Y) + reach);
            if (left >= right || top >= bottom)
                continue;
            (boxLeft, boxTop) = (Math.Min(boxLeft, left), Math.Min(boxTop, top));
            (boxRight, boxBottom) = (Math.Max(boxRight, right), Math.Max(boxBottom, bottom));
            var (dx, dy) = (b.X - a.X, b.Y - a.Y);
            var inverse = 1 / Math.Max(dx * dx + dy * dy, 1e-12);
            for (var row = top; row < bottom; row++)
            {
                var py = YMm(row) - a.Y;
                for (var column = left; column < right; column++)
                {
                    var px = XMm(column) - a.X;
                    var t = Math.Clamp((px * dx + py * dy) * inverse, 0, 1);
                    var (ex, ey) = (px - t * dx, py - t * dy);
                    var radius = a.RadiusMm + t * (b.RadiusMm - a.RadiusMm);
                    var drawn = Math.Max(radius, least); // a tube thinner than a pixel is drawn wider and fainter
                    var distance2 = (ex * ex + ey * ey) / (drawn * drawn);
                    if (distance2 >= 1)
                        continue;
                    var outer = 2 * radius * Math.Sqrt(1 - distance2);
                    var core = Math.Max(0, 1 - wallMm / drawn);
                    var inner =
                        wallMm <= 0 || distance2 >= core * core ? 0 : 2 * radius * Math.Sqrt(core * core - distance2);
                    var value =
                        (wallMu * (outer - inner) + coreMu * inner)
                        * (radius / drawn)
                        * (a.Stretch + t * (b.Stretch - a.Stretch));
                    ref var cell = ref _scratch[row * Width + column];
                    cell = value < 0 ? Math.Min(cell, (float)value) : Math.Max(cell, (float)value);
                }
            }
        }
        for (var row = boxTop; row < boxBottom; row++)
        {
            for (var i = row * Width + boxLeft; i < row * Width + boxRight; i++)
            {
                Values[i] += _scratch[i];
                _scratch[i] = 0;
            }
        }
    }

    /// <summary>A line no thinner than a pixel shows, with its peak lowered by as much.</summary>
    public (double WidthMm, double Peak) Widen(double widthMm, double peak)
    {
        var drawn = Math.Max(widthMm, 1.1 * MmPerPixel);
        return (drawn, peak * widthMm / drawn);
    }
}
