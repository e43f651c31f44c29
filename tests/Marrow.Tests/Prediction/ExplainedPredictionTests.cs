using System.Text.Json.Nodes;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Tasks;

namespace Marrow.Tests.Prediction;

/// <summary>Explanations by the checkpoints that ship, and what is said where there are none.</summary>
public class ExplainedPredictionTests
{
    private const string Detector = "retinanet-resnet16-mlnet.spineweb16",
        Regressor = "cobb-resnet16-mlnet.spineweb16",
        Chest = "densenet121.cxr-pediatric";

    private static readonly LocalHub Hub = new(Path.Combine(Repository.Root(), "hub"));

    private static Radiograph ChestFilm()
    {
        var film = PhantomGenerator.Chest(5, 2);
        return new(film.Width, film.Height, [.. film.Pixels.Select(p => (ushort)p)], 8, "chest");
    }

    private static Radiograph SpineFilm()
    {
        var film = PhantomGenerator.Spine(5, 2);
        return new(film.Width, film.Height, [.. film.Pixels.Select(p => (ushort)p)], 8, "spine");
    }

    private static string Without(Finding explained)
    {
        var document = JsonNode.Parse(FindingJson.Write(explained))!.AsObject();
        document.Remove("explanations");
        foreach (var vertebra in document["vertebrae"]?.AsArray() ?? [])
            vertebra!.AsObject().Remove("evidence");
        return document.ToJsonString();
    }

    [Fact]
    public void Asking_for_an_explanation_changes_nothing_else_of_what_is_said_of_a_chest()
    {
        using var predictor = PredictorSet.Open(Hub, Chest);
        var film = ChestFilm();
        var (plain, explained) = (predictor.Predict(film), predictor.Explain(film));
        Assert.Equal(Without(plain), Without(explained));
        Assert.Null(plain.Part<ExplanationsPart>());

        var only = explained.Part<ExplanationsPart>()!.Explanations.Single();
        Assert.Equal(plain.Part<ClassesPart>()!.Class, only.Of.Name);
        Assert.InRange(only.Peak!.Value.X, 0, film.Width);
        Assert.Equal(1, only.InsideShare); // the input is the film, stretched
        var heat = only.HeatPixels();
        Assert.Equal(film.Width * film.Height, heat.Length);
        Assert.InRange(heat[(int)only.Peak.Value.Y * film.Width + (int)only.Peak.Value.X], 245, 255);

        var chosen = predictor.Explain(film, "virus", "bacteria").Part<ExplanationsPart>()!;
        Assert.Equal(["virus", "bacteria"], chosen.Explanations.Select(e => e.Of.Name));
    }

    [Fact]
    public void A_spine_has_the_evidence_of_each_vertebra_and_maps_of_the_regressors_angles_beside_what_it_had()
    {
        using var predictor = PredictorSet.Open(Hub, Detector, Regressor);
        var film = SpineFilm();
        var (plain, explained) = (predictor.Predict(film), predictor.Explain(film));
        Assert.Equal(Without(plain), Without(explained));
        Assert.All(plain.Spine().Vertebrae, v => Assert.Null(v.Evidence));

        Assert.Equal(["cobb1", "cobb2", "cobb3"], predictor.Explainable);
        Assert.Equal(
            predictor.Explainable,
            explained.Part<ExplanationsPart>()!.Explanations.Select(e => e.Of.Name));
        var evidence = explained.Spine().Vertebrae.Select(v => v.Evidence!).ToList();
        Assert.All(evidence, e => Assert.InRange(e.Views, 0, 4)); // two looks, and the mirror image of each
        Assert.True(evidence.Count(e => e.Views == 4) >= 12, string.Join(' ', evidence.Select(e => e.Views)));
        Assert.All(evidence.Where(e => e.Views == 4), e =>
        {
            Assert.InRange(e.SpreadDegrees!.Value, 0, 15);
            Assert.InRange(e.SpreadPx!.Value, 0, 30);
            Assert.NotNull(e.MovedDegrees);
            Assert.InRange(e.MovedPx!.Value, 0, 40);
        });
    }

    [Fact]
    public void A_name_that_cannot_be_explained_is_refused_with_those_that_can()
    {
        using var chest = PredictorSet.Open(Hub, Chest);
        var error = Assert.Throws<MarrowException>(() => chest.Explain(ChestFilm(), "lung"));
        Assert.Contains("bacteria, normal, virus", error.Message, StringComparison.Ordinal);
        Assert.Contains("'lung'", error.Message, StringComparison.Ordinal);

        using var detector = PredictorSet.Open(Hub, Detector);
        Assert.Empty(detector.Explainable);
        error = Assert.Throws<MarrowException>(() => detector.Explain(SpineFilm(), "cobb1"));
        Assert.Contains("'cobb1'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CheckpointTask.Points, "score")]
    [InlineData(CheckpointTask.Segment, "masks")]
    [InlineData("detect", "boxes")]
    public void What_is_a_place_itself_says_what_to_look_at_instead(string name, string instead)
    {
        using var bench = new TaskBench();
        using var task = bench.Create(name);
        var explainer = new Explainer("made-up", task, task.Describe().Outputs, Compute.Float32);
        Assert.Empty(explainer.Names);
        var error = Assert.Throws<MarrowException>(() => explainer.Require([]));
        Assert.Contains(CheckpointTask.Classify, error.Message, StringComparison.Ordinal);
        Assert.Contains($"one for {name}", error.Message, StringComparison.Ordinal);
        Assert.Contains(instead, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.1, 0.7, 0.9, "c,b")] // those that are present, the likeliest first
    [InlineData(0.1, 0.3, 0.2, "b")] // none is: the likeliest
    public void Without_a_name_the_findings_that_are_present_are_explained(
        double a, double b, double c, string expected)
    {
        var part = new ClassesPart(
            null,
            [new("a", "probability", a), new("b", "probability", b), new("c", "probability", c)]);
        Assert.Equal(expected, string.Join(',', Explainer.Usual(part).Select(value => value.Name)));
    }

    [Fact]
    public void Without_a_name_the_most_probable_class_and_the_first_few_numbers_are_explained()
    {
        FoundValue[] values = [new("a", "", 1), new("b", "", null), new("c", "", 3), new("d", "", 4), new("e", "", 5)];
        Assert.Equal(["a", "c", "d"], Explainer.Usual(new NumbersPart(values)).Select(value => value.Name));
        Assert.Equal(["e"], Explainer.Usual(new ClassesPart("e", values)).Select(value => value.Name));
    }
}
