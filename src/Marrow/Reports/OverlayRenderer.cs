using System.Globalization;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Spine;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>The labels of a radiograph, to be drawn beside what was found. Original pixels, degrees.</summary>
public sealed record SpineTruth(IReadOnlyList<Vertebra> Vertebrae, IReadOnlyList<double> CobbDegrees);

/// <summary>
/// Draws a finding onto its radiograph: a strip with the angles, severity and confidence above; vertebrae, their
/// levels and the end-plate lines of each angle on the picture.
/// </summary>
public static class OverlayRenderer
{
    private const int LongestSidePx = 1600, ReadableHeightPx = 1000;

    /// <summary>
    /// A PNG, at most 1600 px wide and its radiograph at most 1600 px high; small radiographs are enlarged until text
    /// on them is readable.
    /// </summary>
    public static byte[] Render(Radiograph radiograph, SpineFinding finding, SpineTruth? truth = null)
    {
        var scale = Math.Min((double)LongestSidePx / radiograph.OriginalHeight, (double)LongestSidePx / radiograph.OriginalWidth);
        if (scale > 1)
            scale = Math.Min(scale, Math.Max(1, (double)ReadableHeightPx / radiograph.OriginalHeight));
        var width = Math.Max(1, (int)Math.Round(radiograph.OriginalWidth * scale));
        var height = Math.Max(1, (int)Math.Round(radiograph.OriginalHeight * scale));
        var unit = (float)Math.Clamp(Math.Max(height, width) * 0.017, 15, 26);

        var strip = Strip(finding, truth);
        var canvasWidth = Math.Max(width, (int)(unit * 18));
        var stripHeight = (int)Math.Ceiling(unit * (0.9 + 1.45 * strip.Count));
        using var surface = SKSurface.Create(new SKImageInfo(canvasWidth, stripHeight + height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var canvas = surface.Canvas;
        canvas.Clear(new SKColor(0x10, 0x14, 0x1A));

        var frame = SKRect.Create((canvasWidth - width) / 2, stripHeight, width, height);
        using (var picture = RadiographPicture.Render(radiograph, width, height))
            canvas.DrawBitmap(picture, frame.Left, frame.Top, SKSamplingOptions.Default);
        var toPicture = AffineTransform.Scale((double)width / radiograph.OriginalWidth, (double)height / radiograph.OriginalHeight)
            .Then(AffineTransform.Translate(frame.Left, frame.Top));
        canvas.Save();
        var drawable = SKRect.Create(0, stripHeight, canvasWidth, height);
        canvas.ClipRect(drawable);
        var spine = new SpineCanvas(canvas, toPicture, frame, drawable, unit);
        spine.Vertebrae(finding.Vertebrae);
        if (truth is not null)
            spine.Truth(truth.Vertebrae);
        spine.LevelNames(finding.Vertebrae);
        if (finding.LandmarkAngles is { } angles)
            spine.Angles(finding.Vertebrae, angles);
        canvas.Restore();

        DrawStrip(canvas, strip, canvasWidth, unit);
        return Png.Encode(surface);
    }

    private readonly record struct Run(string Text, SKColor Color, bool Bold = false);

    /// <summary>The lines above the picture.</summary>
    private static List<List<Run>> Strip(SpineFinding finding, SpineTruth? truth)
    {
        var (white, grey) = (SKColors.White, new SKColor(0xA9, 0xB4, 0xC0));
        var lines = new List<List<Run>>();
        var angles = new List<Run> { new("Cobb", grey) };
        for (var i = 0; i < finding.CobbDegrees.Count; i++)
            angles.Add(new($"  {Degrees(finding.CobbDegrees[i])}", SpineCanvas.AngleColors[i % SpineCanvas.AngleColors.Count], true));
        if (finding.CobbDegrees.Count == 0)
            angles.Add(new("  not measured", grey));
        if (finding.Severity is { } severity)
            angles.Add(new($"   {(severity == CurveSeverity.None ? "no scoliosis" : severity.ToString().ToLowerInvariant())}", white, true));
        lines.Add(angles);

        var quality = new List<Run>
        {
            new($"confidence {finding.Confidence.ToString("F2", CultureInfo.InvariantCulture)}", white),
            new($"   {finding.Vertebrae.Count} vertebrae", grey),
        };
        if (finding.Status != FindingStatus.Ok)
            quality.Add(new($"   {finding.Status.ToString().ToLowerInvariant()}", new SKColor(0xFF, 0x8A, 0x80), true));
        lines.Add(quality);
        // The angles above are expected ones, mixed with a regressor's; the lines on the picture show those of the corners.
        if (finding is { LandmarkAngles: { } corners })
        {
            var regressor = finding.RegressorDegrees.Count == 0 ? "" : $"   regressor  {string.Join("  ", finding.RegressorDegrees.Select(Degrees))}";
            lines.Add([new($"corners  {string.Join("  ", corners.Degrees.Select(Degrees))}{regressor}", grey)]);
        }
        if (truth is { CobbDegrees.Count: > 0 })
            lines.Add([new($"labelled  {string.Join("  ", truth.CobbDegrees.Select(Degrees))}", SpineCanvas.TruthColor)]);
        return lines;
    }

    private static void DrawStrip(SKCanvas canvas, List<List<Run>> lines, int width, float unit)
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

        static float Measure(Run run, float size)
        {
            using var font = new SKFont(run.Bold ? ReportFonts.SemiBold : ReportFonts.Regular, size);
            return font.MeasureText(run.Text);
        }
    }

    private static string Degrees(double value) => $"{value.ToString("F1", CultureInfo.InvariantCulture)}°";
}
