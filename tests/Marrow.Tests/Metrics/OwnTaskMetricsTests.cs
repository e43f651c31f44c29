using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

/// <summary>Points, numbers and studies.</summary>
public class OwnTaskMetricsTests
{
    private static readonly Point2D Unlabelled = new(double.NaN, double.NaN);

    private static double Of(IEnumerable<MetricValue> metrics, string name) =>
        metrics.Single(m => m.Name == name).Value;

    [Fact]
    public void Point_errors_are_in_original_pixels_and_in_shares_of_the_diagonal()
    {
        var metrics = PointErrors.Measure(
            ["a", "b"],
            [
                new()
                {
                    Truth = [new(10, 10), new(100, 50)],
                    Found = [new(13, 14), new(100, 62)],
                    ImageWidth = 300,
                    ImageHeight = 400,
                    Patient = "p",
                }, // 5 and 12 px of 500
                new()
                {
                    Truth = [new(0, 0), Unlabelled],
                    Found = [new(0, 1), new(9, 9)],
                    ImageWidth = 30,
                    ImageHeight = 40,
                    Patient = "q",
                }, // 1 px of 50
            ]);
        Assert.Equal((5 + 12 + 1) / 3.0, Of(metrics, "point-error"), 1e-9);
        Assert.Equal(5, Of(metrics, "point-error-median"), 1e-9);
        Assert.Equal((1 + 2.4 + 2) / 3, Of(metrics, "point-nme"), 1e-9);
        Assert.Equal(1 / 3.0, Of(metrics, "points-within-1"), 1e-9);
        Assert.Equal(2 / 3.0, Of(metrics, "points-within-2"), 1e-9);
        Assert.Equal(1, Of(metrics, "points-within-5"), 1e-9);
        Assert.Equal(3, Of(metrics, "point-error.a"), 1e-9);
        Assert.Equal(
            (12, 1, "px"),
            (
                Of(metrics, "point-error.b"),
                metrics.Single(m => m.Name == "point-error.b").Count,
                metrics.Single(m => m.Name == "point-error.b").Unit));
    }

    [Fact]
    public void Point_errors_are_in_millimetres_where_the_size_of_a_pixel_is_known()
    {
        PointPair Pair(double? mmPerPixel, params double[] errors) => new()
        {
            Truth = [.. errors.Select((_, k) => new Point2D(10 * k, 10))],
            Found = [.. errors.Select((error, k) => new Point2D(10 * k, 10 + error))],
            ImageWidth = 300,
            ImageHeight = 400,
            Patient = "p",
            MmPerPixel = mmPerPixel,
        };
        var metrics = PointErrors.Measure(["a", "b"], [Pair(0.5, 4, 5), Pair(null, 90, 90), Pair(0.1, 28, 41)]);
        Assert.Equal((2 + 2.5 + 2.8 + 4.1) / 4, Of(metrics, "point-error-mm"), 1e-9);
        Assert.Equal("mm", metrics.Single(m => m.Name == "point-error-mm").Unit);
        Assert.Equal(2, metrics.Single(m => m.Name == "point-error-mm").Count); // images
        Assert.Equal(
            [0.25, 0.5, 0.75, 0.75],
            ((string[])["2mm", "2_5mm", "3mm", "4mm"]).Select(name => Of(metrics, $"points-within-{name}")));
        Assert.DoesNotContain(PointErrors.Measure(["a"], [Pair(null, 3)]), m => m.Name.Contains("mm"));
    }

    [Fact]
    public void Numbers_are_measured_by_column_in_their_unit_and_over_all_without_one()
    {
        var metrics = NumberErrors.Measure([new("age", "years", 10), new("dose", "mGy", 2)],
            [[50, 1], [60, double.NaN], [70, 3], [40, 5]], [[52, 1], [57, 9], [70, 4], [45, 5]], ["a", "b", "c", "c"]);
        Assert.Equal((2 + 3 + 0 + 5) / 4.0, Of(metrics, "mae.age"), 1e-9);
        Assert.Equal(1 / 3.0, Of(metrics, "mae.dose"), 1e-9);
        Assert.Equal(Math.Sqrt((4 + 9 + 25) / 4.0), Of(metrics, "rmse.age"), 1e-9);
        Assert.Equal((2.5 / 10 + 1 / 3.0 / 2) / 2, Of(metrics, "nmae"), 1e-9);
        Assert.Equal(1 - 9.5 / 125, Of(metrics, "r2.age"), 1e-9); // the labels' variance is 125
        Assert.Equal(1 - 1 / 3.0 / (8 / 3.0), Of(metrics, "r2.dose"), 1e-9);
        Assert.Equal(
            ("years", "mGy", "", 3),
            (Unit("mae.age"), Unit("rmse.dose"), Unit("mae"), metrics.Single(m => m.Name == "mae.dose").Count));
        Assert.Equal("", Unit("r2.age"));

        string Unit(string name) => metrics.Single(m => m.Name == name).Unit;
    }

    [Fact]
    public void Pearson_is_one_for_any_rising_line_where_r2_is_not()
    {
        var truth = Enumerable.Range(0, 9).Select(i => (IReadOnlyList<double>)[i]).ToList();
        var metrics = NumberErrors.Measure(
            [new("n", "", 1)],
            truth,
            [.. truth.Select(t => (IReadOnlyList<double>)[3 * t[0] + 2])],
            [.. truth.Select(t => $"{t[0]}")]);
        Assert.Equal(1, Of(metrics, "pearson"), 1e-12);
        Assert.True(Of(metrics, "r2") < 0);
        Assert.DoesNotContain(metrics, m => m.Name.Contains('.')); // one column is all there is
    }

    [Fact]
    public void A_number_that_never_varies_has_no_correlation()
    {
        var metrics = NumberErrors.Measure([new("n", "", 1)], [[0.1], [0.1], [0.1]], [[1], [2], [3]], ["a", "b", "c"]);
        Assert.True(double.IsNaN(Of(metrics, "pearson")) && double.IsNaN(Of(metrics, "r2")));
    }

    [Fact]
    public void A_study_is_judged_by_the_mean_of_its_images()
    {
        // Study 1 is abnormal by its mean alone; by images two of five are wrong, by studies none of three.
        StudyOrigin[] origins =
        [
            new("s1", "p1", "XR_HAND"),
            new("s1", "p1", "XR_HAND"),
            new("s1", "p1", "XR_HAND"),
            new("s1", "p2", "XR_WRIST"),
            new("s1", "p3", "XR_WRIST"),
        ];
        float[][] truth = [[1], [1], [1], [0], [1]];
        float[][] scores = [[0.45f], [0.9f], [0.48f], [0.2f], [0.8f]];
        var metrics = StudyScores.Measure(["abnormal"], truth, scores, origins, exclusive: false);
        Assert.Equal(1, Of(metrics, "study-kappa"));
        Assert.Equal((1.0, 3), (Of(metrics, "study-accuracy"), metrics.Single(m => m.Name == "study-accuracy").Count));
        Assert.Equal(1, Of(metrics, "study-kappa.XR_WRIST"));
        Assert.True(double.IsNaN(Of(metrics, "study-kappa.XR_HAND"))); // one study
        Assert.NotEqual(
            1,
            Of(
                Classification.Measure(
                    ["abnormal"],
                    truth,
                    scores,
                    [.. origins.Select(o => o.Patient)],
                    exclusive: false),
                "kappa"));
        Assert.Empty(
            StudyScores.Measure(
                ["abnormal"],
                truth,
                scores,
                [.. origins.Select(o => o with { Study = "" })],
                exclusive: false));
    }
}
