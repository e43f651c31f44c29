using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// Draws named points onto the picture of a radiograph, each as a ring around a dot with the name beside it.
/// </summary>
internal static class PointCanvas
{
    // Of Okabe and Ito (2008), lightened for a dark ground, in turn: neighbours are told apart by everyone.
    private static readonly SKColor[] Colors =
    [
        new(0xFF, 0xB0, 0x3B),
        new(0x62, 0xC4, 0xF5),
        new(0xF2, 0x8C, 0xC8),
        new(0xC8, 0xF5, 0xD0),
        new(0xFF, 0xF1, 0x76),
    ];

    public static SKColor ColorOf(int point) => Colors[point % Colors.Length];

    /// <summary>Draws points at places in original pixels. Those that are NaN are left out.</summary>
    /// <param name="names">The names of the points; null to write none.</param>
    public static void Draw(
        SKCanvas canvas,
        OverlayPlace place,
        IReadOnlyList<Point2D> points,
        IReadOnlyList<string>? names)
    {
        var labels = LabelPlacer.On(place);
        var at = points
            .Select(p => place.ToPicture.Apply(p))
            .Select(p => new SKPoint((float)p.X, (float)p.Y))
            .ToArray();
        var radius = Math.Max(place.Unit * 0.4f, 2.5f);
        using var halo = new SKPaint
        {
            Color = OverlayFrame.Ground.WithAlpha(170),
            IsAntialias = true,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = radius * 0.8f,
        };
        for (var k = 0; k < at.Length; k++)
        {
            if (float.IsNaN(at[k].X))
                continue;
            using var ring = new SKPaint
            {
                Color = ColorOf(k),
                IsAntialias = true,
                Style = SKPaintStyle.Stroke,
                StrokeWidth = Math.Max(radius * 0.4f, 1),
            };
            using var dot = new SKPaint { Color = ColorOf(k), IsAntialias = true };
            canvas.DrawCircle(at[k], radius, halo);
            canvas.DrawCircle(at[k], radius, ring);
            canvas.DrawCircle(at[k], Math.Max(radius * 0.25f, 1), dot);
            labels.Avoid(SKRect.Create(at[k].X - radius, at[k].Y - radius, 2 * radius, 2 * radius));
        }
        if (names is null)
            return;
        for (var k = 0; k < at.Length; k++)
        {
            if (!float.IsNaN(at[k].X))
                labels.Write(
                    canvas,
                    names[k],
                    size => new(at[k].X + radius * 1.6f + size.Width / 2, at[k].Y),
                    ColorOf(k),
                    place.Unit);
        }
    }
}
