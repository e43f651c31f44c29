using System.Text.Json;
using Marrow.Findings;
using Marrow.Reports;
using Marrow.Spine;

namespace Marrow.Tests.Reports;

/// <summary>Documents of every kind of part, held against docs/finding.schema.json.</summary>
public class FindingJsonTests
{
    private static readonly JsonElement Schema = JsonDocument
        .Parse(File.ReadAllText(Path.Combine(Repository.Root(), "docs", "finding.schema.json")))
        .RootElement;

    public static TheoryData<string> Kinds => [.. Findings().Keys];

    private static Dictionary<string, Finding> Findings()
    {
        var plain = new Finding(ReportSamples.Finding(300, 700)) { Parts = [], Confidence = null };
        return new()
        {
            ["spine"] = ReportSamples.Finding(300, 700),
            ["spine with intervals"] = ReportSamples.WithIntervals(300, 700),
            ["straight spine"] = ReportSamples.Finding(BentSpine.Waves(0, 0), 1000, 1600),
            ["curves of a known size and side"] = ReportSamples
                .Finding(BentSpine.Waves(3, 60), 1000, 1600)
                .WithSpine(s => new(s) { MmPerPixel = 0.14, PatientSideAtLeft = Side.Right }),
            ["a spine looked at once"] = new(ReportSamples.Finding(300, 700)) { Looks = FindingLooks.One },
            ["spine with evidence"] = ReportSamples.Finding(300, 700).WithSpine(ReportSamples.WithEvidence),
            ["no spine"] = SpinePredictorFailure(),
            ["explained classes"] = ReportSamples.Explained(60, 90),
            ["classes"] = new(plain)
            {
                Parts = [new ClassesPart("hand", [new("hand", "probability", 0.75), new("foot", "probability", null)])],
            },
            ["numbers"] = new(plain)
            {
                Parts = [new NumbersPart([new("age", "years", 12.5), new("odd", "", double.NaN)])],
            },
            ["points"] = new(plain)
            {
                Parts = [new PointsPart([new("hip", new(3.123, 4), 0.5), new("knee", null, 0)])],
            },
            ["boxes"] = new(plain) { Parts = [new BoxesPart([new("fracture", 1, 2, 3.456, 4, 0.9)])] },
            ["several tasks"] = new(plain)
            {
                Parts =
                [
                    new ClassesPart("hand", [new("hand", "probability", 0.75)]).Under("kind"),
                    new NumbersPart([new("age", "years", 12.5)]).Under("age"),
                    new PointsPart([new("hip", new(3.123, 4), 0.5)]).Under("points"),
                    new BoxesPart([new("fracture", 1, 2, 3.456, 4, 0.9)]).Under("boxes"),
                    new RegionsPart { Regions = [new("lung", 5, 0.5, 0.9)], Mask = [1, 0] }.Under("lungs"),
                ],
            },
            ["regions"] = new(plain)
            {
                Confidence = 0.5,
                Parts = [new RegionsPart { Regions = [new("lung", 5, 0.5, 0.9)], Mask = [1, 0] }],
            },
        };
    }

    private static Finding SpinePredictorFailure() =>
        new(Finding.Failed("a.png", "no image", new SpinePart())) { Confidence = 0 };

    [Theory, MemberData(nameof(Kinds))]
    public void A_document_is_as_the_published_schema_says(string kind)
    {
        var document = JsonDocument.Parse(FindingJson.Write(Findings()[kind])).RootElement;
        Assert.Empty(Faults(document, Schema, "$"));
    }

    [Fact]
    public void What_the_schema_does_not_allow_is_noticed()
    {
        foreach (
            var (wrong, fault) in ((string, string)[])
                [
                    ("""{"file": "a"}""", "$.width is missing"),
                    (
                        """{"file": 1, "width": 1, "height": 1, "status": "ok", "warnings": [], "checkpoints": []}""",
                        "$.file"),
                    (
                        """{"file": "a", "width": 1, "height": 1, "status": "fine", "warnings": [], "checkpoints": []}""",
                        "$.status"),
                    (
                        """{"file": "a", "width": 1, "height": 1, "status": "ok", "warnings": [], "checkpoints": [], "more": 1}""",
                        "$.more"),
                    (
                        """{"file": "a", "width": 1, "height": 1, "status": "ok", "warnings": [1], "checkpoints": []}""",
                        "$.warnings[0]"),
                ])
            Assert.Contains(Faults(JsonDocument.Parse(wrong).RootElement, Schema, "$"), f =>
                f.StartsWith(fault, StringComparison.Ordinal));
    }

