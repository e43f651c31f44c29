using Marrow.Imaging;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Hostile;

public class RecipeHostileTests
{
    private static string Fail(string text, params string[] overrides) =>
        Assert.Throws<MarrowException>(() => RecipeReader.Parse(text, "recipe.yaml", overrides)).Message;

    private static string Stage(string lines) => $"""
        name: r
        stages:
          - name: features
            task: classify
            model: densenet121
            data: {"{name: cxr, format: csv}"}
        {string.Join("\n", lines.Split('\n').Select(l => "    " + l))}
        """;

    [Fact]
    public void All_mistakes_are_reported_at_once_with_their_place()
    {
        var message = Fail("""
            name: My Recipe
            sead: 3
            heldOut: 1.5
            stages:
              - name: features
                task: clasify
                modle: densenet121
                data: {format: csv, limit: -1}
                train:
                  epochs: ten
                  bacth: 4
                  precision: fp16
                  lr: .nan
              - name: landmarks
                task: detect-vertebrae
                model: retinanet-densenet121
                init: featurs
                data: {format: spineweb16}
            """);
        string[] expected =
        [
            "recipe.yaml:1:7: name: expected lower-case letters, digits, - and _ (at most 64), found 'My Recipe'.",
            "recipe.yaml:2:1: unknown key 'sead' in the recipe. Did you mean 'seed'?",
            "recipe.yaml:3:10: heldOut: expected a number from 0 to 0.9, found '1.5'.",
            "recipe.yaml:5:5: stage 'features' lacks model. Add model: densenet121.",
            "recipe.yaml:6:11: task: expected classify, detect-vertebrae, regress-cobb, regress, points, "
                + "refine-points, segment, detect, pretrain or multitask, found 'clasify'.",
            "recipe.yaml:7:5: unknown key 'modle' in stage 'features'. Did you mean 'model'?",
            "recipe.yaml:8:32: limit: expected a whole number from 0 to 2147483647, found '-1'.",
            "recipe.yaml:10:15: epochs: expected a whole number from 1 to 100000, found 'ten'.",
            "recipe.yaml:11:7: unknown key 'bacth' in train. Did you mean 'batch'?",
            "recipe.yaml:12:18: precision: expected auto, bf16 or f32, found 'fp16'.",
            "recipe.yaml:13:11: lr: expected a number from 1E-09 to 10, found '.nan'.",
            "recipe.yaml:17:11: init: 'featurs' is no earlier stage, and no checkpoint such as densenet121.chexpert, "
                + "a folder/, a .safetensors, .pth or .pt file, or oci://host/name:tag. Did you mean 'features'?",
        ];
        Assert.Equal(string.Join("\n", expected), message);
    }

