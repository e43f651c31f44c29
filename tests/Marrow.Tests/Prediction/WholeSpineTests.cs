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

    private static PredictorSet Predictor() =>
        PredictorSet.Open(new LocalHub(Path.Combine(Repository.Root(), "hub")));

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
    public void A_whole_film_is_measured_parts_of_it_are_not_and_a_border_changes_nothing()
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
            foreach (
                var (top, height) in ((int, int)[])
                    [(0, h / 2), (h / 2, h - h / 2), (0, 7 * h / 10), (3 * h / 10, 7 * h / 10)])
                RequireNothing(predictor.Predict(Cut(film, 0, top, w, height)));
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
