using System.Text.Json;
using Marrow.Findings;
using Marrow.Reports;
using Marrow.Spine;
using Marrow.Tests.Spine;

namespace Marrow.Tests.Reports;

public sealed class PredictionFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-predictions").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_prediction_writes_a_csv_a_json_and_an_overlay()
    {
        var files = new FindingFiles(_folder, ReportSamples.SpineColumns);
        var finding = ReportSamples.Finding(300, 700).WithSpine(s => new(s) { CobbDegrees = [41.25, 20, 0.5] });
        var written = files.Write(finding, ReportSamples.Radiograph(300, 700));
        files.WriteCsv();

        Assert.Equal(
            ["case 1.json", "case 1.overlay.png", "predictions.csv", "predictions.json"],
            Directory.GetFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var lines = File.ReadAllLines(files.CsvPath);
        Assert.Equal(2, lines.Length);
        Assert.Equal(
            "file,cobb1,cobb2,cobb3,severity,vertebrae,confidence,proximalThoracic,mainThoracic,thoracolumbar,lumbar,"
                + "t1Tilt,l4Tilt,l5Tilt,t1OffsetPx,curves,status",
            lines[0]);
        Assert.StartsWith("films/case 1.jpg,41.25,20,0.5,severe,17,0.875,", lines[1]);
        Assert.EndsWith(",ok", lines[1]);
        Assert.NotNull(written.Overlay);
    }

    [Fact]
    public void The_json_has_corners_in_original_pixels_and_the_pair_of_each_angle()
    {
        var finding = ReportSamples.Finding(300, 700);
        using var document = JsonDocument.Parse(FindingJson.Write(finding));
        var root = document.RootElement;

        Assert.Equal("films/case 1.jpg", root.GetProperty("file").GetString());
        Assert.Equal("ok", root.GetProperty("status").GetString());
        Assert.Equal(3, root.GetProperty("cobbDegrees").GetArrayLength());
        Assert.Equal(
            [40, 20, 10],
            root.GetProperty("angles").GetProperty("regressor").EnumerateArray().Select(e => e.GetDouble()));
        Assert.Equal(
            [50, 30, 5],
            root.GetProperty("angles").GetProperty("expected").EnumerateArray().Select(e => e.GetDouble()));
        Assert.Equal(
            [49, 29, 5.5],
            root.GetProperty("angles").GetProperty("fused").EnumerateArray().Select(e => e.GetDouble()));
        var vertebra = root.GetProperty("vertebrae")[3];
        Assert.Equal("T4", vertebra.GetProperty("level").GetString());
        var corner = vertebra.GetProperty("corners")[1];
        Assert.Equal(finding.Spine().Vertebrae[3].Corners.TopRight.X, corner[0].GetDouble(), 0.01);
        Assert.Equal(finding.Spine().Vertebrae[3].Corners.TopRight.Y, corner[1].GetDouble(), 0.01);
        var (pair, first) = (
            finding.Spine().LandmarkAngles!.Pairs[0],
            root.GetProperty("angles").GetProperty("landmarks")[0]);
        Assert.Equal(SpinePart.LevelName(pair.Upper), first.GetProperty("upper").GetString());
        Assert.Equal(SpinePart.LevelName(pair.Lower), first.GetProperty("lower").GetString());
        Assert.Equal(new string('a', 64), root.GetProperty("checkpoints")[0].GetProperty("digest").GetString());
        Assert.Equal("1 vertebra was filled in", root.GetProperty("warnings")[0].GetString());
    }

    [Fact]
    public void An_image_without_a_whole_spine_has_neither_angles_nor_severity_in_any_file()
    {
        var finding = ReportSamples.Finding(300, 700);
        finding = new Finding(finding)
        {
            Status = FindingStatus.Refused,
            Warnings = ["No whole spine was found."],
        }.WithSpine(spine => new SpinePart
        {
            Vertebrae = [.. spine.Vertebrae.Select(v => new FoundVertebra("", v.Corners, v.Score, v.Filled))],
        });
        var files = new FindingFiles(_folder, ReportSamples.SpineColumns);
        var json = JsonDocument
            .Parse(File.ReadAllText(files.Write(finding, ReportSamples.Radiograph(300, 700)).Json))
            .RootElement;
        files.WriteCsv();

        Assert.Equal(JsonValueKind.Null, json.GetProperty("cobbDegrees").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("severity").ValueKind);
        Assert.Empty(json.GetProperty("angles").EnumerateObject());
        Assert.False(json.TryGetProperty("curves", out _) || json.TryGetProperty("alignment", out _));
        Assert.EndsWith(",,,,,17,0.875,,,,,,,,,,refused\n", File.ReadAllText(files.CsvPath), StringComparison.Ordinal);
        using var picture = ReportSamples.Decode(File.ReadAllBytes(Path.Combine(_folder, "case 1.overlay.png")));
        Assert.All(SpineCanvas.AngleColors, color =>
            Assert.Equal(0, ReportSamples.Count(picture, c => ReportSamples.Near(c, color))));
    }

    [Fact]
    public void A_regressor_alone_gives_angles_and_no_severity()
    {
        var spine = new SpinePart { CobbDegrees = [50, 10, 5], SawSpine = false };

        Assert.Null(spine.Severity);
        Assert.Equal(CurveSeverity.Severe, new SpinePart(spine) { SawSpine = true }.Severity);
    }

    [Fact]
    public void Images_of_one_name_from_two_folders_get_two_files()
    {
        var files = new FindingFiles(_folder, ReportSamples.SpineColumns);
        string[] inputs = ["a/x.jpg", "b/x.png", "c/X.jpg", "x-2.jpg", "predictions.jpg"];
        var names = inputs
            .Select(input => files.Write(ReportSamples.Finding(300, 700, file: input), null).Json)
            .ToList();
        Assert.Equal(5, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(5, Directory.GetFiles(_folder, "*.json").Length);
    }

    [Theory]
    [InlineData("=HYPERLINK(1).jpg")]
    [InlineData("+1.jpg")]
    [InlineData("@x.jpg")]
    [InlineData("-2.jpg")]
    public void A_file_name_is_never_a_formula(string file)
    {
        var writer = new StringWriter();
        new FindingTable(ReportSamples.SpineColumns).WriteCsv(writer, [ReportSamples.Finding(300, 700, file: file)]);
        var cell = writer.ToString().Split('\n')[1].TrimStart('"');
        Assert.StartsWith($"'{file[0]}", cell);
    }

    [Fact]
    public void Commas_quotes_and_line_breaks_in_a_name_stay_in_one_cell()
    {
        var writer = new StringWriter();
        new FindingTable(ReportSamples.SpineColumns).WriteCsv(
            writer,
            [ReportSamples.Finding(300, 700, file: "a,\"b\"\nc.jpg")]);
        Assert.Contains("\"a,\"\"b\"\"\nc.jpg\",", writer.ToString());
    }

    [Fact]
    public void A_failed_image_has_a_row_without_numbers()
    {
        var writer = new StringWriter();
        new FindingTable(ReportSamples.SpineColumns).WriteCsv(
            writer,
            [new Finding(Finding.Failed("broken.jpg", "no image", new SpinePart())) { Confidence = 0 }]);
        Assert.EndsWith("\nbroken.jpg,,,,,0,0,,,,,,,,,,failed\n", writer.ToString());
    }

    [Fact]
    public void Curves_have_a_column_for_each_region_and_one_in_words()
    {
        var table = new FindingTable(ReportSamples.SpineColumns);
        // The lower end plate of L4 lies at 590 px of the 670 below the middle: asin(590 / 670 sin 20 degrees).
        Assert.Equal(
            ["", "40", "", "", "-20", "17.529", "20", "0", "main thoracic 40.0 T1-L5 apex T9 right of the image"],
            Cells(BentSpine.Arc(40)));
        Assert.Equal(["", "", "", "", "0", "0", "0", "0", ""], Cells(BentSpine.Waves(0, 0)));
        // Of two curves in one region the larger one has the column.
        var twice = CobbAnglesTests.FromTilts([0, 0, 0, 0, 0, 10, 20, 20, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(2, ReportSamples.Finding(twice, 1000, 1600).Spine().Curves.Count);
        Assert.Equal("20", Cells(twice)[1]);

        string[] Cells(Vertebra[] spine) =>
            [.. table.Row(ReportSamples.Finding(spine, 1000, 1600)).Skip(1 + 6).SkipLast(1)];
    }

    [Theory]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData(@"C:\films\a.b.jpg", "a.b")]
    [InlineData("con.jpg", "_con")]
    [InlineData("..jpg", "_")]
    [InlineData("a<b>:c?.jpg", "a_b__c_")]
    public void A_name_is_one_that_every_file_system_takes(string file, string expected) =>
        Assert.Equal(expected, OutputNames.Safe(file));

    [Fact]
    public void A_long_name_is_cut() => Assert.True(OutputNames.Safe(new string('ü', 400) + ".jpg").Length <= 100);

    [Fact]
    public void An_unwritable_folder_is_an_error_that_names_it()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        var files = new FindingFiles(Path.Combine(file, "out"), ReportSamples.SpineColumns);
        var error = Assert.Throws<MarrowException>(() => files.Add(ReportSamples.Finding(300, 700), null));
        Assert.Contains(Path.Combine(file, "out"), error.Message);
    }
}
