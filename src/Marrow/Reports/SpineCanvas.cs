using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// Draws vertebrae and angles onto a picture of a radiograph. Geometry comes in original pixels; strokes and text are
/// multiples of <paramref name="unit"/> (the text size, picture px), so that they look alike at every size.
/// </summary>
/// <param name="toPicture">The transform from original pixels to picture pixels.</param>
/// <param name="frame">The area of the radiograph in the picture.</param>
/// <param name="drawable">
/// The area in which values may be written: the frame, or a wider area around a very narrow radiograph.
/// </param>
internal sealed class SpineCanvas(SKCanvas canvas, AffineTransform toPicture, SKRect frame, SKRect drawable, float unit)
{
    // Orange, sky blue and reddish purple of Okabe and Ito (2008), lightened for a dark ground: told apart by everyone.
    public static readonly IReadOnlyList<SKColor> AngleColors =
    [
        new(0xFF, 0xB0, 0x3B),
        new(0x62, 0xC4, 0xF5),
        new(0xF2, 0x8C, 0xC8),
    ];
    public static readonly SKColor OutlineColor = new(0xC8, 0xF5, 0xD0);
    public static readonly SKColor TruthColor = new(0xFF, 0xF1, 0x76);
    public static readonly SKColor CurveColor = SKColors.White;
    private static readonly SKColor Ink = new(0x10, 0x14, 0x1A);
    // under bright lines, which burnt-out films would swallow
    private static readonly SKColor Halo = Ink.WithAlpha(150);

    private const byte FillAlpha = 150; // of 255: the body stays visible below its colour

    // Under this two lines count as parallel: they would cross far outside any picture.
    private const double ParallelDegrees = 0.5;
    private readonly LabelPlacer _labels = new(SKRect.Inflate(drawable, -unit * 0.25f, -unit * 0.25f));

    /// <summary>The rectangles, in picture pixels, where the values were written.</summary>
    public IReadOnlyList<SKRect> Labels => _labels.Placed;

    /// <summary>
    /// Draws the bodies and corners of vertebrae. Those that were filled in from their neighbours are dashed.
    /// </summary>
    public void Vertebrae(IReadOnlyList<FoundVertebra> vertebrae)
    {
        foreach (var vertebra in vertebrae)
        {
            var corners = ToPicture(vertebra.Corners);
            using var path = Outline(corners);
            using var halo = Stroke(Halo, unit * 0.22f);
            using var paint = Stroke(OutlineColor, unit * 0.1f, vertebra.Filled ? 0.35f : 0);
            canvas.DrawPath(path, halo);
            canvas.DrawPath(path, paint);
            using var dark = new SKPaint { Color = Halo, IsAntialias = true };
            using var dot = new SKPaint { Color = OutlineColor, IsAntialias = true };
            foreach (var corner in Corners(corners))
            {
                canvas.DrawCircle(corner, Math.Max(unit * 0.23f, 1.5f), dark);
                canvas.DrawCircle(corner, Math.Max(unit * 0.15f, 1), dot);
            }
            _labels.Avoid(path.Bounds);
        }
    }

    /// <summary>Draws the ground truth in a second, thinner style.</summary>
    public void Truth(IReadOnlyList<Vertebra> vertebrae)
    {
        using var paint = Stroke(TruthColor, unit * 0.06f, 0.2f);
        foreach (var vertebra in vertebrae)
        {
            using var path = Outline(ToPicture(vertebra));
            canvas.DrawPath(path, paint);
        }
    }

