using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

public class RecipeBesideTests
{
    private const string Boxes =
        "{name: clinic, task: detect, batch: 1, weight: 0.3, augment: {rotationDegrees: 3}, "
        + "data: {name: extra, format: csv, kind: boxes}}";

    private static Recipe Read(string beside, string task = "detect-vertebrae", string model = "retinanet-resnet18",
        string more = "") => RecipeReader.Parse($$"""
            name: r
            heldOut: 0.25
            stages:
              - name: spine
                task: {{task}}
                model: {{model}}
                data: {name: own, format: spineweb16}
                augment: {rotationDegrees: 20, noise: 0.1}
                train: {batch: 4, steps: 10}
                {{more}}
                beside: {{beside}}
            """, "r.yaml", []);

    [Fact]
    public void A_further_data_set_has_a_task_a_batch_a_weight_and_what_it_does_not_say_from_the_stage()
    {
        var recipe = Read($"[{Boxes}, {{name: more, data: {{name: more, format: spineweb16}}}}]");
        var stage = Assert.Single(recipe.Stages);

        Assert.Equal(["own", "extra", "more"], recipe.DataNames);
        Assert.Equal(["spine", "spine.clinic", "spine.more"], stage.Each.Select(one => one.Name));
        Assert.Equal(["detect-vertebrae", "detect", "detect-vertebrae"], stage.Each.Select(one => one.Task));
        Assert.Equal([4, 1, 4], stage.Each.Select(one => one.Train.Batch));
        Assert.Equal([0.3, 1], stage.Beside.Select(part => part.Weight));
        Assert.Equal([20, 3, 20], stage.Each.Select(one => one.Augment.RotationDegrees));
        Assert.Equal([0.1, 0.1, 0.1], stage.Each.Select(one => one.Augment.Noise));
        Assert.Equal([0.1, 0, 0], stage.Each.Select(one => one.Data.Validation));
        Assert.Empty(stage.Parts);
    }

    [Theory]
    [InlineData("[{name: a, task: classify, data: {format: csv}}]", "", "task: expected detect-vertebrae or detect")]
    [InlineData("[{data: {format: spineweb16}}]", "", "beside 1 lacks name")]
    [InlineData("[{name: a}]", "", "beside 'a' lacks data")]
    [InlineData("[{name: smape, data: {format: spineweb16}}]", "", "name: 'smape' is taken")]
    [InlineData("[{name: a, data: {format: spineweb16}}, {name: a, data: {format: spineweb16}}]", "", "is taken")]
    [InlineData("[{name: a, input: {width: 9}, data: {format: spineweb16}}]", "", "unknown key 'input' in beside 'a'")]
    [InlineData("[]", "", "beside: expected a list of 1 to 20")]
    [InlineData("[{name: a, task: detect, data: {format: csv, kind: points}}]", "", "kind boxes, found kind points")]
    [InlineData("[{name: a, data: {format: spineweb16}}]", "unlabeled: {format: images}", "together with unlabeled")]
    public void Mistakes_are_told(string beside, string more, string expected) =>
        Assert.Contains(
            expected, Assert.Throws<MarrowException>(() => Read(beside, more: more)).Message, StringComparison.Ordinal);

    [Fact]
    public void Strips_and_several_tasks_learn_from_nothing_beside()
    {
        foreach (var (task, model) in ((string, string)[])
            [("refine-points", "strip-resnet18"), ("multitask", "multi-resnet18")])
        {
            var error = Assert.Throws<MarrowException>(() => Read($"[{Boxes}]", task, model));
            Assert.Contains($"beside: task {task} learns from nothing beside", error.Message, StringComparison.Ordinal);
        }
    }
}
