using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// Puts labels where they overlap no label placed before and lie inside the picture: the free place nearest to the
/// wanted one, found on a grid of half a label's height. Things that a label had better not hide are avoided while
/// there is room elsewhere.
/// </summary>
internal sealed class LabelPlacer(SKRect bounds)
{
    private readonly List<SKRect> _placed = [];
    private readonly List<SKRect> _avoided = [];

    public IReadOnlyList<SKRect> Placed => _placed;

    public void Avoid(SKRect area) => _avoided.Add(area);

    /// <summary>
    /// Returns a free place for a label of this size, with its centre near <paramref name="wanted"/>.
    /// </summary>
    public SKRect Place(SKSize size, SKPoint wanted)
    {
        var step = size.Height / 2;
        var horizontal = Candidates(wanted.X, bounds.Left + size.Width / 2, bounds.Right - size.Width / 2, step);
        var vertical = Candidates(wanted.Y, bounds.Top + size.Height / 2, bounds.Bottom - size.Height / 2, step);
        var best = default(SKRect);
        var lowestCost = double.MaxValue;
        foreach (var y in vertical)
        {
            foreach (var x in horizontal)
            {
                var candidate = SKRect.Create(x - size.Width / 2, y - size.Height / 2, size.Width, size.Height);
                // Any overlap with a label costs more than the longest way; a hidden outline a few steps.
                var cost = Math.Sqrt((x - wanted.X) * (x - wanted.X) + (y - wanted.Y) * (y - wanted.Y))
                    + 1e3 * Overlap(candidate, _placed) + 8.0 / step * Overlap(candidate, _avoided);
                if (cost < lowestCost)
                    (best, lowestCost) = (candidate, cost);
            }
        }
        _placed.Add(best);
        return best;
    }

    /// <summary>Creates a placer whose labels stay inside the drawable area of an overlay.</summary>
    public static LabelPlacer On(OverlayPlace place) =>
        new(SKRect.Inflate(place.Drawable, -place.Unit * 0.25f, -place.Unit * 0.25f));

    /// <summary>Writes a label with a dark edge, so that it can be read on any film.</summary>
    /// <param name="wanted">Returns the wanted centre of a label of the given size.</param>
    /// <param name="unit">The size of the text; see <see cref="OverlayPlace"/>.</param>
    public void Write(SKCanvas canvas, string text, Func<SKSize, SKPoint> wanted, SKColor color, float unit)
    {
        using var font = new SKFont(ReportFonts.SemiBold, unit * 0.85f);
        var size = new SKSize(font.MeasureText(text) + unit * 0.4f, font.Size * 1.3f);
        var box = Place(size, wanted(size));
        using var edge = new SKPaint
        {
            Color = OverlayFrame.Ground.WithAlpha(200),
            IsAntialias = true,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = font.Size * 0.22f,
            StrokeJoin = SKStrokeJoin.Round,
        };
        using var ink = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, box.MidX, box.MidY + font.Size * 0.36f, SKTextAlign.Center, font, edge);
        canvas.DrawText(text, box.MidX, box.MidY + font.Size * 0.36f, SKTextAlign.Center, font, ink);
    }

    private static List<float> Candidates(float wanted, float low, float high, float step)
    {
        if (low >= high)
            return [(low + high) / 2];
        wanted = Math.Clamp(wanted, low, high);
        var values = new List<float> { wanted };
        for (var offset = step; wanted - offset >= low || wanted + offset <= high; offset += step)
        {
            if (wanted - offset >= low)
                values.Add(wanted - offset);
            if (wanted + offset <= high)
                values.Add(wanted + offset);
        }
        return values;
    }

    private static double Overlap(SKRect label, List<SKRect> others)
    {
        double area = 0;
        foreach (var other in others)
        {
            var both = SKRect.Intersect(label, other);
            if (both.Width > 0 && both.Height > 0)
                area += both.Width * both.Height;
        }
        return area;
    }
}