    [Fact]
    public void A_side_of_the_patient_and_millimetres_are_written_only_where_they_are_known()
    {
        var (unknown, known) = (Curve(s => s), Curve(s => new(s) { MmPerPixel = 0.5, PatientSideAtLeft = Side.Right }));
        Assert.Equal(["mainThoracic", "T1", "L5", "T9", "right"], Words(unknown));
        Assert.False(unknown.TryGetProperty("convexSideOfPatient", out _));
        Assert.False(unknown.TryGetProperty("apexOffsetMm", out _));
        Assert.Equal(["mainThoracic", "T1", "L5", "T9", "right"], Words(known));
        Assert.Equal("left", known.GetProperty("convexSideOfPatient").GetString());
        Assert.Equal(
            0.5 * known.GetProperty("apexOffsetPx").GetDouble(),
            known.GetProperty("apexOffsetMm").GetDouble(),
            0.01);

        static JsonElement Curve(Func<SpinePart, SpinePart> change) => JsonDocument
            .Parse(FindingJson.Write(ReportSamples.Finding(BentSpine.Arc(40), 1000, 1600).WithSpine(change)))
            .RootElement.GetProperty("curves")[0];
        static IEnumerable<string?> Words(JsonElement curve) =>
            new[] { "region", "upper", "lower", "apex", "convexSideOfImage" }
                .Select(name => curve.GetProperty(name).GetString());
    }

    [Fact]
    public void Numbers_are_rounded_and_places_are_original_pixels()
    {
        var box = JsonDocument.Parse(FindingJson.Write(Findings()["boxes"])).RootElement.GetProperty("boxes")[0];
        Assert.Equal((3.46, "fracture"), (box.GetProperty("x2").GetDouble(), box.GetProperty("class").GetString()));
        var values = JsonDocument.Parse(FindingJson.Write(Findings()["classes"])).RootElement.GetProperty("values");
        Assert.Equal(0.75, values[0].GetProperty("value").GetDouble());
        Assert.True(values[1].GetProperty("untrained").GetBoolean());
        Assert.False(values[1].TryGetProperty("value", out _));
    }

    /// <summary>The words of JSON Schema that the file uses, and no others.</summary>
    private static IEnumerable<string> Faults(JsonElement value, JsonElement schema, string at)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            schema = reference.GetString()!.Split('/')[1..]
                .Aggregate(Schema, (part, name) => part.GetProperty(name));
        if (
            schema.TryGetProperty("type", out var type)
            && !(type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type }).Any(t =>
                IsOf(value, t.GetString()!)))
            yield return $"{at} is no {type}";
        if (
            schema.TryGetProperty("enum", out var words)
            && !words.EnumerateArray().Any(word => JsonElement.DeepEquals(word, value)))
            yield return $"{at} is none of {words}";
        if (schema.TryGetProperty("const", out var only) && !JsonElement.DeepEquals(only, value))
            yield return $"{at} is not {only}";
        if (
            value.ValueKind == JsonValueKind.Number
            && (
                schema.TryGetProperty("minimum", out var least) && value.GetDouble() < least.GetDouble()
                || schema.TryGetProperty("maximum", out var most) && value.GetDouble() > most.GetDouble()))
            yield return $"{at} is out of range";
        if (value.ValueKind == JsonValueKind.Array)
        {
            if (
                schema.TryGetProperty("minItems", out var few) && value.GetArrayLength() < few.GetInt32()
                || schema.TryGetProperty("maxItems", out var many) && value.GetArrayLength() > many.GetInt32())
                yield return $"{at} has {value.GetArrayLength()} items";
            foreach (
                var fault in value
                    .EnumerateArray()
                    .Index()
                    .SelectMany(item => Faults(item.Item, schema.GetProperty("items"), $"{at}[{item.Index}]")))
                yield return fault;
        }
        if (value.ValueKind != JsonValueKind.Object)
            yield break;
        foreach (
            var name in schema.TryGetProperty("required", out var required)
                ? required.EnumerateArray().Select(n => n.GetString()!)
                : [])
        {
            if (!value.TryGetProperty(name, out _))
                yield return $"{at}.{name} is missing";
        }
        foreach (var property in value.EnumerateObject())
        {
            if (!schema.GetProperty("properties").TryGetProperty(property.Name, out var known))
                yield return $"{at}.{property.Name} is not known";
            else
                foreach (var fault in Faults(property.Value, known, $"{at}.{property.Name}"))
                    yield return fault;
        }
    }

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "The test does not know this type."),
    };
}
