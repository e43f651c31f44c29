using System.Globalization;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// The labels of a radiograph, which are drawn beside the finding. They are in original pixels and degrees.
/// </summary>
internal sealed class SpineTruth
{
    public SpineTruth(IReadOnlyList<Vertebra> vertebrae, IReadOnlyList<double> cobbDegrees) =>
        (Vertebrae, CobbDegrees) = (vertebrae, cobbDegrees);

    public IReadOnlyList<Vertebra> Vertebrae { get; }

    public IReadOnlyList<double> CobbDegrees { get; }
}

/// <summary>
/// Draws a finding onto its radiograph, part by part: a strip with values and confidence above; vertebrae, their levels
/// and the end-plate lines of each angle, points, regions and boxes on the picture.
/// </summary>
internal static class OverlayRenderer
{
    private const int MostLines = 8; // of values above a picture; the JSON file has them all
    private static readonly Point2D Unseen = new(double.NaN, double.NaN);

    /// <summary>
    /// Renders a PNG of at most 1200 pixels width, with a radiograph of at most 1200 pixels height. Small radiographs
    /// are enlarged, at most four times, until text on them can be read.
    /// </summary>
    public static byte[] Render(Radiograph radiograph, Finding finding, SpineTruth? truth = null) =>
        OverlayFrame.Render(radiograph, Strip(finding, truth), (canvas, place) =>
        {
            foreach (var part in finding.Parts)
            {
                switch (part)
                {
                    case SpinePart spine:
                        Draw(canvas, place, spine, truth);
                        break;
                    case PointsPart points:
                        PointCanvas.Draw(
                            canvas,
                            place,
                            [.. points.Points.Select(p => p.Place ?? Unseen)],
                            [.. points.Points.Select(p => p.Name)]);
                        break;
                    case RegionsPart regions:
                        RegionCanvas.Draw(canvas, place, regions, finding.Width, finding.Height);
                        break;
                    case BoxesPart boxes:
                        RegionCanvas.Draw(canvas, place, boxes);
                        break;
                }
            }
        });

    private static void Draw(SKCanvas canvas, OverlayPlace place, SpinePart spine, SpineTruth? truth)
    {
        var drawing = new SpineCanvas(canvas, place.ToPicture, place.Frame, place.Drawable, place.Unit);
        drawing.Vertebrae(spine.Vertebrae);
        if (truth is not null)
            drawing.Truth(truth.Vertebrae);
        drawing.LevelNames(spine.Vertebrae);
        if (spine.LandmarkAngles is { } angles)
            drawing.Angles(spine.Vertebrae, angles, spine.Intervals);
        drawing.Curves(spine.Vertebrae, spine.Curves);
    }

    /// <summary>Returns the lines of text above the picture.</summary>
    private static List<List<StripRun>> Strip(Finding finding, SpineTruth? truth)
    {
        var lines = new List<List<StripRun>>();
        var spine = finding.Part<SpinePart>();
        foreach (var part in finding.Parts)
        {
            if (part.Name is { } task)
                lines.Add([new($"{task}:", OverlayFrame.Grey)]);
            lines.AddRange(part switch
            {
                SpinePart measured => [Angles(finding, measured), .. Curves(measured)],
                ClassesPart classes => Values(classes),
                NumbersPart numbers => numbers.Values.Where(v => v.Value is not null).Take(MostLines).Select(Line),
                PointsPart points => points.Points.Take(MostLines).Select(Line).OfType<List<StripRun>>(),
                BoxesPart boxes => [Line(boxes)],
                RegionsPart regions => regions.Regions.Select(Line),
                _ => (IEnumerable<List<StripRun>>)[],
            });
        }
        var quality = new List<StripRun>();
        if (finding.Confidence is { } confidence)
            quality.Add(
                new(
                    $"confidence {NumberText.Of(confidence, "F2")}"
                        + (finding.ConfidenceWithinDegrees is { } within
                            ? $" that cobb1 is within {NumberText.Of(within, "0.##")}°"
                            : ""),
                    SKColors.White));
        if (spine is not null)
            quality.Add(
                new(
                    spine.CobbDegrees.Count == 0 && spine.Vertebrae.Count > 0
                        ? $"   {spine.Vertebrae.Count} places taken for vertebrae"
                        : $"   {spine.Vertebrae.Count} vertebrae",
                    OverlayFrame.Grey));
        if (finding.Status != FindingStatus.Ok)
            quality.Add(
                new(
                    $"{(quality.Count > 0 ? "   " : "")}{finding.Status.ToString().ToLowerInvariant()}",
                    OverlayFrame.Alarm,
                    true));
        if (quality.Count > 0)
            lines.Add(quality);
        // Beside the angles above, which are those of the lines on the picture, what they let expect.
        if (spine is { ExpectedDegrees.Count: > 0 })
        {
            var regressor =
                spine.RegressorDegrees.Count == 0
                    ? ""
                    : $"   regressor  {string.Join("  ", spine.RegressorDegrees.Select(NumberText.Degrees))}";
            lines.Add(
            [
                new(
                    $"expected  {string.Join("  ", spine.ExpectedDegrees.Select(NumberText.Degrees))}{regressor}",
                    OverlayFrame.Grey),
            ]);
        }
        if (truth is { CobbDegrees.Count: > 0 })
            lines.Add([
                new(
                    $"labelled  {string.Join("  ", truth.CobbDegrees.Select(NumberText.Degrees))}",
                    SpineCanvas.TruthColor),
            ]);
        return lines;
    }

