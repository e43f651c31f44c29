using System.Text.Json.Nodes;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Reports;

namespace Marrow.Tests.Prediction;

/// <summary>
/// The checkpoints that ship, on films that nobody has to have: from a file to what is said of it, held against what
/// was said when the golden findings were written. What a processor's rounding may change is far less than the
/// tolerances: bfloat16 moves angles by some tenths of a degree and probabilities by a hundredth.
/// </summary>
public class PredictorSetTests
{
    private const string Detector = "retinanet-resnet16-mlnet.spineweb16",
        Strip = "strip-resnet16-mlnet.spineweb16",
        Regressor = "cobb-resnet16-mlnet.spineweb16",
        Chest = "densenet121.cxr-pediatric",
        NewestOfChests = "resnet16-mlnet.cxr-pediatric";
    private const double Degrees = 1, Pixels = 3, Share = 0.05;

    private static readonly LocalHub Hub = new(Path.Combine(Repository.Root(), "hub"));

    private static Radiograph Film(bool spine)
    {
        const ulong seed = 5;
        var (width, height, pixels) = spine
            ? PhantomGenerator.Spine(seed, 2) is var s ? (s.Width, s.Height, s.Pixels) : default
            : PhantomGenerator.Chest(seed, 2) is var c ? (c.Width, c.Height, c.Pixels) : default;
        return new(width, height, [.. pixels.Select(p => (ushort)p)], 8, spine ? "spine" : "chest");
    }

    /// <summary>
    /// Returns what was found when the golden finding was written. With MARROW_WRITE_GOLDEN=1 in the environment it is
    /// written anew first, as it must be when other checkpoints ship.
    /// </summary>
    private static JsonNode Golden(string name, Finding found)
    {
        var path = Path.Combine(Repository.Root(), "tests", "Marrow.Tests", "Prediction", $"golden-{name}.json");
        if (Environment.GetEnvironmentVariable("MARROW_WRITE_GOLDEN") == "1")
            File.WriteAllText(path, FindingJson.Write(found) + "\n");
        return JsonNode.Parse(File.ReadAllText(path))!;
    }

    private static double[] Numbers(JsonNode? array) => [.. array!.AsArray().Select(n => n!.GetValue<double>())];

    private static void Near(double[] expected, IReadOnlyList<double> found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Count);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    [Fact]
    public void A_film_of_a_spine_gives_the_angles_and_corners_that_it_gave()
    {
        using var predictor = PredictorSet.Open(Hub, Detector, Strip, Regressor);
        var found = predictor.Predict(Film(spine: true));
        var (golden, spine) = (Golden("spine", found), found.Spine());

        Assert.Equal(golden["status"]!.GetValue<string>(), found.Status.ToString().ToLowerInvariant());
        Assert.Equal(golden["severity"]?.GetValue<string>(), spine.Severity?.ToString().ToLowerInvariant());
        Near(Numbers(golden["cobbDegrees"]), spine.CobbDegrees, Degrees);
        Near(Numbers(golden["angles"]!["fused"]), spine.FusedDegrees, Degrees);
        Assert.Equal(spine.LandmarkAngles!.Degrees, spine.CobbDegrees);
        Near(Numbers(golden["angles"]!["expected"]), spine.ExpectedDegrees, Degrees);
        Near(Numbers(golden["angles"]!["regressor"]), spine.RegressorDegrees, Degrees);
        foreach (var (vertebra, expected) in spine.Vertebrae.Zip(golden["vertebrae"]!.AsArray()))
        {
            Assert.Equal(expected!["level"]!.GetValue<string>(), vertebra.Level);
            var corners = (Point2D[])
                [
                    vertebra.Corners.TopLeft,
                    vertebra.Corners.TopRight,
                    vertebra.Corners.BottomLeft,
                    vertebra.Corners.BottomRight,
                ];
            foreach (var (corner, place) in corners.Zip(expected["corners"]!.AsArray()))
                Near(Numbers(place), [corner.X, corner.Y], Pixels);
        }
        Assert.Equal(["landmarks", "strip", "cobb"], found.Checkpoints.Select(c => c.Role));
    }