    [Theory]
    [InlineData("train: {batch_size: 4}", "unknown key 'batch_size' in train. Did you mean 'batch'?")]
    [InlineData("train: {LR: 4}", "unknown key 'LR' in train. Did you mean 'lr'?")]
    [InlineData("train: {zzz: 4}", "unknown key 'zzz' in train. Known: accumulate, backboneLr, batch,")]
    [InlineData("train: [1, 2]", "train: expected keys and values, found a list.")]
    [InlineData("train: 3", "train: expected keys and values, found '3'.")]
    [InlineData("train:", "train has no value. Give one or remove the key.")]
    [InlineData("train: {epochs: 2.5}", "epochs: expected a whole number from 1 to 100000, found '2.5'.")]
    [InlineData("train: {epochs: \"2\"}", "epochs: expected a whole number")]
    [InlineData("train: {epochs: 99999999999999999999}", "epochs: expected a whole number")]
    [InlineData("train: {epochs: 0}", "epochs: expected a whole number from 1 to 100000, found '0'.")]
    [InlineData("train: {lr: 1e999}", "lr: expected a number from 1E-09 to 10, found '1e999'.")]
    [InlineData("train: {lr: 0,5}", "unknown key '5' in train")]
    [InlineData(
        "train: {freeze: head}",
        "freeze: expected none, backbone or a number of stages (0 to 16), found 'head'."
    )]
    [InlineData("train: {freeze: -1}", "freeze: expected a whole number from 0 to 16, found '-1'.")]
    [InlineData(
        "train: {freeze: none, unfreeze: gradual}",
        "nothing is frozen, so unfreeze: gradual has nothing to release"
    )]
    [InlineData("train: {metric: smape}", "metric: expected auroc, accuracy or kappa, found 'smape'.")]
    [InlineData("train: {steps: 0}", "steps: 0 means no limit, and no epochs are given.")]
    [InlineData("train: {channelsLast: yes}", "channelsLast: expected auto, true or false, found 'yes'.")]
    [InlineData("input: {window: [0.9, 0.1]}", "window: expected [low, high] with low under high, found 0.9, 0.1.")]
    [InlineData("input: {window: [0.1]}", "window: expected a list of 2 numbers, found 1.")]
    [InlineData("input: {window: [0.1, x]}", "window: expected a number from 0 to 1, found 'x'.")]
    [InlineData("input: {width: 100000}", "width: expected a whole number from 32 to 4096")]
    [InlineData("augment: {rotation: 3}", "unknown key 'rotation' in augment. Did you mean 'rotationDegrees'?")]
    [InlineData("augment: {rotationDegrees: 200}", "rotationDegrees: expected a number from 0 to 180, found '200'.")]
    [InlineData("augment: off", "augment: expected none, or keys and values, found 'off'.")]
    [InlineData("detector: {pyramidChannels: 64}", "detector: task classify has none.")]
    [InlineData("init: features", "init: stage 'features' is this stage itself.")]
    [InlineData("init: features2", "There is no earlier stage.")]
    [InlineData("init: [a]", "init: expected text, found a list.")]
    [InlineData("init: oci://host", "is no earlier stage, and no checkpoint")]
    [InlineData("task: classify", "'task' is given twice, first on line 4.")]
    [InlineData("tag: a/../b", "tag: expected lower-case letters")]
    [InlineData("? [a, b]\n: 1", "expected a key, found a list.")]
    public void A_mistake_says_what_is_allowed(string lines, string expected)
    {
        var message = Fail(Stage(lines));
        Assert.Contains(expected, message);
        Assert.All(message.Split('\n'), line => Assert.Matches(@"^recipe\.yaml:\d+:\d+: ", line));
    }

    [Theory]
    [InlineData("", "recipe.yaml:1:1: expected a recipe (name: and stages:), found an empty document.")]
    [InlineData("# nothing", "recipe.yaml:1:1: expected a recipe")]
    [InlineData("just text", "recipe.yaml:1:1: expected a recipe (name: and stages:), found 'just text'.")]
    [InlineData("- a", "recipe.yaml:1:1: expected a recipe (name: and stages:), found a list.")]
    [InlineData("name: a", "recipe.yaml:1:1: the recipe lacks stages.")]
    [InlineData("stages: []", "recipe.yaml:1:9: stages: expected a list of 1 to 100 stages, found a list.")]
    [InlineData(
        "name: a\nstages: {a: b}",
        "recipe.yaml:2:9: stages: expected a list of 1 to 100 stages, found a mapping."
    )]
    [InlineData("name: a\nstages: [3]", "recipe.yaml:2:10: stage 1: expected keys and values, found '3'.")]
    [InlineData("name: a\n\tb: c", "recipe.yaml:1:7: not YAML")]
    [InlineData("name: [a", "recipe.yaml:2:1: not YAML")]
    [InlineData("name: \"a", "recipe.yaml:1:")]
    [InlineData("name: \"\\UFFFFFFFF\"", "recipe.yaml:1:")]
    [InlineData("name: a\n---\nname: b", "recipe.yaml:3:1: not YAML: a recipe is one document")]
    [InlineData("name: a\0\nstages: []", "recipe.yaml:1:8: expected text, found the control character 0.")]
    [InlineData(
        "name: !!python/object/apply:os.system [rm]",
        "recipe.yaml:1:7: tags (tag:yaml.org,2002:python/object/apply:os.system) are not allowed in a recipe."
    )]
    [InlineData("name: *a", "recipe.yaml:1:7: aliases (*a) are not allowed in a recipe. Write the value out.")]
    public void What_is_no_recipe_is_refused_with_a_place(string text, string expected) =>
        Assert.Contains(expected, Fail(text));