    /// <summary>
    /// Fills each vertebra with the colour of its tilt's spread over the views (<see cref="HeatColors"/>), and writes
    /// the spread beside it. Vertebrae that fewer than two views saw are grey; those filled in are dashed.
    /// </summary>
    /// <param name="mostDegrees">The spread that has the last colour.</param>
    public void Evidence(IReadOnlyList<FoundVertebra> vertebrae, double mostDegrees)
    {
        foreach (var vertebra in vertebrae)
        {
            var color = vertebra.Evidence?.SpreadDegrees is { } spread
                ? HeatColors.Of(spread / mostDegrees)
                : OverlayFrame.Grey;
            using var path = Outline(ToPicture(vertebra.Corners));
            using var fill = new SKPaint { Color = color.WithAlpha(FillAlpha), IsAntialias = true };
            using var halo = Stroke(Halo, unit * 0.22f);
            using var edge = Stroke(color, unit * 0.12f, vertebra.Filled ? 0.35f : 0);
            canvas.DrawPath(path, fill);
            canvas.DrawPath(path, halo);
            canvas.DrawPath(path, edge);
        }
        Names(vertebrae, v => v.Evidence?.SpreadDegrees is { } spread
            ? $"{v.Level} {NumberText.Degrees(spread)}".TrimStart()
            : v.Level);
    }

    /// <summary>Writes the names T1 to L5 beside the bodies, on the side with more room.</summary>
    public void LevelNames(IReadOnlyList<FoundVertebra> vertebrae) => Names(vertebrae, v => v.Level);

    private void Names(IReadOnlyList<FoundVertebra> vertebrae, Func<FoundVertebra, string> nameOf)
    {
        if (vertebrae.Count == 0)
            return;
        var heights = vertebrae.Select(v => Height(ToPicture(v.Corners))).Order().ToList();
        using var font = new SKFont(
            ReportFonts.SemiBold,
            (float)Math.Clamp(heights[heights.Count / 2] * 0.55, unit * 0.4, unit * 0.85));
        foreach (var (vertebra, name) in vertebrae.Select(v => (v, nameOf(v))).Where(named => named.Item2.Length > 0))
        {
            var corners = ToPicture(vertebra.Corners);
            var left = Point2D.Midpoint(corners.TopLeft, corners.BottomLeft);
            var right = Point2D.Midpoint(corners.TopRight, corners.BottomRight);
            var width = font.MeasureText(name);
            var onLeft = left.X - frame.Left > frame.Right - right.X || left.X - frame.Left > width + unit * 2;
            var x = onLeft ? left.X - unit * 0.4 - width : right.X + unit * 0.4;
            x = Math.Clamp(x, frame.Left, Math.Max(frame.Left, frame.Right - width));
            var y = (onLeft ? left.Y : right.Y) + font.Size * 0.36;
            Text(name, new SKPoint((float)x, (float)y), font, SKColors.White);
            _labels.Avoid(SKRect.Create((float)x, (float)y - font.Size, width, font.Size * 1.2f));
        }
    }

    /// <summary>
    /// The two end-plate lines of each angle, extended to where they cross or to the border of the radiograph, an arc
    /// between them, and the value with its interval. The lines run along the vertebrae's axes, so they enclose the
    /// angle as measured.
    /// </summary>
    /// <param name="intervals">Of each angle; empty where there are none.</param>
    public void Angles(
        IReadOnlyList<FoundVertebra> vertebrae, CobbMeasurement angles, IReadOnlyList<AngleInterval> intervals)
    {
        var drawn = new List<(string Value, SKColor Color, SKPoint Wanted)>();
        for (var i = 0; i < angles.Pairs.Count; i++)
        {
            var pair = angles.Pairs[i];
            var (upper, lower) = (Math.Min(pair.Upper, pair.Lower), Math.Max(pair.Upper, pair.Lower));
            if (upper < 0 || lower >= vertebrae.Count || upper == lower)
                continue; // An angle of a vertebra with itself is 0 and has nothing to show.
            var color = AngleColors[i % AngleColors.Count];
            drawn.Add(
                (
                    AngleInterval.Beside(angles.Degrees[i], intervals, i),
                    color,
                    AngleLines(ToPicture(vertebrae[upper].Corners), ToPicture(vertebrae[lower].Corners), color, i)));
        }
        foreach (var (value, color, wanted) in drawn)
            Pill(value, wanted, color);
    }

