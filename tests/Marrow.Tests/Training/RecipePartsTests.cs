using Marrow.Inputs;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

public class RecipePartsTests
{
    private const string Parts = """
        - {name: chest, task: classify, data: {name: cxr, format: csv}}
        - name: age
          task: regress
          batch: 4
          weight: 0.5
          data: {name: hands, format: csv, labelColumns: [months], heldOut: 0.3, validation: 0.1}
          input: {height: 128, fit: letterbox}
          augment: {rotationDegrees: 3}
        - {name: hidden, task: pretrain, data: {name: cxr, format: images}, pretrain: {patch: 32}, augment: none}
        """;

    private static Recipe Read(string parts, string stage = "", string[]? set = null, string model = "multi-resnet18")
    {
        var text = $"""
            name: r
            heldOut: 0.25
            stages:
              - name: trunk
                task: multitask
                model: {model}
                input: {"{width: 192, height: 96}"}
                augment: {"{rotationDegrees: 20, noise: 0.1}"}
                train: {"{batch: 8, steps: 10}"}
                {stage}
                datasets:
            {string.Join('\n', parts.ReplaceLineEndings("\n").Split('\n').Select(line => $"      {line}"))}
            """;
        return RecipeReader.Parse(text, "r.yaml", set ?? []);
    }

    [Fact]
    public void Each_part_is_read_as_the_stage_that_it_would_be_alone()
    {
        var stage = Assert.Single(Read(Parts).Stages);
        Assert.Equal(["chest", "age", "hidden"], stage.Parts.Select(part => part.Name));
        Assert.Equal(["trunk.chest", "trunk.age", "trunk.hidden"], stage.Each.Select(one => one.Name));
        Assert.Equal(["resnet18", "regress-resnet18", "pretrain-resnet18"], stage.Each.Select(one => one.Model));
        Assert.Equal([1, 0.5, 1], stage.Parts.Select(part => part.Weight));
        Assert.Equal([8, 4, 8], stage.Each.Select(one => one.Train.Batch));
        Assert.Equal([0.25, 0.3, 0.25], stage.Each.Select(one => one.Data.HeldOut));
        Assert.Equal([0, 0.1, 0], stage.Each.Select(one => one.Data.Validation));
        Assert.Equal(32, stage.Each[2].Pretrain!.PatchPixels);
        Assert.Equal("multi-resnet18.trunk", stage.CheckpointName);
    }

    [Fact]
    public void A_part_takes_over_what_it_does_not_say_of_its_input_and_augmentation()
    {
        var stage = Read(Parts).Stages[0];
        Assert.Equal([(192, 96), (192, 128), (192, 96)], stage.Each.Select(one => (one.Input.Width, one.Input.Height)));
        Assert.Equal([Fit.Stretch, Fit.Letterbox, Fit.Stretch], stage.Each.Select(one => one.Input.Fit));
        Assert.Equal([20, 3, 0], stage.Each.Select(one => one.Augment.Strength * one.Augment.RotationDegrees));
        Assert.Equal([0.1, 0.1], stage.Each.Take(2).Select(one => one.Augment.Noise));
    }

    [Fact]
    public void The_recipe_names_the_data_of_every_part_once() =>
        Assert.Equal(["cxr", "hands"], Read(Parts).DataNames);