    [Theory]
    [InlineData("features.epochs", "--set 'features.epochs': expected stage.key=value, as in landmarks.epochs=3.")]
    [InlineData("=3", "expected stage.key=value")]
    [InlineData("features..epochs=3", "expected stage.key=value")]
    [InlineData("feature.epochs=3", "--set 'feature.epochs=3': no stage is called 'feature'. Did you mean 'features'?")]
    [InlineData("features.epoch=3", "--set 'features.epoch=3': unknown key 'epoch' in train. Did you mean 'epochs'?")]
    [InlineData(
        "features.epochs=many",
        "--set 'features.epochs=many': epochs: expected a whole number from 1 to 100000, found 'many'."
    )]
    [InlineData("features.model.x=3", "--set 'features.model.x=3': model is 'densenet121', which has no keys.")]
    [InlineData("features.input={width: [", "--set 'features.input={width: [': not YAML")]
    [InlineData("features.epochs=&a 3", "--set 'features.epochs=&a 3': anchors (&a) are not allowed")]
    [InlineData("features.name=", "lacks name")]
    [InlineData("stages=", "the recipe lacks stages")]
    public void A_wrong_override_is_named_as_it_was_typed(string text, string expected) =>
        Assert.Contains(expected, Fail(Stage(""), text));

    [Theory]
    [InlineData(
        "classify",
        "retinanet-densenet121",
        "expected densenet121, densenet169, densenet201, densenet-mini, resnet18, resnet34, resnet50, "
            + "resnet18-mlnet or resnet16-mlnet for task classify, found 'retinanet-densenet121'."
    )]
    [InlineData(
        "detect-vertebrae",
        "densenet121",
        "or retinanet-resnet16-mlnet for task detect-vertebrae, found 'densenet121'."
    )]
    [InlineData("regress-cobb", "cobb-densenet12", "expected cobb-densenet121, cobb-densenet169, ")]
    public void A_model_is_of_its_stages_task(string task, string model, string expected) =>
        Assert.Contains(
            expected,
            Fail($"name: r\nstages:\n  - {{name: a, task: {task}, model: {model}, data: {{format: csv}}}}"));

    [Theory]
    [InlineData("format: spineweb", "found 'spineweb'.")]
    [InlineData("name: x", "data lacks format.")]
    [InlineData("format: csv, faults: mend", "faults: expected repair, drop or keep, found 'mend'.")]
    [InlineData("format: csv, blank: ones", "blank: expected zeros or masked, found 'ones'.")]
    [InlineData("format: csv, uncertain: zeros", "uncertain: expected keys and values, found 'zeros'.")]
    [InlineData(
        "format: csv, uncertain: {Edema: yes}",
        "'Edema': expected ignore, zeros, ones, multi-class, self-trained, or a range"
    )]
    [InlineData("format: csv, labelColumns: Edema", "labelColumns: expected a list, found 'Edema'.")]
    [InlineData("format: csv, validation: 0.6", "validation: expected a number from 0 to 0.5")]
    [InlineData("format: csv, name: a b", "name: expected lower-case letters")]
    public void Data_that_no_format_takes_is_refused(string data, string expected) =>
        Assert.Contains(
            expected,
            Fail($"name: r\nstages:\n  - {{name: a, task: classify, model: densenet121, data: {{{data}}}}}"));

    [Fact]
    public void Two_stages_of_one_name_are_refused()
    {
        var message = Fail("""
            name: r
            stages:
              - {name: a, task: classify, model: densenet121, data: {format: csv}}
              - {name: a, task: classify, model: densenet121, data: {format: csv}}
            """);
        Assert.Equal(
            "recipe.yaml:4:12: name: an earlier stage is called 'a' too. Give each stage its own name.",
            message);
    }

