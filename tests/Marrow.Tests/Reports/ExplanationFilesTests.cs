using System.Text.Json;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Reports;
using SkiaSharp;

namespace Marrow.Tests.Reports;

/// <summary>What a prediction writes of its explanations.</summary>
public sealed class ExplanationFilesTests : IDisposable
{
    private const int Width = 60, Height = 90;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Predict(Marrow.Findings.Finding finding, bool overlays = true, bool readable = true) =>
        new FindingFiles(_folder.Path, ["class", "hand", "foot"], overlays).Add(
            finding,
            readable ? ReportSamples.Radiograph(finding.Width, finding.Height) : null);

    private string[] Files() => [.. Directory.GetFiles(_folder.Path, "*.png").Select(f => Path.GetFileName(f)).Order()];

    [Fact]
    public void Each_explanation_has_a_map_in_the_films_size_an_overlay_and_a_place_in_the_document()
    {
        var finding = ReportSamples.Explained(Width, Height);
        Predict(finding);
        Assert.Equal(
            [
                "case 1.explain-1.png",
                "case 1.explain-2.png",
                "case 1.heat-1.png",
                "case 1.heat-2.png",
                "case 1.overlay.png",
            ],
            Files());
        var map = RadiographReader.Read(_folder["case 1.heat-2.png"]);
        Assert.Equal((Width, Height), (map.Width, map.Height));
        var heat = finding.Part<ExplanationsPart>()!.Explanations[1].HeatPixels();
        Assert.Equal(heat.Select(v => (ushort)v), map.Pixels);
        // The centre of the second cell of two lies at the corner of four pixels.
        Assert.InRange((int)map.Pixels[Height / 6 * Width + Width * 3 / 4], 245, 255);
        Assert.InRange((int)map.Pixels[Height / 6 * Width + 5], 0, 1); // the first

        var document = JsonDocument.Parse(File.ReadAllText(_folder["case 1.json"])).RootElement;
        var second = document.GetProperty("explanations")[1];
        Assert.Equal("foot", second.GetProperty("of").GetString());
        Assert.Equal("case 1.heat-2.png", second.GetProperty("heat").GetString());
        Assert.Equal("case 1.explain-2.png", second.GetProperty("overlay").GetString());
        Assert.Equal(Width * 3 / 4.0, second.GetProperty("peak")[0].GetDouble());
        Assert.Equal(1, second.GetProperty("insideShare").GetDouble());
    }

    [Fact]
    public void What_an_earlier_prediction_explained_is_taken_away()
    {
        Predict(ReportSamples.Explained(Width, Height));
        Predict(ReportSamples.Explained(Width, Height, explanations: 1), overlays: false);
        Assert.Equal(["case 1.heat-1.png"], Files());
        Predict(ReportSamples.Explained(Width, Height), readable: false);
        Assert.Empty(Files());
    }

    [Fact]
    public void A_file_of_the_users_in_the_place_of_a_map_is_named_before_any_work()
    {
        File.WriteAllText(_folder["a.heat-2.png"], "mine");
        FindingFiles.RequireFree(_folder.Path, ["a.png"], overlays: true, masks: [], tables: []);
        FindingFiles.RequireFree(_folder.Path, ["a.png"], overlays: true, masks: [], tables: [], explanations: 1);
        var error = Assert.Throws<MarrowException>(() =>
            FindingFiles.RequireFree(_folder.Path, ["a.png"], overlays: false, masks: [], tables: [], explanations: 2));
        Assert.Contains("a.heat-2.png", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Heat_lies_where_it_is_on_the_picture_and_leaves_the_rest_as_it_was()
    {
        var (film, finding) = (ReportSamples.Radiograph(400, 600), ReportSamples.Explained(400, 600));
        var explanation = finding.Part<ExplanationsPart>()!.Explanations[0]; // strongest at 100, 100
        using var picture = ReportSamples.Decode(ExplanationRenderer.Render(film, explanation));
        var scale = picture.Width / 400.0;
        var top = picture.Height - 600 * scale;
        var (hot, cold) = (At(80, 100), At(300, 500));
        Assert.True(hot.Red > hot.Blue + 30, $"{hot}");
        Assert.Equal((cold.Red, cold.Red), (cold.Green, cold.Blue));

        SKColor At(int x, int y) => picture.GetPixel((int)(x * scale), (int)(top + y * scale));
    }

    [Fact]
    public void Evidence_has_the_colour_of_its_spread_and_a_spine_without_any_has_no_picture()
    {
        var (film, finding) = (ReportSamples.Radiograph(800, 1000), ReportSamples.Finding(800, 1000));
        Assert.Null(ExplanationRenderer.Render(film, finding.Spine()));
        var spine = ReportSamples.WithEvidence(finding.Spine());
        Assert.Equal(1, spine.Vertebrae[2].Evidence!.SpreadDegrees!.Value, 1e-6);
        using var picture = ReportSamples.Decode(ExplanationRenderer.Render(film, spine)!);
        // Fills of 0.5 and of 4 degrees, on grey: the latter's is far more yellow.
        var (little, much) = (Center(1), Center(8));
        Assert.True(much.Red - much.Blue > little.Red - little.Blue + 60, $"{little} {much}");

        SKColor Center(int n)
        {
            var scale = picture.Width / 800.0;
            var center = spine.Vertebrae[n].Corners.Center * scale;
            return picture.GetPixel((int)center.X, (int)(picture.Height - 1000 * scale + center.Y));
        }
    }

    [Fact]
    public void Colours_of_heat_are_equally_far_apart_and_ever_lighter()
    {
        var colors = HeatColors.All;
        Assert.Equal(256, colors.Distinct().Count());
        var steps = colors.Chunk(16).Zip(colors.Chunk(16).Skip(1), (a, b) => Distance(a[0], b[0])).ToList();
        Assert.InRange(steps.Max() / steps.Min(), 1, 1.1); // bytes round by some hundredths of such a step
        Assert.All(colors.Zip(colors.Skip(8)), pair => Assert.True(Grey(pair.Second) > Grey(pair.First)));
    }

    private static double Distance(SKColor a, SKColor b)
    {
        var (first, second) = (Oklab(a), Oklab(b));
        return Math.Sqrt(first.Zip(second, (x, y) => (x - y) * (x - y)).Sum());
    }

    private static double Grey(SKColor color) => Oklab(color)[0];

    /// <summary>From sRGB, by the matrices of Ottosson's page in the other direction.</summary>
    private static double[] Oklab(SKColor color)
    {
        var (r, g, b) = (Linear(color.Red), Linear(color.Green), Linear(color.Blue));
        var l = Math.Cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
        var m = Math.Cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
        var s = Math.Cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
        return
        [
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
        ];

        static double Linear(byte value) =>
            value / 255.0 is var v && v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);
    }
}
