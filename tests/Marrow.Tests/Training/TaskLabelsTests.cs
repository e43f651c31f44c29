using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

/// <summary>
/// Tasks, labels and starts that do not fit are told before anything is trained, each with the remedy.
/// </summary>
public class TaskLabelsTests
{
    private static Recipe Parse(string task, string model, string data, string more = "") => RecipeReader.Parse($$"""
        name: r
        stages:
          - name: s
            task: {{task}}
            model: {{model}}
            data: {format: csv, {{data}}}
            {{more}}
        """, "r.yaml", []);

    private static string Error(string task, string model, string data, string more = "") =>
        Assert.Throws<MarrowException>(() => Parse(task, model, data, more)).Message;

    [Theory]
    [InlineData(
        "classify",
        "densenet-mini",
        "numbers",
        "task classify learns from a CSV of kind classes or findings, found kind numbers",
        "regress or regress-cobb"
    )]
    [InlineData(
        "regress",
        "regress-densenet-mini",
        "classes",
        "task regress learns from a CSV of kind numbers, found kind classes",
        "that learns from classes: classify"
    )]
    [InlineData(
        "points",
        "points-densenet-mini",
        "findings",
        "task points learns from a CSV of kind points, found kind findings",
        "classify"
    )]
    public void A_kind_that_does_not_fit_the_task_names_both_and_the_remedy(
        string task,
        string model,
        string kind,
        params string[] parts)
    {
        var error = Error(task, model, $"kind: {kind}");
        Assert.StartsWith("r.yaml:6:", error, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("regress", "regress-densenet-mini", "numbers")]
    [InlineData("points", "points-densenet-mini", "points")]
    [InlineData("classify", "densenet-mini", null)] // the columns tell
    public void Without_a_kind_it_is_the_tasks(string task, string model, string? kind) =>
        Assert.Equal(kind, Parse(task, model, "labelColumns: [a]").Stages[0].Data.Options.Kind);

    [Fact]
    public void A_flip_of_points_needs_the_pairs()
    {
        const string flip = "augment: {flipProbability: 0.5}";
        Assert.Contains(
            "data.mirrorPairs",
            Error("points", "points-densenet-mini", "labelColumns: [a, b]", flip),
            StringComparison.Ordinal);
        var pairs = Parse("points", "points-densenet-mini", "labelColumns: [a, b], mirrorPairs: {a: b}", flip)
            .Stages[0]
            .Data.Options.MirrorPairs;
        Assert.Equal("b", pairs!["a"]);
        Assert.Empty(
            Parse("points", "points-densenet-mini", "labelColumns: [a, b], mirrorPairs: {}", flip)
                .Stages[0]
                .Data.Options.MirrorPairs!);
    }

    [Fact]
    public void A_stage_can_not_start_from_one_with_another_backbone()
    {
        const string stages = """
            name: r
            stages:
              - {name: a, task: classify, model: densenet-mini, data: {format: csv}}
              - {name: b, task: points, model: points-densenet121, init: a, data: {format: csv}}
            """;
        var error = Assert.Throws<MarrowException>(() => RecipeReader.Parse(stages, "r.yaml", [])).Message;
        Assert.Contains(
            "stage 'a' has the backbone densenet-mini, and points-densenet121 another",
            error,
            StringComparison.Ordinal);
        Assert.Equal(2, RecipeReader.Parse(stages, "r.yaml", ["b.initCoverage=0.1"]).Stages.Count);
    }

    [Fact]
    public void Of_a_module_of_ones_own_images_with_labels_are_measured_and_divided_as_any()
    {
        Sample[] samples =
        [
            .. Enumerable
                .Range(0, 10)
                .Select(i => new Sample(id: $"{i}", imagePath: $"{i}.png", patient: $"{i}")
                {
                    Labels = i < 8 ? [1] : [],
                }),
        ];
        var labelled = samples.Where(s => LabelledSamples.IsLabelled(s, CheckpointTask.Custom)).ToList();
        Assert.Equal(8, labelled.Count);
        Assert.Equal(
            PatientSplit.Create(labelled, 0.25, 1).HeldOut,
            LabelledSamples.Divide(labelled, CheckpointTask.Custom, 0.25, 1).HeldOut);
    }
}