    private static List<StripRun> Angles(Finding finding, SpinePart spine)
    {
        var angles = new List<StripRun> { new("Cobb", OverlayFrame.Grey) };
        for (var i = 0; i < spine.CobbDegrees.Count; i++)
            angles.Add(
                new(
                    $"  {AngleInterval.Beside(spine.CobbDegrees[i], spine.Intervals, i)}",
                    SpineCanvas.AngleColors[i % SpineCanvas.AngleColors.Count],
                    true));
        if (spine.CobbDegrees.Count == 0)
            angles.Add(
                new(
                    finding.Status == FindingStatus.Refused
                        ? "  not measured: no film of a whole spine"
                        : "  not measured",
                    OverlayFrame.Grey));
        if (spine.Severity is { } severity)
        {
            var word = severity == CurveSeverity.None ? "no scoliosis" : severity.ToString().ToLowerInvariant();
            angles.Add(new($"   {word}", SKColors.White, true));
        }
        return angles;
    }

    private static IEnumerable<List<StripRun>> Curves(SpinePart spine)
    {
        if (spine.Alignment is not { } alignment)
            yield break;
        foreach (var curve in spine.Curves)
            yield return
            [
                new($"{curve.RegionLetters} {NumberText.Degrees(curve.Degrees)}", SpineCanvas.CurveColor, true),
                new($"  {curve.RegionName}, {curve.Upper} to {curve.Lower}", OverlayFrame.Grey),
            ];
        if (spine.Curves.Count == 0)
            yield return [new($"no curve of {SpinalCurves.LeastDegrees}° or more", OverlayFrame.Grey)];
        yield return
        [
            new(
                $"tilt  T1 {NumberText.Degrees(alignment.T1TiltDegrees)}  "
                    + $"L4 {NumberText.Degrees(alignment.L4TiltDegrees)}  "
                    + $"L5 {NumberText.Degrees(alignment.L5TiltDegrees)}   "
                    + $"T1 offset {NumberText.Of(alignment.T1OffsetPixels, "0")} px",
                OverlayFrame.Grey),
        ];
    }

    private static IEnumerable<List<StripRun>> Values(ClassesPart classes)
    {
        if (classes.Class is { } best)
            yield return [new(best, SKColors.White, true)];
        foreach (
            var value in classes.Values.Where(v => v.Value is not null).OrderByDescending(v => v.Value).Take(MostLines)
        ) // the likeliest
            yield return Line(value);
    }

    /// <summary>Returns the name of a value and the value, which is trained.</summary>
    internal static List<StripRun> Line(FoundValue value)
    {
        var number = NumberText.Of(value.Value!.Value, Math.Abs(value.Value.Value) >= 1000 ? "0.#" : "0.####");
        var unit = value.Unit is "" or "probability" ? "" : $" {value.Unit}";
        return [new($"{value.Name}  ", OverlayFrame.Grey), new(number + unit, SKColors.White, true)];
    }

    private static List<StripRun>? Line(FoundPoint point, int place) => point.Place is not { } at ? null :
    [
        new($"{point.Name}  ", PointCanvas.ColorOf(place)),
        new(string.Create(CultureInfo.InvariantCulture, $"{at.X:0.#}, {at.Y:0.#} px"), SKColors.White),
        new(string.Create(CultureInfo.InvariantCulture, $"   score {point.Score:F2}"), OverlayFrame.Grey),
    ];

    private static List<StripRun> Line(FoundRegion region, int place) =>
        [
            new(region.Class, RegionCanvas.ColorOf(place), true),
            new(
                region.AreaPixels == 0
                    ? "  not found"
                    : string.Create(CultureInfo.InvariantCulture, $"  {100 * region.AreaShare:F1} % of the image"),
                OverlayFrame.Grey),
        ];

    private static List<StripRun> Line(BoxesPart boxes) =>
        boxes.Boxes.Count == 0
            ? [new("nothing found", OverlayFrame.Grey)]
            :
            [
                .. boxes
                    .Boxes.CountBy(box => box.Class)
                    .SelectMany(
                        (group, i) =>
                            (StripRun[])
                                [
                                    new($"{(i == 0 ? "" : "   ")}{group.Value} ", SKColors.White, true),
                                    new(group.Key, RegionCanvas.ColorOf(i), true),
                                ]),
            ];
}
