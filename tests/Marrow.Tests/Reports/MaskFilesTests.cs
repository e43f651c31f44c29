using System.Text.Json;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Reports;
using SkiaSharp;

namespace Marrow.Tests.Reports;

public sealed class MaskFilesTests : IDisposable
{
    private const int Width = 60, Height = 90;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Marrow.Findings.Finding Finding(int classes, string file = "films/case 1.jpg")
    {
        var mask = new byte[Width * Height];
        for (var c = 1; c <= classes; c++)
            PolygonFill.Fill(
                mask,
                Width,
                Height,
                [new(10, 20 * c), new(40, 20 * c), new(40, 20 * c + 15), new(10, 20 * c + 15)],
                (byte)c);
        return new(
            file: file,
            width: Width,
            height: Height)
        {
            Parts =
            [
                new RegionsPart
                {
                    Mask = mask,
                    Regions =
                    [
                        .. Enumerable
                            .Range(1, classes)
                            .Select(c => new FoundRegion($"class{c}", 450, 450.0 / mask.Length, 0.9)),
                    ],
                },
            ],
            Confidence = 0.9,
            Checkpoints = [new("segment", "segment-densenet-mini.phantom", new string('a', 64))],
        };
    }

    private static RegionsPart Regions(Marrow.Findings.Finding finding) => finding.Part<RegionsPart>()!;

    private static string[] Columns(params string[] classes) => [.. classes.Select(c => $"area.{c}"), "confidence"];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_mask_is_read_back_as_it_was_found(int classes)
    {
        var finding = Finding(classes);
        var files = new FindingFiles(_folder.Path, Columns([.. Regions(finding).Regions.Select(r => r.Class)]));
        var written = files.Write(finding, ReportSamples.Radiograph(Width, Height));
        Assert.Equal(_folder["case 1.mask.png"], written.Mask);
        var read = MaskFile.Read(written.Mask!, classes);
        Assert.Equal((Width, Height), (read.Width, read.Height));
        Assert.Equal(Regions(finding).Mask, read.Classes);
        if (classes == 1)
            Assert.Equal(255, RadiographReader.Read(written.Mask!).Pixels.Max());
    }

    [Fact]
    public void Each_image_has_a_row_and_a_document_and_one_that_failed_has_no_pictures()
    {
        var files = new FindingFiles(_folder.Path, Columns("class1", "class2"));
        files.Add(Finding(2), ReportSamples.Radiograph(Width, Height));
        var failed = files.Write(
            new(Marrow.Findings.Finding.Failed("=broken.png", "no image", new RegionsPart())) { Confidence = 0 },
            null);
        files.WriteCsv();
        Assert.Equal((null, null), (failed.Mask, failed.Overlay));
        Assert.Equal(
            [
                "file,area.class1,area.class2,confidence,status",
                "films/case 1.jpg,0.08333,0.08333,0.9,ok",
                "'=broken.png,,,0,failed",
            ],
            File.ReadAllLines(files.CsvPath));
        var document = JsonDocument.Parse(File.ReadAllText(_folder["case 1.json"])).RootElement;
        Assert.Equal(
            [1, 2],
            document.GetProperty("regions").EnumerateArray().Select(r => r.GetProperty("maskValue").GetInt32()));
        Assert.Equal(450, document.GetProperty("regions")[1].GetProperty("areaPixels").GetInt64());
    }

    [Fact]
    public void The_overlay_is_tinted_inside_the_outline_alone()
    {
        var radiograph = ReportSamples.Radiograph(Width, Height);
        using var with = SKBitmap.Decode(OverlayRenderer.Render(radiograph, Finding(1)));
        using var without = SKBitmap.Decode(
            OverlayRenderer.Render(
                radiograph,
                Finding(1).With(
                    new RegionsPart { Regions = Regions(Finding(1)).Regions, Mask = new byte[Width * Height] })));
        Assert.Equal((without.Width, without.Height), (with.Width, with.Height));
        var different = new List<(int X, int Y)>();
        for (var y = 0; y < with.Height; y++)
            for (var x = 0; x < with.Width; x++)
                if (with.GetPixel(x, y) != without.GetPixel(x, y))
                    different.Add((x, y));
        // small ones are enlarged so many times at most; the outline's own width adds to the shape
        const double scale = 4;
        Assert.InRange((different.Max(d => d.X) - different.Min(d => d.X)) / scale, 30, 31.5);
        Assert.InRange((different.Max(d => d.Y) - different.Min(d => d.Y)) / scale, 15, 16.5);
        Assert.InRange(different.Count / (scale * scale), 450, 520);
    }

    [Fact]
    public void Outlines_enclose_as_much_as_the_mask_has_pixels()
    {
        var random = new SeededRandom(3);
        for (var round = 0; round < 60; round++)
        {
            var (width, height) = (1 + random.Next(12), 1 + random.Next(12));
            var mask = Enumerable
                .Range(0, width * height)
                .Select(_ => (byte)(random.NextDouble() < 0.6 ? 1 : 0))
                .ToArray();
            var areas = MaskOutline.Of(mask, width, height, 1).Select(Area).ToList();
            // From crack to crack each turn cuts off or adds an eighth of a pixel, and a closed line has four more of
            // one kind.
            Assert.Equal(mask.Count(v => v == 1), areas.Sum(a => a + 0.5 * Math.Sign(a)), 9);
        }

        static double Area(IReadOnlyList<Point2D> line) =>
            line.Select((p, i) => line[(i + 1) % line.Count] is var q ? (p.X * q.Y - p.Y * q.X) / 2 : 0).Sum();
    }
}
