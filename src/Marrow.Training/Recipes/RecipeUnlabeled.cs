using Marrow.Inputs;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>
/// The sections "unlabeled:", "uda:" and "teacher:" -> <see cref="Stage.Unlabeled"/>, <see cref="UdaOptions"/> and
/// <see cref="TeacherOptions"/>.
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
        var uda = Uda(stage, task, stronger);
        var teacher = Teacher(stage, task, stronger);
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
        if (stage.Section("unlabeled", "Images without labels to learn from too, by `uda` or `teacher`.") is not { } s)
            return null;
        var (name, format) = RecipeData.NameAndFormat(s, "format: images");
        var images = new StageUnlabeled
        {
            Name = name,
            Format = format,
            Options = RecipeDataOptions.Read(s, format, ""),
        };
        s.Finish();
        return images;
    }

    private static UdaOptions? Uda(RecipeSection stage, string task, AugmentationOptions augment)
    {
        if (stage.Section("uda", "How: [unsupervised data augmentation](how-to-unlabeled.md). Only with `unlabeled`.")
            is not { } s)
            return null;
        var absent = new UdaOptions { Augment = TaskCatalogue.Find(task)?.KeepingAnswers(augment) ?? augment };
        var common = Common(s, absent, "How the augmented image is changed.",
            "Least confidence with which the plain image's answer becomes the target: the largest probability, before "
                + "sharpening; for angles and numbers the likeness of the answers for the image and its mirror image.");
        var options = common with
        {
            Temperature = s.Number("temperature", absent.Temperature, 0.05, 1,
                "The plain image's logits are divided by it. Not for angles and numbers."),
            Annealing = s.Choice("annealing", absent.Annealing,
                "Leaves out labelled images whose true class has more than a probability that rises from chance to 1. "
                    + "Not for angles and numbers.",
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

    private static TeacherOptions? Teacher(RecipeSection stage, string task, AugmentationOptions augment)
    {
        if (stage.Section(
            "teacher",
            "How: a [mean teacher](how-to-unlabeled.md). Only with `unlabeled`, and not with `uda`.") is not { } s)
            return null;
        var absent = new TeacherOptions { Augment = augment };
        var common = Common(s, absent, "How the image that the student sees is changed.",
            "Least confidence with which what the teacher finds becomes a label: of the whole spine, as the decoder "
                + "gives it; of a mask the Dice that its probabilities lead to expect.");
        var options = common with
        {
            Decay = s.Number("decay", absent.Decay, 0, 0.99999,
                new("Of the teacher, the average of the student's weights. After n steps it is at most "
                    + "(1 + n) / (10 + n).")
                {
                    Unit = "a step",
                }),
        };
        Allow(s, "teacher", task, TeacherTasks);
        s.Finish();
        return options;
    }

    /// <param name="augment">What the section "augment" does.</param>
    /// <param name="confidence">Whose confidence decides, and in what.</param>
    private static T Common<T>(RecipeSection s, T absent, string augment, KeyText confidence)
        where T : UnlabeledOptions =>
        absent with
        {
            Weight = s.Number("weight", absent.Weight, 0, 100,
                "Of the loss on unlabelled images against that on labelled ones."),
            Confidence = s.Number("confidence", absent.Confidence, 0, 1, confidence),
            Ratio = s.Int("ratio", absent.Ratio, 1, 16, "Unlabelled images for each labelled one in a step."),
            Warmup = s.Number("warmup", absent.Warmup, 0, 0.9,
                new("At the beginning, labelled images alone.") { Unit = "share of all steps" }),
            Ramp = s.Number("ramp", absent.Ramp, 0, 1,
                new("In which the weight then rises linearly from 0.") { Unit = "share of all steps" }),
            Augment = RecipeAugment.Read(s, RecipeAugment.SectionText(augment, "see below"), absent.Augment),
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