    /// <summary>
    /// For each curve the two end plates that its angle is measured between, a dot at its apex, and beside that, on the
    /// side to which it bulges, its letters and its angle.
    /// </summary>
    public void Curves(IReadOnlyList<FoundVertebra> vertebrae, IReadOnlyList<FoundCurve> curves)
    {
        foreach (var curve in curves)
        {
            var upper = ToPicture(vertebrae[curve.Shape.Ends.Upper].Corners);
            var lower = ToPicture(vertebrae[curve.Shape.Ends.Lower].Corners);
            EndPlate(upper.TopLeft, upper.TopRight);
            EndPlate(lower.BottomLeft, lower.BottomRight);
        }
        foreach (var curve in curves)
        {
            var apex = toPicture.Apply(curve.Shape.Apex.CenterOn([.. vertebrae.Select(v => v.Corners)]));
            using var dark = new SKPaint { Color = Ink, IsAntialias = true };
            using var dot = new SKPaint { Color = CurveColor, IsAntialias = true };
            canvas.DrawCircle(ToSk(apex), unit * 0.32f, dark);
            canvas.DrawCircle(ToSk(apex), unit * 0.22f, dot);
            var body = ToPicture(vertebrae[curve.Shape.Apex.Upper].Corners);
            var (side, beside) = (curve.ConvexSide == Side.Right ? 1 : -1, body.TopLeft.DistanceTo(body.TopRight) / 2);
            _labels.Write(
                canvas,
                $"{curve.RegionLetters} {NumberText.Degrees(curve.Degrees)}",
                size => ToSk(apex + new Point2D(side * (beside + unit + size.Width / 2), 0)),
                CurveColor,
                unit);
        }
    }

    private void EndPlate(Point2D left, Point2D right)
    {
        using var edge = Stroke(Ink, unit * 0.4f);
        using var line = Stroke(CurveColor, unit * 0.2f);
        canvas.DrawLine(ToSk(left), ToSk(right), edge);
        canvas.DrawLine(ToSk(left), ToSk(right), line);
    }

    /// <summary>Draws the lines of an angle, and returns the place where its value should be written.</summary>
    private SKPoint AngleLines(Vertebra upper, Vertebra lower, SKColor color, int index)
    {
        var (p, d) = (upper.UpperMidpoint, Unit(upper.Axis));
        var (q, e) = (lower.LowerMidpoint, Unit(lower.Axis));
        var cross = d.X * e.Y - d.Y * e.X;
        var parallel = Math.Abs(cross) < Math.Sin(ParallelDegrees * Math.PI / 180);
        // p + t d = q + r e
        var t = parallel ? double.PositiveInfinity : ((q.X - p.X) * e.Y - (q.Y - p.Y) * e.X) / cross;
        var r = parallel ? double.PositiveInfinity : ((q.X - p.X) * d.Y - (q.Y - p.Y) * d.X) / cross;
        var (side, sideOfLower) = (Math.Sign(t), Math.Sign(r));
        var inset = unit * (0.5f + 1.1f * index); // arcs of angles that open to one side stand beside each other
        var border = SKRect.Inflate(frame, -Math.Min(inset, frame.Width / 4), -Math.Min(unit * 0.3f, frame.Height / 4));
        var endOfUpper = Along(p, d, side, Math.Abs(t), border);
        var endOfLower = Along(q, e, sideOfLower, Math.Abs(r), border);

        Line(Along(p, d, -side, upper.TopLeft.DistanceTo(upper.TopRight) * 0.75, frame), endOfUpper, color);
        Line(
            Along(q, e, -sideOfLower, lower.BottomLeft.DistanceTo(lower.BottomRight) * 0.75, frame),
            endOfLower,
            color);

        // The arc: between the lines, bulging towards the crossing; at a crossing in sight, a little before it.
        var inSight = endOfUpper.DistanceTo(endOfLower) < unit * 0.5;
        var from = inSight ? endOfUpper - d * (side * unit * 2.2) : endOfUpper;
        var to = inSight ? endOfLower - e * (sideOfLower * unit * 2.2) : endOfLower;
        var middle = Point2D.Midpoint(from, to);
        var bulge = Math.Min(from.DistanceTo(to) * 0.06, unit);
        using var arc = new SKPathBuilder();
        arc.MoveTo(ToSk(from));
        arc.QuadTo(ToSk(middle + Unit(d + e) * (side * bulge * (inSight ? 2 : -2))), ToSk(to));
        using var thin = Stroke(color, unit * 0.08f);
        using var path = arc.Detach();
        canvas.DrawPath(path, thin);
        return ToSk(inSight ? endOfUpper + Unit(d + e) * (side * unit * 1.5) : middle);
    }

