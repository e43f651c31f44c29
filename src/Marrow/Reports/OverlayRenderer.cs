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
    /// <summary>
    /// A PNG, at most 1200 px wide and its radiograph at most 1200 px high; small radiographs are enlarged, four times at
    /// most, until text on them is readable.
    /// </summary>
    public static byte[] Render(Radiograph radiograph, SpineFinding finding, SpineTruth? truth = null) =>
        OverlayFrame.Render(radiograph, Strip(finding, truth), (canvas, place) =>
        {
            var spine = new SpineCanvas(canvas, place.ToPicture, place.Frame, place.Drawable, place.Unit);
            spine.Vertebrae(finding.Vertebrae);
            if (truth is not null)
                spine.Truth(truth.Vertebrae);
            spine.LevelNames(finding.Vertebrae);
            if (finding.LandmarkAngles is { } angles)
                spine.Angles(finding.Vertebrae, angles);
        });

    /// <summary>The lines above the picture.</summary>
    private static List<List<StripRun>> Strip(SpineFinding finding, SpineTruth? truth)
    {
        var (white, grey) = (SKColors.White, OverlayFrame.Grey);
        var lines = new List<List<StripRun>>();
        var angles = new List<StripRun> { new("Cobb", grey) };
        for (var i = 0; i < finding.CobbDegrees.Count; i++)
            angles.Add(new($"  {Degrees(finding.CobbDegrees[i])}", SpineCanvas.AngleColors[i % SpineCanvas.AngleColors.Count], true));
        if (finding.CobbDegrees.Count == 0)
            angles.Add(new(finding.Status == FindingStatus.Failed ? "  not measured: no whole spine was found" : "  not measured", grey));
        if (finding.Severity is { } severity)
            angles.Add(new($"   {(severity == CurveSeverity.None ? "no scoliosis" : severity.ToString().ToLowerInvariant())}", white, true));
        lines.Add(angles);

        var quality = new List<StripRun>
        {
            new($"confidence {finding.Confidence.ToString("F2", CultureInfo.InvariantCulture)}", white),
            new($"   {finding.Vertebrae.Count} {(finding.CobbDegrees.Count == 0 && finding.Vertebrae.Count > 0 ? "places taken for vertebrae" : "vertebrae")}", grey),
        };
        if (finding.Status != FindingStatus.Ok)
            quality.Add(new($"   {finding.Status.ToString().ToLowerInvariant()}", OverlayFrame.Alarm, true));
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

    private static string Degrees(double value) => $"{value.ToString("F1", CultureInfo.InvariantCulture)}°";
}
