using System.Globalization;
using CsCheck;
using Marrow.Inputs;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

public class RecipeReaderTests
{
    private const string Small = """
        name: small
        stages:
          - name: features
            task: classify
            model: densenet121
            data: {name: cxr, format: csv}
          - name: landmarks
            task: detect-vertebrae
            model: retinanet-densenet121
            init: features
            data: {format: spineweb16}
          - name: cobb
            task: regress-cobb
            model: cobb-densenet121
            init: landmarks
            data: {format: spineweb16}
        """;

    public static TheoryData<string> ShippedRecipes =>
    [
        .. Directory.GetFiles(Recipes, "*.yaml", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Recipes, path)),
    ];

    private static string Recipes => Path.Combine(Repository.Root(), "recipes");

    [Theory, MemberData(nameof(ShippedRecipes))]
    public void Every_shipped_recipe_is_read(string file)
    {
        var path = Path.Combine(Recipes, file);
        var recipe = RecipeReader.Read(path, []);
        Assert.NotEmpty(recipe.Stages);
        Assert.Equal(File.ReadAllText(path), recipe.SourceText);
    }

    [Theory]
    [InlineData("few-labels.yaml", "few-labels.yaml")]
    [InlineData("spine-scratch.yaml", "spine-scratch.yaml")]
    [InlineData("study.yaml", "label-worth.yaml")]
    public void A_recipe_that_has_moved_is_told_with_its_new_place(string before, string now)
    {
        var error = Assert.Throws<MarrowException>(() => RecipeReader.Read(Path.Combine(Recipes, before), []));
        Assert.EndsWith(
            $"The recipe has moved: name {Path.Combine(Recipes, "experiments", now)}.",
            error.Message,
            StringComparison.Ordinal);
        var absent = Assert.Throws<MarrowException>(() => RecipeReader.Read(Path.Combine(Recipes, "absent.yaml"), []));
        Assert.EndsWith("Check the path.", absent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_spine_recipes_are_the_three_steps_of_the_case_study_one_of_them_with_a_second_look()
    {
        var recipe = RecipeReader.Read(Path.Combine(Repository.Root(), "recipes", "spine-densenet.yaml"), []);
        Assert.Equal(["features", "landmarks", "cobb"], recipe.Stages.Select(s => s.Name));
        Assert.Equal([null, "features", "landmarks"], recipe.Stages.Select(s => s.Init));
        Assert.Equal(["densenet121", "retinanet-densenet121", "cobb-densenet121"], recipe.Stages.Select(s => s.Model));
        Assert.Equal(["cxr-pediatric", "spineweb16", "spineweb16"], recipe.Stages.Select(s => s.Tag));
        Assert.All(recipe.Stages, s => Assert.Equal(0.2, s.Data.HeldOut));

        recipe = RecipeReader.Read(Path.Combine(Repository.Root(), "recipes", "spine.yaml"), []);
        Assert.Equal(["features", "landmarks", "strip", "cobb"], recipe.Stages.Select(s => s.Name));
        Assert.Equal(
            ["resnet18-mlnet.imagenet", "features", "landmarks", "landmarks"], recipe.Stages.Select(s => s.Init));
        Assert.Equal(
            ["resnet16-mlnet", "retinanet-resnet16-mlnet", "strip-resnet16-mlnet", "cobb-resnet16-mlnet"],
            recipe.Stages.Select(s => s.Model));
        Assert.Equal((192, 576), (recipe.Stages[1].Input.Width, recipe.Stages[1].Input.Height));
        Assert.All(recipe.Stages, s => Assert.Equal(0.2, s.Data.HeldOut));
    }

    [Fact]
    public void A_stage_without_the_one_it_starts_from_starts_from_that_ones_checkpoint()
    {
        var recipe = RecipeReader.Read(Path.Combine(Repository.Root(), "recipes", "spine.yaml"), []);
        var part = recipe.Only(["cobb", "landmarks"]);
        Assert.Equal(["landmarks", "cobb"], part.Chosen);
        Assert.Equal(["resnet16-mlnet.cxr-pediatric", "landmarks"], part.Stages.Select(s => s.Init));
        Assert.Contains(
            "no stage 'feature'. It has features, landmarks, strip, cobb",
            Assert.Throws<MarrowException>(() => recipe.Only(["feature"])).Message);
        Assert.Contains(
            "found none. It has features, landmarks, strip, cobb",
            Assert.Throws<MarrowException>(() => recipe.Only([])).Message);
    }

    [Fact]
    public void What_is_not_written_has_the_documented_default()
    {
        var recipe = RecipeReader.Parse(Small, "r.yaml", []);
        Assert.Equal((1ul, 0.2), (recipe.Seed, recipe.HeldOut));

        var (features, landmarks, cobb) = (recipe.Stages[0], recipe.Stages[1], recipe.Stages[2]);
        Assert.Equal(new TrainOptions(), features.Train);
        Assert.Equal(new TrainOptions { Metric = "smape" }, landmarks.Train);
        Assert.Equal(new TrainOptions { Metric = "smape" }, cobb.Train);
        Assert.Equal(new StageInput(), features.Input);
        Assert.Equal(new AugmentationOptions(), features.Augment);
        Assert.Equal(new StageInput { Width = 224, Height = 640, Fit = Fit.Letterbox }, landmarks.Input);
        Assert.Equal(landmarks.Input, cobb.Input);
        Assert.Null(features.Init);
        Assert.Null(features.License);
        Assert.Null(landmarks.Detector);
        Assert.Equal(0.9, landmarks.InitCoverage);
        Assert.Equal(
            ("cxr", "cxr", "csv", 0),
            (features.Tag, features.Data.Name, features.Data.Format, features.Data.Limit));
        Assert.Equal(("spineweb16", "spineweb16"), (cobb.Tag, cobb.Data.Name));
    }

    [Theory]
    [InlineData("freeze: none", 0, nameof(Unfreezing.None))]
    [InlineData("freeze: 0", 0, nameof(Unfreezing.None))]
    [InlineData("freeze: backbone", TrainOptions.WholeBackbone, nameof(Unfreezing.None))]
    [InlineData("unfreeze: gradual", TrainOptions.WholeBackbone, nameof(Unfreezing.Gradual))]
    [InlineData("{unfreeze: gradual, freeze: 3}", 3, nameof(Unfreezing.Gradual))]
    public void Gradual_unfreezing_starts_from_a_frozen_backbone(string train, int freeze, string unfreeze)
    {
        var text = Small.Replace("init: landmarks", "train: " + (train[0] == '{' ? train : $"{{{train}}}"));
        var options = RecipeReader.Parse(text, "r.yaml", []).Stages[2].Train;
        Assert.Equal((freeze, unfreeze), (options.Freeze, options.Unfreeze.ToString()));
    }

    [Fact]
    public void What_the_reader_allows_the_augmentation_allows_too()
    {
        foreach (var p in typeof(AugmentationOptions).GetProperties())
        {
            var key = char.ToLowerInvariant(p.Name[0]) + p.Name[1..];
            double[] accepted = [.. new[] { -1, 0, 0.5, 1, 3, 5, 10, 180, 1000 }.Where(v => IsAccepted(key, v))];
            Assert.Contains(0.5, accepted);
            Assert.DoesNotContain(1000, accepted);
            Assert.All(accepted, v => Assert.Empty(Read(key, v).Errors()));
        }

        bool IsAccepted(string key, double value)
        {
            try
            {
                return Read(key, value) is not null;
            }
            catch (MarrowException)
            {
                return false;
            }
        }

        AugmentationOptions Read(string key, double value) =>
            RecipeReader
                .Parse(
                    Small,
                    "r.yaml",
                    [string.Create(CultureInfo.InvariantCulture, $"features.augment.{key}={value}")])
                .Stages[0]
                .Augment;
    }

    [Fact]
    public void Augmentation_can_be_turned_off() =>
        Assert.Equal(new AugmentationOptions { Strength = 0, FlipProbability = 0, CutoutProbability = 0 },
            RecipeReader.Parse(Small, "r.yaml", ["features.augment=none"]).Stages[0].Augment);

    [Fact]
    public void Steps_without_epochs_lift_the_limit_on_epochs()
    {
        var train = RecipeReader.Parse(Small, "r.yaml", ["features.steps=20"]).Stages[0].Train;
        Assert.Equal((0, 20), (train.Epochs, train.Steps));
    }

    [Fact]
    public void The_parts_are_divided_by_the_seed_unless_they_have_their_own()
    {
        Assert.Equal((7ul, 7ul), Seeds("seed=7"));
        Assert.Equal((7ul, 2ul), Seeds("seed=7", "splitSeed=2"));

        static (ulong, ulong) Seeds(params string[] set) =>
            RecipeReader.Parse(Small, "r.yaml", set) is var r ? (r.Seed, r.SplitSeed) : default;
    }

    [Fact]
    public void A_fraction_is_read_and_excludes_a_limit()
    {
        Assert.Equal(0.25, RecipeReader.Parse(Small, "r.yaml", ["cobb.data.fraction=0.25"]).Stages[2].Data.Fraction);
        Assert.Contains(
            "limit says already",
            Assert
                .Throws<MarrowException>(() =>
                    RecipeReader.Parse(Small, "r.yaml", ["cobb.data.fraction=0.25", "cobb.data.limit=3"]))
                .Message);
        foreach (var wrong in (string[])["0", "1.1", "-1", "NaN"])
            Assert.Throws<MarrowException>(() => RecipeReader.Parse(Small, "r.yaml", [$"cobb.data.fraction={wrong}"]));
    }

    [Fact]
    public void Sgd_has_a_learning_rate_and_weight_decay_of_its_own()
    {
        var train = RecipeReader.Parse(Small, "r.yaml", ["features.optimizer=sgd"]).Stages[0].Train;
        Assert.Equal((0.01, 1e-4), (train.LearningRate, train.WeightDecay));
    }

    [Theory]
    [InlineData("densenet121.chexpert")]
    [InlineData("densenet-mini.phantom-cxr@sha256:0123456789abcdef")]
    [InlineData("hub/densenet121.cxr")]
    [InlineData("./weights")]
    [InlineData("model.safetensors")]
    [InlineData("C:\\\\weights\\\\densenet121.pth")]
    [InlineData("oci://registry.example.org/team/densenet121:chexpert")]
    public void A_stage_may_start_from_a_checkpoint(string init)
    {
        var text = Small.Replace("init: features", $"init: \"{init}\"");
        Assert.Equal(init.Replace("\\\\", "\\"), RecipeReader.Parse(text, "r.yaml", []).Stages[1].Init);
    }

    [Theory]
    [InlineData("landmarks.init=scratch")]
    [InlineData("landmarks.init=")]
    public void Scratch_or_nothing_means_random_weights(string change) =>
        Assert.Null(RecipeReader.Parse(Small, "r.yaml", [change]).Stages[1].Init);

    [Fact]
    public void Overrides_change_stages_in_the_order_given()
    {
        string[] overrides =
        [
            "seed=7", "features.train.epochs=2", "*.batch=3", "landmarks.batch=4", "cobb.lr=1e-3", "cobb.train.lr=",
            "landmarks.input={width: 96, height: 256}", "landmarks.input.width=128", "features.data.limit=10",
        ];
        var recipe = RecipeReader.Parse(Small, "r.yaml", overrides);
        Assert.Equal(7ul, recipe.Seed);
        Assert.Equal(2, recipe.Stages[0].Train.Epochs);
        Assert.Equal([3, 4, 3], recipe.Stages.Select(s => s.Train.Batch));
        Assert.Equal(new TrainOptions().LearningRate, recipe.Stages[2].Train.LearningRate);
        Assert.Equal((128, 256), (recipe.Stages[1].Input.Width, recipe.Stages[1].Input.Height));
        Assert.Equal(10, recipe.Stages[0].Data.Limit);
        Assert.Equal(overrides, recipe.Overrides);
        Assert.Equal(Small, recipe.SourceText);
    }

    [Fact]
    public void A_recipe_written_with_its_run_reads_the_same()
    {
        var folder = Directory.CreateTempSubdirectory("marrow-recipe");
        try
        {
            var path = Path.Combine(folder.FullName, "recipe.yaml");
            var first = RecipeReader.Parse(Small, path, ["*.epochs=2"]);
            first.WriteTo(path);
            var second = RecipeReader.Read(path, first.Overrides);
            Assert.Equal(
                System.Text.Json.JsonSerializer.Serialize(first, MarrowJson.Options),
                System.Text.Json.JsonSerializer.Serialize(second, MarrowJson.Options));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Numbers_are_read_as_they_are_written() =>
        Gen.Double[1e-9, 10].Sample(lr =>
        {
            var text = lr.ToString("R", CultureInfo.InvariantCulture);
            Assert.Equal(lr, RecipeReader.Parse(Small, "r.yaml", [$"features.lr={text}"]).Stages[0].Train.LearningRate);
        }, iter: 200);
}
