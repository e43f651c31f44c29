using System.Globalization;
using Marrow.Imaging;
using Marrow.Prediction;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>Draws the regions of a finding onto its radiograph, tinted and outlined, with their areas in a strip above.</summary>
public static class MaskOverlay
{
    private const byte Tint = 55; // of 255: what lies below stays readable

    private static readonly SKColor[] Colors =
        [new(0x4F, 0xC3, 0xF7), new(0xFF, 0xB7, 0x4D), new(0xF2, 0x8C, 0xC8), new(0x9C, 0xE2, 0x7A), new(0xFF, 0xF1, 0x76), new(0xB3, 0x9D, 0xDB)];

    /// <summary>A PNG; its size is that of a spine's overlay.</summary>
    public static byte[] Render(Radiograph radiograph, SegmentFinding finding)
    {
        using var page = new OverlayPage(radiograph, Strip(finding));
        page.Canvas.Save();
        page.Canvas.ClipRect(page.Frame);
        for (var i = 0; i < finding.Regions.Count; i++)
        {
            using var builder = new SKPathBuilder { FillType = SKPathFillType.EvenOdd };
            foreach (var outline in MaskOutline.Of(finding.Mask, finding.Width, finding.Height, (byte)(i + 1)))
            {
                for (var p = 0; p < outline.Count; p++)
                {
                    var at = page.ToPicture.Apply(outline[p]);
                    if (p == 0)
                        builder.MoveTo((float)at.X, (float)at.Y);
                    else
                        builder.LineTo((float)at.X, (float)at.Y);
                }
                builder.Close();
            }
            using var path = builder.Detach();
            using var fill = new SKPaint { Color = Colors[i % Colors.Length].WithAlpha(Tint), IsAntialias = true };
            using var halo = Line(new SKColor(0x10, 0x14, 0x1A, 150), page.Unit * 0.2f);
            using var edge = Line(Colors[i % Colors.Length], page.Unit * 0.09f);
            page.Canvas.DrawPath(path, fill);
            page.Canvas.DrawPath(path, halo);
            page.Canvas.DrawPath(path, edge);
        }
        page.Canvas.Restore();
        return page.Encode();
    }

    private static List<List<OverlayRun>> Strip(SegmentFinding finding)
    {
        var (white, grey) = (SKColors.White, new SKColor(0xA9, 0xB4, 0xC0));
        var lines = finding.Regions.Select((region, i) => new List<OverlayRun>
        {
            new(region.Class, Colors[i % Colors.Length], true),
            new(region.AreaPixels == 0 ? "  not found" : string.Create(CultureInfo.InvariantCulture, $"  {100 * region.AreaShare:F1} % of the image"), grey),
        }).ToList();
        var quality = new List<OverlayRun> { new(string.Create(CultureInfo.InvariantCulture, $"confidence {finding.Confidence:F2}"), white) };
        if (finding.Status != FindingStatus.Ok)
            quality.Add(new($"   {finding.Status.ToString().ToLowerInvariant()}", new SKColor(0xFF, 0x8A, 0x80), true));
        lines.Add(quality);
        return lines;
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
