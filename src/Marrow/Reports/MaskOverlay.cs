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
    public static byte[] Render(Radiograph radiograph, SegmentFinding finding) => OverlayFrame.Render(radiograph, Strip(finding), (canvas, place) =>
    {
        canvas.ClipRect(place.Frame);
        for (var i = 0; i < finding.Regions.Count; i++)
        {
            var color = Colors[i % Colors.Length];
            using var path = Outline(finding, (byte)(i + 1), place.ToPicture);
            using var fill = new SKPaint { Color = color.WithAlpha(Tint), IsAntialias = true };
            using var halo = Line(OverlayFrame.Ground.WithAlpha(150), place.Unit * 0.2f);
            using var edge = Line(color, place.Unit * 0.09f);
            canvas.DrawPath(path, fill);
            canvas.DrawPath(path, halo);
            canvas.DrawPath(path, edge);
        }
    });

    private static SKPath Outline(SegmentFinding finding, byte value, AffineTransform toPicture)
    {
        using var builder = new SKPathBuilder { FillType = SKPathFillType.EvenOdd };
        foreach (var outline in MaskOutline.Of(finding.Mask, finding.Width, finding.Height, value))
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

    private static List<List<StripRun>> Strip(SegmentFinding finding)
    {
        var lines = finding.Regions.Select((region, i) => new List<StripRun>
        {
            new(region.Class, Colors[i % Colors.Length], true),
            new(region.AreaPixels == 0 ? "  not found" : string.Create(CultureInfo.InvariantCulture, $"  {100 * region.AreaShare:F1} % of the image"), OverlayFrame.Grey),
        }).ToList();
        var quality = new List<StripRun> { new(string.Create(CultureInfo.InvariantCulture, $"confidence {finding.Confidence:F2}"), SKColors.White) };
        if (finding.Status != FindingStatus.Ok)
            quality.Add(new($"   {finding.Status.ToString().ToLowerInvariant()}", OverlayFrame.Alarm, true));
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