    [Fact]
    public void A_film_of_a_chest_gives_the_probabilities_that_it_gave_and_no_spine_is_seen_on_it()
    {
        using var predictor = PredictorSet.Open(Hub, Chest);
        var found = predictor.Predict(Film(spine: false));
        var golden = Golden("chest", found);
        Assert.Equal(golden["class"]!.GetValue<string>(), found.Part<ClassesPart>()!.Class);
        Near(
            [.. golden["values"]!.AsArray().Select(v => v!["value"]!.GetValue<double>())],
            [.. found.Part<ClassesPart>()!.Values.Select(v => v.Value!.Value)],
            Share);

        using var spines = PredictorSet.Open(Hub);
        var refused = spines.Predict(Film(spine: false));
        Assert.Equal(FindingStatus.Refused, refused.Status);
        Assert.Empty(refused.Spine().CobbDegrees);
        // Nor does the classifier of chests know this drawn one.
        Assert.Contains($"the nearest, {NewestOfChests}, is ", refused.Warnings[^1], StringComparison.Ordinal);
        Assert.Null(spines.TableOf(refused));
    }

    [Fact]
    public void Findings_of_other_checkpoints_go_into_tables_of_their_own()
    {
        using var predictor = PredictorSet.Open(Hub);
        Assert.Equal([NewestOfChests], predictor.Tables);
        Assert.Equal(["class", "bacteria", "normal", "virus"], predictor.ColumnsOf(NewestOfChests));
        Assert.Equal(predictor.Columns, predictor.ColumnsOf(null));
        var film = Film(spine: false);
        using var folder = new TemporaryFolder();
        var files = new FindingFiles(folder.Path, predictor.Columns, overlays: false);
        using (var chests = PredictorSet.Open(Hub, NewestOfChests))
            files.Write(chests.Predict(film), film, table: (NewestOfChests, predictor.ColumnsOf(NewestOfChests)));
        files.WriteCsv();
        Assert.StartsWith("file,cobb1,", File.ReadAllText(folder["predictions.csv"]), StringComparison.Ordinal);
        Assert.Equal(
            "file,class,bacteria,normal,virus,status",
            File.ReadAllLines(folder[$"predictions.{NewestOfChests}.csv"])[0]);
        files.WriteCsv(); // Its own table is replaced, another's is not.
        File.AppendAllText(folder[$"predictions.{NewestOfChests}.csv"], "mine\n");
        Assert.Throws<MarrowException>(files.WriteCsv);
        Assert.Throws<MarrowException>(() =>
            FindingFiles.RequireFree(folder.Path, [], overlays: false, predictor.Masks, predictor.Tables));
    }

    [Fact]
    public async Task Several_threads_get_what_one_gets()
    {
        using var predictor = PredictorSet.Open(Hub, Chest);
        var film = Film(spine: false);
        var alone = FindingJson.Write(predictor.Predict(film));
        var together = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => FindingJson.Write(predictor.Predict(film)))));
        Assert.All(together, found => Assert.Equal(alone, found));
    }

    [Fact]
    public void Specks_are_refused_and_after_the_end_nothing_is_measured()
    {
        var predictor = PredictorSet.Open(Hub, Chest);
        var speck = new Radiograph(15, 200, new ushort[3000], 8, "speck");
        var error = Assert.Throws<MarrowException>(() => predictor.Predict(speck));
        Assert.Contains(
            "speck: expected sides of 16 px or more, found 15x200", error.Message, StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => predictor.Predict(new Radiograph(0, 0, [], 8, "nothing")));
        predictor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => predictor.Predict(Film(spine: false)));
    }

    [Fact]
    public void A_model_of_strips_asks_for_the_detector_that_finds_its_curve()
    {
        var error = Assert.Throws<MarrowException>(() => PredictorSet.Open(Hub, Strip));
        Assert.Contains(Strip, error.Message, StringComparison.Ordinal);
        Assert.Contains("a detector of vertebrae beside it", error.Message, StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => PredictorSet.Open(Hub, Regressor, Strip));
    }

    [Fact]
    public void Checkpoints_that_do_not_go_together_are_refused_by_name()
    {
        var error = Assert.Throws<MarrowException>(() => PredictorSet.Open(Hub, Detector, Chest));
        Assert.Contains(Chest, error.Message, StringComparison.Ordinal);
        Assert.Contains("give one for another task alone", error.Message, StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => PredictorSet.Open(Hub, "densenet121.absent"));
    }

    [Fact]
    public void An_image_that_cannot_be_read_has_a_finding_of_the_same_columns()
    {
        using var predictor = PredictorSet.Open(Hub, Chest);
        var failed = predictor.Failed("a.png", "no image");
        Assert.Equal(FindingStatus.Failed, failed.Status);
        Assert.Equal(predictor.Columns.Count + 2, new FindingTable(predictor.Columns).Row(failed).Count);
        Assert.Equal(
            ["file", "class", "bacteria", "normal", "virus", "status"],
            new FindingTable(predictor.Columns).Header);
    }
}
