using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Reports;

/// <summary>
/// A finding as a JSON document, in the form that files, the command line and servers return. docs/finding.schema.json
/// describes it. Places are in original pixels, corners are [[x, y] top left, top right, bottom left, bottom right],
/// and angles are in degrees.
/// </summary>
public static class FindingJson
{
    /// <summary>Returns the document as text.</summary>
    public static string Write(Finding finding) => Document(finding).ToJsonString(MarrowJson.Options);

    /// <summary>Returns the document as an object, which can become part of a larger document.</summary>
    internal static JsonObject Document(Finding finding)
    {
        var document = new JsonObject
        {
            ["file"] = finding.File,
            ["width"] = finding.Width,
            ["height"] = finding.Height,
            ["status"] = Name(finding.Status),
        };
        if (finding.Confidence is { } confidence)
            document["confidence"] = Rounded(confidence, 4);
        if (finding.ConfidenceWithinDegrees is { } degrees)
            document["confidenceWithinDegrees"] = Rounded(degrees, 3);
        if (finding.Looks is { } looks)
            document["looks"] = Name(looks);
        foreach (var part in finding.Parts.Where(part => part.Name is null))
            Part(document, part);
        if (finding.Parts.Any(part => part.Name is not null))
            document["parts"] = Array(
                [.. finding.Parts.Where(part => part.Name is not null).GroupBy(part => part.Name)],
                task =>
                {
                    var said = new JsonObject { ["name"] = task.Key };
                    foreach (var part in task)
                        Part(said, part);
                    return said;
                });
        document["warnings"] = Array(finding.Warnings, warning => JsonValue.Create(warning));
        document["checkpoints"] = Array(finding.Checkpoints, Checkpoint);
        // As earlier versions had it, of what one checkpoint says alone.
        if (finding is { Checkpoints: [var only], Parts: [ClassesPart or NumbersPart or PointsPart, ..] }
            && finding.Parts[0].Name is null)
            document["checkpoint"] = Checkpoint(only);
        return document;
    }

    /// <summary>Adds what one part of a finding says.</summary>
    private static void Part(JsonObject document, FindingPart part)
    {
        switch (part)
        {
            case SpinePart spine:
                Spine(document, spine);
                break;
            case ClassesPart classes:
                if (classes.Class is not null)
                    document["class"] = classes.Class;
                document["values"] = Values(classes.Values);
                break;
            case NumbersPart numbers:
                document["values"] = Values(numbers.Values);
                break;
            case PointsPart points:
                document["points"] = Array(points.Points, Point);
                break;
            case BoxesPart boxes:
                document["boxes"] = Array(boxes.Boxes, Box);
                break;
            case RegionsPart regions:
                document["regions"] = Array([.. regions.Regions.Index()], r =>
                    Region(r.Item, r.Index, regions.Regions.Count));
                break;
            case ExplanationsPart explanations:
                document["explanations"] = Array(explanations.Explanations, Explained);
                break;
        }
    }

    // Where nothing is measured, angles and severity are null: a reader must meet them.
    private static void Spine(JsonObject document, SpinePart spine)
    {
        document["severity"] = spine.Severity is { } severity ? Name(severity) : null;
        document["cobbDegrees"] = spine.CobbDegrees.Count == 0 ? null : Angles(spine.CobbDegrees);
        var angles = new JsonObject();
        if (spine.LandmarkAngles is { } measured)
        {
            angles["landmarks"] = Array(
                [.. Enumerable.Range(0, measured.Degrees.Count)], angle => Landmarks(spine, measured, angle));
            if (spine.IntervalLevel is { } level)
                angles["intervalLevel"] = Rounded(level, 4);
        }
        if (spine.ExpectedDegrees.Count > 0)
            angles["expected"] = Angles(spine.ExpectedDegrees);
        if (spine.RegressorDegrees.Count > 0)
            angles["regressor"] = Angles(spine.RegressorDegrees);
        if (spine.FusedDegrees.Count > 0)
            angles["fused"] = Angles(spine.FusedDegrees);
        document["angles"] = angles;
        if (spine.Alignment is { } alignment)
        {
            document["curves"] = Array(spine.Curves, Curve);
            document["alignment"] = Alignment(alignment);
        }
        document["vertebrae"] = Array(spine.Vertebrae, Found);
    }

    private static JsonObject Landmarks(SpinePart spine, CobbMeasurement measured, int angle)
    {
        var document = new JsonObject
        {
            ["degrees"] = Rounded(measured.Degrees[angle], 3),
            ["upper"] = Level(spine, measured.Pairs[angle].Upper),
            ["lower"] = Level(spine, measured.Pairs[angle].Lower),
        };
        if (angle < spine.Intervals.Count)
            document["interval"] = Angles([spine.Intervals[angle].Low, spine.Intervals[angle].High]);
        return document;
    }

