using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

public class RecipeUnlabeledTests
{
    private const string Films = "unlabeled: {name: films, format: images}";

    [Fact]
    public void Every_setting_reaches_its_property()
    {
        var uda = Stage(
            "classify",
            "densenet-mini",
            "unlabeled: {name: films, format: chexpert, view: all, blank: zeros}",
            "uda: {weight: 2, confidence: 0.7, ratio: 5, warmup: 0.2, ramp: 0.3, temperature: 0.5, annealing: exp, "
                + "augment: {gamma: 0.9}}"
        );
        Assert.Equal(
            ("films", "chexpert", "all"),
            (uda.Unlabeled!.Name, uda.Unlabeled.Format, uda.Unlabeled.Options.View));
        var expected = new UdaOptions
        {
            Weight = 2,
            Confidence = 0.7,
            Ratio = 5,
            Warmup = 0.2,
            Ramp = 0.3,
            Temperature = 0.5,
            Annealing = Annealing.Exp,
            Augment = UnlabeledOptions.Stronger(new()) with { Gamma = 0.9 },
        };
        Assert.Equal(expected, uda.Uda);
        Assert.Null(uda.Teacher);

        var teacher = Stage(
            "detect-vertebrae",
            "retinanet-densenet-mini",
            Films,
            "teacher: {weight: 3, confidence: 0.6, ratio: 2, warmup: 0.4, ramp: 0, decay: 0.999, augment: none}");
        Assert.Equal(
            (3, 0.6, 2, 0.4, 0, 0.999),
            (
                teacher.Teacher!.Weight,
                teacher.Teacher.Confidence,
                teacher.Teacher.Ratio,
                teacher.Teacher.Warmup,
                teacher.Teacher.Ramp,
                teacher.Teacher.Decay));
        Assert.Equal((0, 0), (teacher.Teacher.Augment.Strength, teacher.Teacher.Augment.CutoutProbability));
    }

    [Fact]
    public void What_is_not_written_has_the_documented_default()
    {
        Assert.Equal(new UdaOptions(), Stage("classify", "densenet-mini", Films, "uda: {}").Uda);
        Assert.Equal(
            new TeacherOptions(),
            Stage("detect-vertebrae", "retinanet-densenet-mini", Films, "teacher: {}").Teacher);
        Assert.Null(Stage("classify", "densenet-mini").Unlabeled);
    }

    [Fact]
    public void The_augmented_view_has_the_stages_geometry_and_stronger_grey_values()
    {
        var own = "augment: {rotationDegrees: 15, flipProbability: 0.5, stretch: 0.1, gamma: 0.8}";
        var strong = Stage("detect-vertebrae", "retinanet-densenet-mini", own, Films, "teacher: {}").Teacher!.Augment;
        Assert.Equal(
            (15, 0.5, 0.1, 0.8, 0.4),
            (strong.RotationDegrees, strong.FlipProbability, strong.Stretch, strong.Gamma, strong.Contrast));
        // it changes angles
        Assert.Equal(0, Stage("regress-cobb", "cobb-densenet-mini", own, Films, "uda: {}").Uda!.Augment.Stretch);
        Assert.Equal(
            UnlabeledOptions.Stronger(new()),
            Stage("classify", "densenet-mini", "augment: none", Films, "uda: {}").Uda!.Augment);
    }

    [Theory]
    [InlineData("classify", "densenet-mini", "nothing says how to learn from it", Films)]
    [InlineData("classify", "densenet-mini", "uda: there are no images to use it on", "uda: {}")]
    [InlineData("classify", "densenet-mini", "the stage has uda too", Films, "uda: {}", "teacher: {}")]
    [InlineData(
        "classify",
        "densenet-mini",
        "teacher: it serves the tasks detect-vertebrae, segment, not classify. Use uda.",
        Films,
        "teacher: {}"
    )]
    [InlineData(
        "detect-vertebrae",
        "retinanet-densenet-mini",
        "uda: it serves the tasks classify, regress-cobb, regress, not detect-vertebrae. Use teacher.",
        Films,
        "uda: {}"
    )]
    [InlineData(
        "segment",
        "segment-densenet-mini",
        "uda: it serves the tasks classify, regress-cobb, regress, not segment. Use teacher.",
        Films,
        "uda: {}"
    )]
    [InlineData(
        "regress-cobb",
        "cobb-densenet-mini",
        "task regress-cobb has no classes",
        Films,
        "uda: {annealing: exp}"
    )]
    [InlineData("regress-cobb", "cobb-densenet-mini", "task regress-cobb gives none", Films, "uda: {temperature: 0.5}")]
    [InlineData(
        "regress-cobb",
        "cobb-densenet-mini",
        "stretch changes Cobb angles",
        Films,
        "uda: {augment: {stretch: 0.1}}"
    )]
    [InlineData("regress", "regress-densenet-mini", "judged by the mirror image", Films, "uda: {}")]
    [InlineData(
        "regress",
        "regress-densenet-mini",
        "task regress has no classes",
        "augment: {flipProbability: 0.5}",
        Films,
        "uda: {annealing: exp}"
    )]
    [InlineData(
        "classify",
        "densenet-mini",
        "confidence: expected a number from 0 to 1",
        Films,
        "uda: {confidence: 2}"
    )]
    [InlineData(
        "classify",
        "densenet-mini",
        "unknown key 'limit' in unlabeled",
        "unlabeled: {format: images, limit: 3}",
        "uda: {}"
    )]
    [InlineData("classify", "densenet-mini", "unlabeled lacks format", "unlabeled: {name: films}", "uda: {}")]
    public void Mistakes_are_told_with_their_place(string task, string model, string message, params string[] lines)
    {
        var error = Assert.Throws<MarrowException>(() => Stage(task, model, lines)).Message;
        Assert.Contains(message, error);
        Assert.Matches(@"^r\.yaml:\d+:\d+: ", error);
    }

    [Fact]
    public void The_tasks_that_a_method_serves_are_those_that_can_do_what_it_asks()
    {
        Assert.DoesNotContain(
            TaskCatalogue.All, task => task.HasParts
                && RecipeUnlabeled.UdaTasks.Concat(RecipeUnlabeled.TeacherTasks).Contains(task.Name));
        foreach (var name in TaskCatalogue.Names(task => !task.HasParts))
        {
            var stage = Stage(
                name,
                TaskCatalogue.Get(name).Architectures.First(a => a.EndsWith("mini", StringComparison.Ordinal)));
            var data = new Dataset(name: "d", format: "csv", root: "", samples: [])
            {
                Classes = ["a", "b"],
                BoxClasses = ["a", "b"],
            };
            using var task = TaskCatalogue.Create(
                stage.Task,
                stage.ModelRequest,
                new InputContract { Width = 64, Height = 64 },
                data);
            Assert.Equal(task is IConsistentTask, RecipeUnlabeled.UdaTasks.Contains(name));
            Assert.Equal(task is ITeacherTask, RecipeUnlabeled.TeacherTasks.Contains(name));
            using var twin = TaskCatalogue.Twin(task);
            Assert.Equal(task.GetType(), twin.GetType());
            Assert.Equal(Parameters.Count(task.Model), Parameters.Count(twin.Model));
        }
    }

    private static Stage Stage(string task, string model, params string[] lines) => RecipeReader.Parse($$"""
        name: r
        stages:
          - name: s
            task: {{task}}
            model: {{model}}
            data: {format: spineweb16}
        {{string.Join('\n', lines.Select(line => $"    {line}"))}}
        """, "r.yaml", []).Stages[0];
}
