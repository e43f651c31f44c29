using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;

namespace Marrow.Tests.Prediction;

/// <summary>
/// The shipped checkpoints on published films, found by MARROW_DATA: what shows a whole spine is measured, what does
/// not is not.
/// </summary>
[Trait("Category", "RealData")]
public sealed class WholeSpineTests
{
    private static string Film(string path)
    {
        var data = Environment.GetEnvironmentVariable("MARROW_DATA");
        Assert.SkipWhen(
            string.IsNullOrEmpty(data) || !Path.Exists(Path.Combine(data, path)),
            $"MARROW_DATA names no folder with {path}.");
        return Path.Combine(data!, path);
    }

    private static LocalHub Hub => new(Path.Combine(Repository.Root(), "hub"));

    /// <summary>The checkpoints that measure spines, without the hub's others.</summary>
    private static PredictorSet Predictor() => PredictorSet.Open(
        Hub, "retinanet-resnet16-mlnet.spineweb16", "strip-resnet16-mlnet.spineweb16",
        "cobb-resnet16-mlnet.spineweb16");

    private static Radiograph Cut(Radiograph film, int left, int top, int width, int height)
    {
        var pixels = new ushort[width * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (fromX, fromY) = (left + x, top + y);
                pixels[y * width + x] =
                    fromX >= 0 && fromX < film.Width && fromY >= 0 && fromY < film.Height
                        ? film.Pixels[fromY * film.Width + fromX]
                        : (ushort)0;
            }
        }
        return new Radiograph(film)
        {
            Width = width,
            Height = height,
            OriginalWidth = width,
            OriginalHeight = height,
            Pixels = pixels,
        };
    }

    [Fact(Explicit = true)]
    public void A_film_of_another_kind_goes_to_the_checkpoint_that_knows_it()
    {
        using var predictor = PredictorSet.Open(Hub);
        var spine = predictor.Predict(RadiographReader.Read(First("spineweb16/data/training")));
        Assert.Null(predictor.TableOf(spine));
        Assert.NotNull(spine.Part<SpinePart>());

        var chest = predictor.Predict(RadiographReader.Read(First("cxr-pediatric")));
        Assert.Equal(Assert.Single(predictor.Tables), predictor.TableOf(chest));
        Assert.NotNull(chest.Part<ClassesPart>());
        Assert.Contains("The checkpoints for spines refuse it", chest.Warnings[^1], StringComparison.Ordinal);

        var hand = predictor.Predict(RadiographReader.Read(First("hand-boneage")));
        Assert.Equal(FindingStatus.Refused, hand.Status);
        Assert.Contains("No checkpoint of the hub knows such images", hand.Warnings[^1], StringComparison.Ordinal);

        static string First(string folder) => Directory
            .EnumerateFiles(Film(folder), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
    }

    [Fact(Explicit = true)]
    public void A_whole_film_is_measured_and_a_border_changes_nothing()
    {
        var folder = Film("spineweb16/data/training");
        using var predictor = Predictor();
        foreach (var path in Directory.GetFiles(folder, "*.jpg").Order(StringComparer.Ordinal).Take(3))
        {
            var film = RadiographReader.Read(path);
            var (w, h) = (film.Width, film.Height);
            var whole = predictor.Predict(film);

            Assert.Equal(3, whole.Spine().CobbDegrees.Count);
            var bordered = predictor.Predict(Cut(film, -w / 5, -h / 5, w + 2 * (w / 5), h + 2 * (h / 5)));
            Assert.Equal(whole.Spine().CobbDegrees[0], bordered.Spine().CobbDegrees[0], 0.3);
            Assert.Equal(
                whole.Spine().Vertebrae[8].Corners.Center.X + w / 5,
                bordered.Spine().Vertebrae[8].Corners.Center.X,
                3.0);
        }
    }

    /// <summary>
    /// Halves are refused, and what lacks T1 to about T5. What lacks the lower lumbar vertebrae looks much like a short
    /// spine, on films that the detector has learnt above all: a quarter or so of such films are measured
    /// (docs/predictions.md, "Limits").
    /// </summary>
    [Fact(Explicit = true)]
    public void Films_that_are_cut_off_are_refused_the_sooner_the_more_is_missing()
    {
        const int films = 20;
        string[] paths =
            [.. Directory.GetFiles(Film("spineweb16/data/training"), "*.jpg").Order(StringComparer.Ordinal)];
        using var predictor = Predictor();
        predictor.Fast = true; // It refuses by the first look in any case.
        var (halves, lower, upper) = (0, 0, 0);
        for (var i = 0; i < films; i++)
        {
            var film = RadiographReader.Read(paths[i * paths.Length / films]);
            halves += Refused(film, 0, 0.5) + Refused(film, 0.5, 0.5);
            lower += Refused(film, 0.3, 0.7);
            upper += Refused(film, 0, 0.7);
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{halves} of {2 * films}, {lower} and {upper} of {films}");
        Assert.InRange(halves, 2 * films - 1, 2 * films);
        Assert.InRange(lower, films - 1, films);
        Assert.InRange(upper, films / 2, films);

        int Refused(Radiograph film, double top, double height)
        {
            var finding = predictor.Predict(
                Cut(film, 0, (int)(top * film.Height), film.Width, (int)(height * film.Height)));
            if (finding.Status != FindingStatus.Refused)
                return 0;
            RequireNothing(finding);
            return 1;
        }
    }

    [Theory(Explicit = true)]
    [InlineData("hand-boneage/images")]
    [InlineData("cephalometric/images")]
    [InlineData("fracatlas/images")]
    [InlineData("cxr-pediatric/images/normal")]
    public void Other_parts_of_the_body_are_not_measured(string folder)
    {
        var images = Film(folder);
        using var predictor = Predictor();
        foreach (var path in Directory.GetFiles(images).Order(StringComparer.Ordinal).Take(5))
            RequireNothing(predictor.Predict(path).Finding);
    }

    private static void RequireNothing(Finding finding)
    {
        Assert.Equal(FindingStatus.Refused, finding.Status);
        Assert.Empty(finding.Spine().CobbDegrees);
        Assert.Null(finding.Spine().Severity);
        Assert.Contains(
            ["No whole spine was found", "The image is unlike those of the training"],
            reason => finding.Warnings[0].StartsWith(reason, StringComparison.Ordinal));
    }
}