    private static JsonObject Found(FoundVertebra vertebra)
    {
        var document = new JsonObject
        {
            ["level"] = vertebra.Level,
            ["score"] = Rounded(vertebra.Score, 4),
            ["filled"] = vertebra.Filled,
            ["corners"] = Array(
                [
                    vertebra.Corners.TopLeft,
                    vertebra.Corners.TopRight,
                    vertebra.Corners.BottomLeft,
                    vertebra.Corners.BottomRight,
                ],
                Place),
        };
        if (vertebra.Evidence is { } evidence)
            document["evidence"] = new JsonObject
            {
                ["views"] = evidence.Views,
                ["spreadDegrees"] = Maybe(evidence.SpreadDegrees, 3),
                ["spreadPx"] = Maybe(evidence.SpreadPx, 2),
                ["movedDegrees"] = Maybe(evidence.MovedDegrees, 3),
                ["movedPx"] = Maybe(evidence.MovedPx, 2),
            };
        return document;
    }

    private static JsonObject Explained(Explanation explanation)
    {
        var document = new JsonObject
        {
            ["of"] = explanation.Of.Name,
            ["method"] = "gradCam",
            ["peak"] = explanation.Peak is { } peak ? Place(peak) : null,
            ["insideShare"] = Rounded(explanation.InsideShare, 4),
        };
        if (explanation.HeatFile is { } heat)
            document["heat"] = heat;
        if (explanation.OverlayFile is { } overlay)
            document["overlay"] = overlay;
        return document;
    }

    private static JsonObject Curve(FoundCurve curve)
    {
        var document = new JsonObject
        {
            ["region"] = Name(curve.Region),
            ["degrees"] = Rounded(curve.Degrees, 3),
            ["upper"] = curve.Upper,
            ["lower"] = curve.Lower,
            ["apex"] = curve.Apex,
            ["convexSideOfImage"] = Name(curve.ConvexSide),
        };
        if (curve.ConvexSideOfPatient is { } side)
            document["convexSideOfPatient"] = Name(side);
        document["apexOffsetPx"] = Rounded(curve.ApexOffsetPixels, 2);
        if (curve.ApexOffsetMm is { } mm)
            document["apexOffsetMm"] = Rounded(mm, 2);
        return document;
    }

    private static JsonObject Alignment(SpineAlignment alignment)
    {
        var document = new JsonObject
        {
            ["t1TiltDegrees"] = Rounded(alignment.T1TiltDegrees, 3),
            ["l4TiltDegrees"] = Rounded(alignment.L4TiltDegrees, 3),
            ["l5TiltDegrees"] = Rounded(alignment.L5TiltDegrees, 3),
            ["t1OffsetPx"] = Rounded(alignment.T1OffsetPixels, 2),
        };
        if (alignment.T1OffsetMm is { } mm)
            document["t1OffsetMm"] = Rounded(mm, 2);
        return document;
    }

    private static JsonArray Values(IReadOnlyList<FoundValue> values) => Array(values, v =>
    {
        var value = new JsonObject { ["name"] = v.Name };
        if (v.Unit.Length > 0)
            value["unit"] = v.Unit;
        if (v.Value is { } number)
            value["value"] = Rounded(number, 6);
        else
            value["untrained"] = true;
        return value;
    });

    private static JsonObject Point(FoundPoint point)
    {
        var document = new JsonObject { ["name"] = point.Name };
        if (point.Place is { } at)
        {
            document["x"] = Rounded(at.X, 2);
            document["y"] = Rounded(at.Y, 2);
            document["score"] = Rounded(point.Score, 4);
        }
        else
        {
            document["untrained"] = true;
        }
        return document;
    }

    private static JsonObject Box(FoundBox box) => new()
    {
        ["class"] = box.Class,
        ["x1"] = Rounded(box.Left, 2),
        ["y1"] = Rounded(box.Top, 2),
        ["x2"] = Rounded(box.Right, 2),
        ["y2"] = Rounded(box.Bottom, 2),
        ["score"] = Rounded(box.Score, 4),
    };

    private static JsonObject Region(FoundRegion region, int place, int classes) => new()
    {
        ["class"] = region.Class,
        ["maskValue"] = MaskValues.Of((byte)(place + 1), classes),
        ["areaPixels"] = region.AreaPixels,
        ["areaShare"] = Rounded(region.AreaShare, 6),
        ["confidence"] = Rounded(region.Confidence, 4),
    };

    private static JsonObject Checkpoint(CheckpointUse use) =>
        new()
        {
            ["role"] = use.Role,
            ["name"] = use.Name,
            ["digest"] = use.Digest,
        };

    private static JsonArray Angles(IReadOnlyList<double> degrees) => Array(degrees, d => Rounded(d, 3));

    private static JsonArray Place(Point2D place) => [Rounded(place.X, 2), Rounded(place.Y, 2)];

    private static JsonArray Array<T>(IReadOnlyList<T> items, Func<T, JsonNode?> write) =>
        new([.. items.Select(write)]);

    // JSON has no word for what is no number; such a value is written as text, as the rest of Marrow writes it.
    private static JsonValue Rounded(double value, int digits) =>
        double.IsFinite(value)
            ? JsonValue.Create(Math.Round(value, digits))
            : JsonValue.Create(value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static JsonValue? Maybe(double? value, int digits) =>
        value is { } number ? Rounded(number, digits) : null;

    private static string Level(SpinePart spine, int position) =>
        position >= 0 && position < spine.Vertebrae.Count ? spine.Vertebrae[position].Level : "";

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