    private void Line(Point2D from, Point2D to, SKColor color)
    {
        using var halo = Stroke(Halo, unit * 0.26f);
        using var line = Stroke(color, unit * 0.13f);
        canvas.DrawLine(ToSk(from), ToSk(to), halo);
        canvas.DrawLine(ToSk(from), ToSk(to), line);
    }

    private void Pill(string text, SKPoint wanted, SKColor color)
    {
        using var font = new SKFont(ReportFonts.SemiBold, unit);
        var place = _labels.Place(new SKSize(font.MeasureText(text) + unit * 0.8f, unit * 1.5f), wanted);
        using var fill = new SKPaint { Color = Ink.WithAlpha(215), IsAntialias = true };
        using var edge = Stroke(color, unit * 0.08f);
        canvas.DrawRoundRect(place, unit * 0.4f, unit * 0.4f, fill);
        canvas.DrawRoundRect(place, unit * 0.4f, unit * 0.4f, edge);
        using var ink = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, place.MidX, place.MidY + unit * 0.36f, SKTextAlign.Center, font, ink);
    }

    private void Text(string text, SKPoint at, SKFont font, SKColor color)
    {
        using var halo = Stroke(Ink.WithAlpha(200), font.Size * 0.22f);
        using var fill = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, at, SKTextAlign.Left, font, halo);
        canvas.DrawText(text, at, SKTextAlign.Left, font, fill);
    }

    /// <summary>
    /// Returns the point at this distance along a line, or the point where the line leaves the box, if that is nearer.
    /// </summary>
    private static Point2D Along(Point2D from, Point2D direction, int side, double distance, SKRect box)
    {
        var (dx, dy) = (direction.X * side, direction.Y * side);
        var reach = distance;
        if (dx > 1e-9)
            reach = Math.Min(reach, (box.Right - from.X) / dx);
        if (dx < -1e-9)
            reach = Math.Min(reach, (box.Left - from.X) / dx);
        if (dy > 1e-9)
            reach = Math.Min(reach, (box.Bottom - from.Y) / dy);
        if (dy < -1e-9)
            reach = Math.Min(reach, (box.Top - from.Y) / dy);
        return double.IsFinite(reach) && reach > 0 ? from + new Point2D(dx, dy) * reach : from;
    }

    private SKPaint Stroke(SKColor color, float width, float dash = 0) => new()
    {
        Color = color,
        IsAntialias = true,
        Style = SKPaintStyle.Stroke,
        StrokeWidth = Math.Max(width, 1),
        StrokeJoin = SKStrokeJoin.Round,
        StrokeCap = dash > 0 ? SKStrokeCap.Butt : SKStrokeCap.Round,
        PathEffect = dash > 0 ? SKPathEffect.CreateDash([unit * dash, unit * dash * 0.8f], 0) : null,
    };

    private static SKPath Outline(Vertebra corners)
    {
        using var path = new SKPathBuilder();
        path.MoveTo(ToSk(corners.TopLeft));
        path.LineTo(ToSk(corners.TopRight));
        path.LineTo(ToSk(corners.BottomRight));
        path.LineTo(ToSk(corners.BottomLeft));
        path.Close();
        return path.Detach();
    }

    private static IEnumerable<SKPoint> Corners(Vertebra v) =>
        [ToSk(v.TopLeft), ToSk(v.TopRight), ToSk(v.BottomLeft), ToSk(v.BottomRight)];
    private static double Height(Vertebra v) => v.UpperMidpoint.DistanceTo(v.LowerMidpoint);
    private static Point2D Unit(Point2D v) => v * (1 / Math.Max(v.DistanceTo(default), 1e-9));
    private static SKPoint ToSk(Point2D p) => new((float)p.X, (float)p.Y);
    private Vertebra ToPicture(Vertebra v) => v.Transform(toPicture);
}
