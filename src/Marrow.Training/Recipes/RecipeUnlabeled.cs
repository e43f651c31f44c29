using Marrow.Inputs;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>
/// The sections "unlabeled:", "uda:" and "teacher:" -> <see cref="Stage.Unlabeled"/>, <see cref="UdaOptions"/> and
/// <see cref="TeacherOptions"/>, whose comments give each range and default.
/// </summary>
internal static class RecipeUnlabeled
{
    /// <summary>Tasks whose answer stays what it is when the image is changed.</summary>
    public static readonly IReadOnlyList<string> UdaTasks = That<IConsistentTask>();

    /// <summary>Those whose answer moves with the image and can be judged as a whole.</summary>
    public static readonly IReadOnlyList<string> TeacherTasks = That<ITeacherTask>();

    /// <summary>Those of them whose true answer has a probability.</summary>
    private static readonly IReadOnlyList<string> AnnealedTasks = That<IAnnealedTask>();

    private static IReadOnlyList<string> That<T>() =>
        TaskCatalogue.Names(task => task.ModelType.IsAssignableTo(typeof(T)));

    /// <param name="task">"" when the stage's task is missing or wrong: any method is let pass.</param>
    /// <param name="augment">Of the stage, from which a method's own follows.</param>
    public static (StageUnlabeled? Unlabeled, UdaOptions? Uda, TeacherOptions? Teacher) Read(
        RecipeSection stage,
        string task,
        AugmentationOptions augment)
    {
        // A stage without augmentation tells nothing of what is right for its films.
        var stronger = UnlabeledOptions.Stronger(augment.Strength > 0 ? augment : new());
        var images = Images(stage);
        var uda = stage.Section("uda") is { } u ? Uda(u, task, stronger) : null;
        var teacher = stage.Section("teacher") is { } t ? Teacher(t, task, stronger) : null;
        var errors = stage.Errors;
        if (uda is not null && teacher is not null)
            errors.Add(stage.At("teacher"), "teacher: the stage has uda too. Remove one of them.");
        if (images is not null && uda is null && teacher is null)
            errors.Add(
                stage.At("unlabeled"),
                "unlabeled: nothing says how to learn from it. Add uda: {} or teacher: {}.");
        if (images is not null && stage.Has("crop"))
            errors.Add(
                stage.At("unlabeled"),
                "unlabeled: a stage that crops its images learns from labelled ones alone. Remove crop or unlabeled.");
        foreach (var method in (string[])["uda", "teacher"])
        {
            if (images is null && !stage.Has("unlabeled") && stage.Has(method))
                errors.Add(
                    stage.At(method),
                    $"{method}: there are no images to use it on. Add unlabeled: {{name: films, format: images}}.");
        }
        return (images, uda, teacher);
    }

    private static StageUnlabeled? Images(RecipeSection stage)
    {
        if (stage.Section("unlabeled") is not { } s)
            return null;
        var (name, format) = RecipeData.NameAndFormat(s, "format: images");
        var images = new StageUnlabeled { Name = name, Format = format, Options = RecipeData.Options(s, format, "") };
        s.Finish();
        return images;
    }

    private static UdaOptions Uda(RecipeSection s, string task, AugmentationOptions augment)
    {
        var absent = new UdaOptions { Augment = TaskCatalogue.Find(task)?.KeepingAnswers(augment) ?? augment };
        var options = Common(s, absent) with
        {
            Temperature = s.Number("temperature", absent.Temperature, 0.05, 1),
            Annealing = s.Choice("annealing", absent.Annealing,
                ("none", Annealing.None), ("linear", Annealing.Linear), ("exp", Annealing.Exp), ("log", Annealing.Log)),
        };
        Allow(s, "uda", task, UdaTasks);
        if (UdaTasks.Contains(task) && !AnnealedTasks.Contains(task))
        {
            if (options.Annealing != Annealing.None)
                s.Errors.Add(
                    s.At("annealing"),
                    $"annealing: it leaves out labels by the probability that their true class gets, and task {task} "
                        + $"has no classes. Set annealing: none."
                );
            if (s.Has("temperature"))
                s.Errors.Add(
                    s.At("temperature"),
                    $"temperature: it sharpens probabilities, and task {task} gives none. Remove it.");
        }
        if (TaskCatalogue.Find(task)?.ConsistencyFault(options.Augment) is var (key, message))
            s.Errors.Add(key.Length > 0 ? s.At(key) : s.Node, message);
        s.Finish();
        return options;
    }

    private static TeacherOptions Teacher(RecipeSection s, string task, AugmentationOptions augment)
    {
        var absent = new TeacherOptions { Augment = augment };
        var options = Common(s, absent) with { Decay = s.Number("decay", absent.Decay, 0, 0.99999) };
        Allow(s, "teacher", task, TeacherTasks);
        s.Finish();
        return options;
    }

    private static T Common<T>(RecipeSection s, T absent) where T : UnlabeledOptions => absent with
    {
        Weight = s.Number("weight", absent.Weight, 0, 100),
        Confidence = s.Number("confidence", absent.Confidence, 0, 1),
        Ratio = s.Int("ratio", absent.Ratio, 1, 16),
        Warmup = s.Number("warmup", absent.Warmup, 0, 0.9),
        Ramp = s.Number("ramp", absent.Ramp, 0, 1),
        Augment = RecipeAugment.Read(s, absent.Augment),
    };

    private static void Allow(RecipeSection s, string method, string task, IReadOnlyList<string> tasks)
    {
        if (task.Length > 0 && !tasks.Contains(task))
            s.Errors.Add(
                s.Node,
                $"{method}: it serves {(tasks.Count == 1 ? "task" : "the tasks")} {string.Join(", ", tasks)}, not "
                    + $"{task}. {Remedy()}");

        string Remedy() => method == "uda" && TeacherTasks.Contains(task) ? "Use teacher."
            : method == "teacher" && UdaTasks.Contains(task) ? "Use uda."
            : "Remove it.";
    }
}