    [Fact]
    public void An_override_reaches_a_part_by_its_name()
    {
        var stage = Read(Parts, set: ["trunk.datasets.age.batch=2", "trunk.datasets.chest.data.heldOut=0"]).Stages[0];
        Assert.Equal([8, 2, 8], stage.Each.Select(one => one.Train.Batch));
        Assert.Equal(0, stage.Each[0].Data.HeldOut);
        var error = Assert.Throws<MarrowException>(() => Read(Parts, set: ["trunk.datasets.foot.batch=2"]));
        Assert.Contains("datasets has nothing called 'foot'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: a part", "- {name: A B, task: classify, data: {format: csv}}", "name: expected lower-case")]
    [InlineData("no name", "- {task: classify, data: {format: csv}}", "part 1 lacks name. Add name: chest.")]
    [InlineData("a metric's name", "- {name: dice, task: classify, data: {format: csv}}", "'dice' is a metric")]
    [InlineData("no data", "- {name: a, task: classify}", "part 'a' lacks data")]
    [InlineData("no task", "- {name: a, data: {format: csv}}", "part 'a' lacks task")]
    [InlineData("itself", "- {name: a, task: multitask, data: {format: csv}}", "task: expected")]
    [InlineData("strips", "- {name: a, task: refine-points, data: {format: csv}}", "task: expected")]
    [InlineData("a number", "- {name: a, task: classify, weight: 0, data: {format: csv}}", "weight: expected a number")]
    [InlineData("unknown", "- {name: a, task: classify, init: x, data: {format: csv}}", "unknown key 'init' in part")]
    [InlineData("kind", "- {name: a, task: classify, data: {format: csv, kind: boxes}}", "learns from a CSV of kind")]
    [InlineData("labels", "- {name: a, task: classify, data: {format: csv, softLabelsFrom: x.y}}", "not in datasets")]
    [InlineData("detector", "- {name: a, task: classify, detector: {}, data: {format: csv}}", "task classify has none")]
    [InlineData("hidden", "- {name: a, task: pretrain, pretrain: {patch: 50}, data: {format: images}}", "patch: ")]
    [InlineData("mirror", "- {name: a, task: points, augment: {flipProbability: 1}, data: {format: csv, kind: points}}",
        "does not say which of them change places")]
    [InlineData("no map", "- chest", "part 1: expected keys and values")]
    [InlineData("inputs", "- {name: a, task: classify, data: {format: csv}}\n"
        + "- {name: b, task: classify, input: {channels: 3}, data: {format: csv}}", "one number of channels")]
    [InlineData("twice", "- {name: a, task: classify, data: {format: csv}}\n"
        + "- {name: a, task: classify, data: {format: csv}}", "an earlier part is called 'a' too")]
    public void Mistakes_of_a_part_are_told_with_their_place(string what, string parts, string message)
    {
        var error = Assert.Throws<MarrowException>(() => Read(parts)).Message;
        Assert.True(error.Contains(message, StringComparison.Ordinal), $"{what}: {error}");
        Assert.Matches(@"^r\.yaml:\d+:\d+: ", error);
    }

    [Theory]
    [InlineData("data: {format: csv}", "data: task multitask learns from several data sets")]
    [InlineData("detector: {}", "detector: task multitask has none")]
    [InlineData("pretrain: {}", "pretrain: task multitask hides nothing")]
    [InlineData("crop: a.b", "crop")]
    [InlineData("unlabeled: {format: images}", "unlabeled")]
    public void A_stage_of_several_tasks_has_no_section_of_one_task(string line, string message)
    {
        var error = Assert.Throws<MarrowException>(() => Read(Parts, line)).Message;
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Matches(@"^r\.yaml:\d+:\d+: ", error);
    }

    [Theory]
    [InlineData("metric", "auroc")]
    [InlineData("patience", "3")]
    [InlineData("refusedShare", "0.1")]
    public void Nothing_is_chosen_by_validation_images(string key, string value)
    {
        var error = Assert.Throws<MarrowException>(() => Read(Parts, set: [$"trunk.{key}={value}"])).Message;
        Assert.Contains($"{key}: task multitask chooses nothing", error, StringComparison.Ordinal);
    }

    [Fact]
    public void One_to_twenty_parts_are_wanted_and_only_of_the_task_that_has_parts()
    {
        Says("trunk.datasets=[]", "datasets: expected a list of 1 to 20, found 0");
        Says("trunk.datasets=7", "datasets: expected a list of 1 to 20, found '7'");
        Says("trunk.datasets=", "lacks datasets");
        Says("trunk.task=classify", "datasets: task classify learns from one data set");

        static void Says(string set, string message) => Assert.Contains(
            message, Assert.Throws<MarrowException>(() => Read(Parts, set: [set])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_recipe_of_all_radiographs_has_a_part_for_each_kind_of_them()
    {
        var recipe = RecipeReader.Read(Path.Combine(Repository.Root(), "recipes", "radiographs.yaml"), []);
        var stage = Assert.Single(recipe.Stages);
        Assert.Equal(
            ["classify", "classify", "classify", "regress", "points", "detect", "pretrain"],
            stage.Each.Select(one => one.Task));
        Assert.Equal(
            ["cxr", "fracatlas", "hands", "cephalometric", "spine-extra", "spine-generated"], recipe.DataNames);
        Assert.All(stage.Each, one => Assert.InRange(one.Data.HeldOut, 0.01, 0.2));
        Assert.All(stage.Each, one => Assert.Equal(0, one.Data.Validation));
        Assert.Equal("multi-resnet16-mlnet.radiographs", stage.CheckpointName);
    }
}
