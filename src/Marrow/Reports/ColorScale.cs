using SkiaSharp;

namespace Marrow.Reports;

/// <summary>Draws the scale of <see cref="HeatColors"/> onto a picture: what its ends mean.</summary>
internal static class ColorScale
{
    /// <summary>Draws it into the lower left corner, or into the upper one where it would hide a place.</summary>
    /// <param name="low">What the first colour means.</param>
    /// <param name="high">What the last colour means.</param>
    /// <param name="spared">The place that it had better not hide, in picture pixels; null for none.</param>
    public static void Draw(SKCanvas canvas, OverlayPlace place, string low, string high, SKPoint? spared = null)
    {
        var (unit, area) = (place.Unit, place.Drawable);
        using var font = new SKFont(ReportFonts.Regular, unit * 0.8f);
        var (before, behind) = (font.MeasureText(low), font.MeasureText(high));
        var length = Math.Clamp(area.Width - before - behind - unit * 3, unit * 2, unit * 8);
        var box = SKRect.Create(
            area.Left + unit * 0.5f, area.Bottom - unit * 2, before + behind + length + unit * 1.8f, unit * 1.5f);
        if (spared is { } point && SKRect.Inflate(box, unit, unit).Contains(point))
            box.Offset(0, area.Top + unit * 0.5f - box.Top);
        using var ground = new SKPaint { Color = OverlayFrame.Ground.WithAlpha(215), IsAntialias = true };
        canvas.DrawRoundRect(box, unit * 0.4f, unit * 0.4f, ground);

        using var ink = new SKPaint { Color = SKColors.White, IsAntialias = true };
        var (baseline, left) = (box.MidY + unit * 0.28f, box.Left + unit * 0.5f);
        canvas.DrawText(low, left, baseline, SKTextAlign.Left, font, ink);
        var bar = SKRect.Create(left + before + unit * 0.4f, box.MidY - unit * 0.3f, length, unit * 0.6f);
        using var shader = SKShader.CreateLinearGradient(
            new(bar.Left, 0), new(bar.Right, 0), [.. HeatColors.All], SKShaderTileMode.Clamp);
        using var colors = new SKPaint { Shader = shader };
        canvas.DrawRect(bar, colors);
        canvas.DrawText(high, bar.Right + unit * 0.4f, baseline, SKTextAlign.Left, font, ink);
    }
}
