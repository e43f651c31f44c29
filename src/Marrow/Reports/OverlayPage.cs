using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>Words of one colour on a line above an overlay.</summary>
internal readonly record struct OverlayRun(string Text, SKColor Color, bool Bold = false);

/// <summary>
/// What all overlays share: a strip of text, the radiograph below it, and where on it things are drawn. At most 1600 px
/// wide and the radiograph at most 1600 px high; small radiographs are enlarged until text on them is readable.
/// </summary>
internal sealed class OverlayPage : IDisposable
{
    private const int LongestSidePx = 1600, ReadableHeightPx = 1000;

    private readonly SKSurface _surface;

    public OverlayPage(Radiograph radiograph, IReadOnlyList<IReadOnlyList<OverlayRun>> strip)
    {
        var scale = Math.Min((double)LongestSidePx / radiograph.OriginalHeight, (double)LongestSidePx / radiograph.OriginalWidth);
        if (scale > 1)
            scale = Math.Min(scale, Math.Max(1, (double)ReadableHeightPx / radiograph.OriginalHeight));
        var width = Math.Max(1, (int)Math.Round(radiograph.OriginalWidth * scale));
        var height = Math.Max(1, (int)Math.Round(radiograph.OriginalHeight * scale));
        Unit = (float)Math.Clamp(Math.Max(height, width) * 0.017, 15, 26);
        var canvasWidth = Math.Max(width, (int)(Unit * 18));
        var stripHeight = (int)Math.Ceiling(Unit * (0.9 + 1.45 * strip.Count));
        _surface = SKSurface.Create(new SKImageInfo(canvasWidth, stripHeight + height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Canvas.Clear(new SKColor(0x10, 0x14, 0x1A));
        Frame = SKRect.Create((canvasWidth - width) / 2, stripHeight, width, height);
        Drawable = SKRect.Create(0, stripHeight, canvasWidth, height);
        ToPicture = AffineTransform.Scale((double)width / radiograph.OriginalWidth, (double)height / radiograph.OriginalHeight)
            .Then(AffineTransform.Translate(Frame.Left, Frame.Top));
        using (var picture = RadiographPicture.Render(radiograph, width, height))
            Canvas.DrawBitmap(picture, Frame.Left, Frame.Top, SKSamplingOptions.Default);
        DrawStrip(Canvas, strip, canvasWidth, Unit);
    }

    public SKCanvas Canvas => _surface.Canvas;

    /// <summary>Height of the text, px; lines are drawn in shares of it.</summary>
    public float Unit { get; }

    /// <summary>Where the radiograph is.</summary>
    public SKRect Frame { get; }

    /// <summary>All below the strip, beside a narrow radiograph too.</summary>
    public SKRect Drawable { get; }

    /// <summary>Original pixels to the picture's.</summary>
    public AffineTransform ToPicture { get; }

    public byte[] Encode() => Png.Encode(_surface);

    public void Dispose() => _surface.Dispose();

    private static void DrawStrip(SKCanvas canvas, IReadOnlyList<IReadOnlyList<OverlayRun>> lines, int width, float unit)
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

        static float Measure(OverlayRun run, float size)
        {
            using var font = new SKFont(run.Bold ? ReportFonts.SemiBold : ReportFonts.Regular, size);
            return font.MeasureText(run.Text);
        }
    }
}