    [Fact]
    public void A_stage_cannot_start_from_a_later_one()
    {
        var message = Fail("""
            name: r
            stages:
              - {name: a, task: classify, model: densenet121, init: b, data: {format: csv}}
              - {name: b, task: classify, model: densenet121, data: {format: csv}}
            """);
        Assert.Equal("recipe.yaml:3:57: init: stage 'b' comes later. Name an earlier stage or a checkpoint.", message);
    }

    [Fact]
    public void Deep_nesting_and_alias_bombs_are_cheap_to_refuse()
    {
        var deep = new string('[', 500_000);
        Assert.Contains("nested more than 16 levels deep", Fail("name: " + deep));
        Assert.Contains(
            "nested more than 16 levels deep",
            Fail("name: " + string.Concat(Enumerable.Repeat("{a: ", 100_000))));
        Assert.Contains(
            "more than 20000 values",
            Fail("name: [" + string.Join(", ", Enumerable.Repeat("1", 300_000)) + "]"));
        var bomb =
            "a: &a [x, x]\n"
            + string.Concat(
                Enumerable
                    .Range(1, 25)
                    .Select(i =>
                        $"{(char)('a' + i)}: &{(char)('a' + i)} [*{(char)('a' + i - 1)}, *{(char)('a' + i - 1)}]\n"));
        var message = Fail(bomb);
        Assert.Contains("anchors (&a) are not allowed in a recipe", message);
        Assert.True(message.Length < 20_000);
    }

    [Fact]
    public void Absent_huge_and_undecodable_files_are_refused()
    {
        var folder = Directory.CreateTempSubdirectory("marrow-recipe");
        try
        {
            string Write(string name, byte[] bytes)
            {
                var path = Path.Combine(folder.FullName, name);
                File.WriteAllBytes(path, bytes);
                return path;
            }

            foreach (var (path, expected) in new[]
            {
                (Path.Combine(folder.FullName, "absent.yaml"), "can be read"),
                (folder.FullName, "found a folder"),
                ("", "can be read"),
                (Write("huge.yaml", new byte[(1 << 20) + 1]), "at most 1 MB"),
                (Write("latin1.yaml", [(byte)'a', 0xE9, (byte)'b']), "UTF-8"),
                (Write("utf16.yaml", System.Text.Encoding.Unicode.GetPreamble()), "UTF-8"),
            })
            {
                var message = Assert.Throws<MarrowException>(() => RecipeReader.Read(path, [])).Message;
                Assert.StartsWith(path, message);
                Assert.Contains(expected, message);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Mutated_recipes_are_read_or_refused_and_never_crash()
    {
        var original = File.ReadAllText(Path.Combine(Repository.Root(), "recipes", "spine.yaml"));
        const string marks = "{}[]:,-?#&*!|>'\"%@` \n\t\0\\~<0e";
        var random = new SeededRandom(1);
        var refused = 0;
        for (var i = 0; i < 1500; i++)
        {
            var text = original.ToList();
            for (var changes = 1 + random.Next(4); changes > 0; changes--)
            {
                var at = random.Next(text.Count);
                switch (random.Next(4))
                {
                    case 0: text[at] = marks[random.Next(marks.Length)]; break;
                    case 1: text.Insert(at, marks[random.Next(marks.Length)]); break;
                    case 2: text.RemoveAt(at); break;
                    default: text.RemoveRange(at, Math.Min(text.Count - at - 1, random.Next(40))); break;
                }
            }
            try
            {
                Assert.NotEmpty(RecipeReader.Parse(string.Concat(text), "recipe.yaml", []).Stages);
            }
            catch (MarrowException e)
            {
                refused++;
                Assert.All(e.Message.Split('\n'), line => Assert.StartsWith("recipe.yaml:", line));
            }
        }
        Assert.InRange(refused, 300, 1499);
    }
}
