using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>Draws regions onto the picture of a radiograph, tinted and outlined, and boxes.</summary>
internal static class RegionCanvas
{
    private const byte Tint = 55; // of 255: what lies below stays readable

    private static readonly SKColor[] Colors =
    [
        new(0x4F, 0xC3, 0xF7),
        new(0xFF, 0xB7, 0x4D),
        new(0xF2, 0x8C, 0xC8),
        new(0x9C, 0xE2, 0x7A),
        new(0xFF, 0xF1, 0x76),
        new(0xB3, 0x9D, 0xDB),
    ];

    public static SKColor ColorOf(int place) => Colors[place % Colors.Length];

    /// <param name="width">The width of the mask in pixels.</param>
    public static void Draw(SKCanvas canvas, OverlayPlace place, RegionsPart regions, int width, int height)
    {
        if (regions.Mask.Length == 0)
            return;
        canvas.ClipRect(place.Frame);
        for (var i = 0; i < regions.Regions.Count; i++)
        {
            var color = ColorOf(i);
            using var path = Outline(regions, width, height, (byte)(i + 1), place.ToPicture);
            using var fill = new SKPaint { Color = color.WithAlpha(Tint), IsAntialias = true };
            using var halo = Line(OverlayFrame.Ground.WithAlpha(150), place.Unit * 0.2f);
            using var edge = Line(color, place.Unit * 0.09f);
            canvas.DrawPath(path, fill);
            canvas.DrawPath(path, halo);
            canvas.DrawPath(path, edge);
        }
    }

    /// <summary>Draws a frame for each box, with its class and score beside it.</summary>
    public static void Draw(SKCanvas canvas, OverlayPlace place, BoxesPart boxes)
    {
        var labels = LabelPlacer.On(place);
        var classes = boxes.Boxes.Select(box => box.Class).Distinct().ToList();
        foreach (var box in boxes.Boxes)
        {
            var color = ColorOf(classes.IndexOf(box.Class));
            var frame = Frame(canvas, place, color, box.Left, box.Top, box.Right, box.Bottom);
            var text = FormattableString.Invariant($"{box.Class} {box.Score:F2}");
            labels.Write(canvas, text, size => new(frame.MidX, frame.Top - size.Height * 0.6f), color, place.Unit);
        }
    }

    /// <summary>Draws a frame in the colour of its class for each labelled box.</summary>
    public static void Draw(SKCanvas canvas, OverlayPlace place, IReadOnlyList<LabelledBox> boxes)
    {
        foreach (var box in boxes)
            Frame(canvas, place, ColorOf(box.Class), box.Left, box.Top, box.Right, box.Bottom);
    }

    private static SKRect Frame(
        SKCanvas canvas,
        OverlayPlace place,
        SKColor color,
        double left,
        double top,
        double right,
        double bottom)
    {
        var (first, last) = (
            place.ToPicture.Apply(new Point2D(left, top)),
            place.ToPicture.Apply(new Point2D(right, bottom)));
        var frame = new SKRect((float)first.X, (float)first.Y, (float)last.X, (float)last.Y);
        using var halo = Line(OverlayFrame.Ground.WithAlpha(150), place.Unit * 0.22f);
        using var edge = Line(color, place.Unit * 0.11f);
        canvas.DrawRect(frame, halo);
        canvas.DrawRect(frame, edge);
        return frame;
    }

    private static SKPath Outline(RegionsPart regions, int width, int height, byte value, AffineTransform toPicture)
    {
        using var builder = new SKPathBuilder { FillType = SKPathFillType.EvenOdd };
        foreach (var outline in MaskOutline.Of(regions.Mask, width, height, value))
        {
            for (var p = 0; p < outline.Count; p++)
            {
                var at = toPicture.Apply(outline[p]);
                if (p == 0)
                    builder.MoveTo((float)at.X, (float)at.Y);
                else
                    builder.LineTo((float)at.X, (float)at.Y);
            }
            builder.Close();
        }
        return builder.Detach();
    }

    private static SKPaint Line(SKColor color, float width) => new()
    {
        Color = color,
        IsAntialias = true,
        Style = SKPaintStyle.Stroke,
        StrokeWidth = Math.Max(width, 1),
        StrokeJoin = SKStrokeJoin.Round,
    };
}
