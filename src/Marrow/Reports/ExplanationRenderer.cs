using Marrow.Findings;
using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// Draws what an answer comes from onto the radiograph: as heat which places speak for a class or raise a number, in
/// colours which vertebrae the looks of a detector disagree on.
/// </summary>
internal static class ExplanationRenderer
{
    /// <summary>The spread of a tilt, in degrees, that has the last colour.</summary>
    private const double MostSpreadDegrees = 4;

    private const double MostOpaque = 0.7; // of the strongest heat: the film stays visible below it

    /// <summary>Renders a PNG of the heat on the radiograph, as large as other overlays.</summary>
    public static byte[] Render(Radiograph radiograph, Explanation explanation) =>
        OverlayFrame.Render(radiograph, Strip(explanation), (canvas, place) =>
        {
            Heat(canvas, place, explanation.Heat);
            if (!explanation.Heat.SeesAll)
                Seen(canvas, place, explanation.Heat);
            SKPoint? ring = null;
            if (explanation.Peak is { } peak)
                ring = Ring(canvas, place, peak);
            ColorScale.Draw(canvas, place, "nothing", "strongest", ring);
        });

    /// <summary>
    /// Renders a PNG of the evidence of each vertebra on the radiograph, as large as other overlays; null when no
    /// vertebra has any.
    /// </summary>
    public static byte[]? Render(Radiograph radiograph, SpinePart spine)
    {
        if (spine.Vertebrae.All(v => v.Evidence is null))
            return null;
        StripRun[] title =
        [
            new("spread of each vertebra's tilt  ", OverlayFrame.Grey),
            new($"{spine.Vertebrae.Max(v => v.Evidence?.Views ?? 0)} views", SKColors.White, true),
        ];
        return OverlayFrame.Render(radiograph, [title], (canvas, place) =>
        {
            new SpineCanvas(canvas, place.ToPicture, place.Frame, place.Drawable, place.Unit)
                .Evidence(spine.Vertebrae, MostSpreadDegrees);
            ColorScale.Draw(canvas, place, "0°", FormattableString.Invariant($"{MostSpreadDegrees:0}° or more"));
        });
    }

    private static IReadOnlyList<IReadOnlyList<StripRun>> Strip(Explanation explanation)
    {
        var said = explanation.Of.Unit == "probability" ? "speaks for it" : "raises it";
        return
        [
            OverlayRenderer.Line(explanation.Of),
            explanation.Peak is null
                ? [new($"no place {said}", OverlayFrame.Alarm)]
                : [new($"what {said} (Grad-CAM), strongest in the ring", OverlayFrame.Grey)],
        ];
    }

    private static void Heat(SKCanvas canvas, OverlayPlace place, HeatMap heat)
    {
        var (width, height) = ((int)place.Frame.Width, (int)place.Frame.Height);
        var toOriginal = place.ToPicture.Invert();
        var colors = new SKColor[width * height];
        Parallel.For(0, height, y =>
        {
            for (var x = 0; x < width; x++)
            {
                var at = toOriginal.Apply(new Point2D(place.Frame.Left + x + 0.5, place.Frame.Top + y + 0.5));
                var here = heat.At(at);
                colors[y * width + x] = HeatColors.Of(here)
                    .WithAlpha((byte)Math.Round(byte.MaxValue * MostOpaque * here * (2 - here)));
            }
        });
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul))
        {
            Pixels = colors,
        };
        canvas.DrawBitmap(bitmap, place.Frame.Left, place.Frame.Top, SKSamplingOptions.Default);
    }

    /// <summary>Draws the edge of what the model saw.</summary>
    private static void Seen(SKCanvas canvas, OverlayPlace place, HeatMap heat)
    {
        using var builder = new SKPathBuilder();
        foreach (var (at, corner) in heat.Seen.Select(place.ToPicture.Apply).Index())
        {
            if (at == 0)
                builder.MoveTo((float)corner.X, (float)corner.Y);
            else
                builder.LineTo((float)corner.X, (float)corner.Y);
        }
        builder.Close();
        using var path = builder.Detach();
        using var line = Stroke(OverlayFrame.Grey, place.Unit * 0.08f);
        line.PathEffect = SKPathEffect.CreateDash([place.Unit * 0.4f, place.Unit * 0.3f], 0);
        canvas.DrawPath(path, line);
    }

    /// <summary>Draws a ring about a place in original pixels, and returns its centre.</summary>
    private static SKPoint Ring(SKCanvas canvas, OverlayPlace place, Point2D peak)
    {
        var at = place.ToPicture.Apply(peak);
        var center = new SKPoint((float)at.X, (float)at.Y);
        using var halo = Stroke(OverlayFrame.Ground.WithAlpha(170), place.Unit * 0.3f);
        using var line = Stroke(SKColors.White, place.Unit * 0.13f);
        canvas.DrawCircle(center, place.Unit * 0.7f, halo);
        canvas.DrawCircle(center, place.Unit * 0.7f, line);
        return center;
    }

    private static SKPaint Stroke(SKColor color, float width) => new()
    {
        Color = color,
        IsAntialias = true,
        Style = SKPaintStyle.Stroke,
        StrokeWidth = Math.Max(width, 1),
    };
}
