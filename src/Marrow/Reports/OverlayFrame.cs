using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>One piece of a line of text, with its colour.</summary>
internal readonly record struct StripRun(string Text, SKColor Color, bool Bold = false);

/// <summary>Describes where something is drawn on the picture of a radiograph.</summary>
/// <param name="ToPicture">The transform from original pixels to picture pixels.</param>
/// <param name="Frame">The area of the radiograph in the picture.</param>
/// <param name="Drawable">
/// The area in which values may be written: the frame, or a wider area around a very narrow radiograph.
/// </param>
/// <param name="Unit">
/// The size of the text in picture pixels. Strokes are multiples of it, so that they look alike at every size.
/// </param>
internal readonly record struct OverlayPlace(AffineTransform ToPicture, SKRect Frame, SKRect Drawable, float Unit);

/// <summary>Creates the picture of an overlay: lines of text above a radiograph on which the caller draws.</summary>
internal static class OverlayFrame
{
    private const int LongestSidePx = 1200, ReadableHeightPx = 1000;
    private const double MostEnlarged = 4; // beyond, pixels are all there is to see
    public static readonly SKColor Grey = new(0xA9, 0xB4, 0xC0),
        Alarm = new(0xFF, 0x8A, 0x80),
        Ground = new(0x10, 0x14, 0x1A);

    /// <summary>
    /// Renders a PNG of at most 1200 pixels width, with a radiograph of at most 1200 pixels height. Small radiographs
    /// are enlarged, at most four times, until text on them can be read.
    /// </summary>
    public static byte[] Render(
        Radiograph radiograph,
        IReadOnlyList<IReadOnlyList<StripRun>> strip,
        Action<SKCanvas, OverlayPlace> draw)
    {
        var scale = Math.Min(
            (double)LongestSidePx / radiograph.OriginalHeight,
            (double)LongestSidePx / radiograph.OriginalWidth);
        if (scale > 1)
            scale = Math.Min(
                Math.Min(scale, MostEnlarged),
                Math.Max(1, (double)ReadableHeightPx / radiograph.OriginalHeight));
        var width = Math.Max(1, (int)Math.Round(radiograph.OriginalWidth * scale));
        var height = Math.Max(1, (int)Math.Round(radiograph.OriginalHeight * scale));
        var unit = (float)Math.Clamp(Math.Max(height, width) * 0.017, 15, 26);

        var canvasWidth = Math.Max(width, (int)(unit * 18));
        var stripHeight = (int)Math.Ceiling(unit * (0.9 + 1.45 * strip.Count));
        using var surface = SKSurface.Create(
            new SKImageInfo(canvasWidth, stripHeight + height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var canvas = surface.Canvas;
        canvas.Clear(Ground);

        var frame = SKRect.Create((canvasWidth - width) / 2, stripHeight, width, height);
        using (var picture = RadiographPicture.Render(radiograph, width, height))
            canvas.DrawBitmap(picture, frame.Left, frame.Top, SKSamplingOptions.Default);
        var toPicture = AffineTransform
            .Scale((double)width / radiograph.OriginalWidth, (double)height / radiograph.OriginalHeight)
            .Then(AffineTransform.Translate(frame.Left, frame.Top));
        canvas.Save();
        var drawable = SKRect.Create(0, stripHeight, canvasWidth, height);
        canvas.ClipRect(drawable);
        draw(canvas, new(toPicture, frame, drawable, unit));
        canvas.Restore();

        DrawStrip(canvas, strip, canvasWidth, unit);
        return Png.Encode(surface);
    }

    private static void DrawStrip(SKCanvas canvas, IReadOnlyList<IReadOnlyList<StripRun>> lines, int width, float unit)
    {
        var baseline = unit * 1.5f;
        foreach (var line in lines)
        {
            // A line that is too long for a narrow radiograph is set smaller.
            var size = unit;
            var needed = line.Sum(run => Measure(run, size));
            if (needed > width - unit)
                size *= (width - unit) / needed;
            var x = unit * 0.5f;
            foreach (var run in line)
            {
                using var font = new SKFont(run.Bold ? ReportFonts.SemiBold : ReportFonts.Regular, size);
                using var paint = new SKPaint { Color = run.Color, IsAntialias = true };
                canvas.DrawText(run.Text, x, baseline, SKTextAlign.Left, font, paint);
                x += font.MeasureText(run.Text);
            }
            baseline += unit * 1.45f;
        }

        static float Measure(StripRun run, float size)
        {
            using var font = new SKFont(run.Bold ? ReportFonts.SemiBold : ReportFonts.Regular, size);
            return font.MeasureText(run.Text);
        }
    }
}
