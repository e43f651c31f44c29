using Marrow.Datasets;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>
/// The section "data:" -> <see cref="StageData"/>. The options of the data set stand beside its name and format:
/// <see cref="RecipeDataOptions"/>.
/// </summary>
internal static class RecipeData
{
    /// <param name="reference">Reads a key that names an earlier stage or a checkpoint.</param>
    /// <param name="validation">The share of the validation part where none is given.</param>
    public static StageData Read(
        RecipeSection stage,
        double heldOut,
        string task,
        Func<RecipeSection, string, KeyText, string?> reference,
        double validation = StageData.UsualValidation)
    {
        var hasParts = TaskCatalogue.Find(task) is { HasParts: true };
        var node = stage.Require(
            "data",
            "data: {name: spineweb16, format: spineweb16}",
            new($"What it is trained on. {TaskWords.Names(t => t.HasParts)} has `datasets` in its place.")
            {
                Value = "section",
            },
            isNeeded: !hasParts);
        if (node is not null && hasParts)
            stage.Errors.Add(node, $"data: task {task} learns from several data sets. Move it to datasets.");
        var absent = new StageData { Name = "", Format = "", Validation = validation };
        if (node is null)
            return absent;
        var s = stage.Child(node, "data");
        var (name, format) = NameAndFormat(s, "format: spineweb16");
        var data = new StageData
        {
            Format = format,
            Name = name,
            Options = RecipeDataOptions.Read(s, format, task),
            SoftLabelsFrom = reference(
                s,
                "softLabelsFrom",
                new("[U-SelfTrained](data-sets.md#self-training): the earlier stage or checkpoint whose probabilities "
                    + "become the uncertain labels of the training part, for findings with `self-trained`.")
                {
                    Value = "as `init`",
                    Formats = RecipeDataOptions.Findings,
                }),
            Limit = s.Int("limit", absent.Limit, 0, int.MaxValue,
                new("Train on so many patients of the training part, drawn by the seed. Smaller limits are subsets of "
                    + "larger ones.")
                {
                    Unit = "patients",
                    DefaultMeans = "all",
                }),
            Fraction = s.Number("fraction", absent.Fraction, 0.0001, 1,
                new("Train on this share of the training part's patients, drawn by the seed; nested as `limit` is, "
                    + "which it excludes. For `classify` each subset has close to its share of every class.")
                {
                    Unit = "share",
                }),
            Copies = s.Choice("copies", absent.Copies,
                new("[Copies of films](training.md#copies-of-films), found by what they show: `join`: patients who "
                    + "have copies of one film are taken for one, wherever samples are divided, and unlabelled images "
                    + "that are copies of held-out ones are left out; `ignore`: copies are not looked for."),
                ("join", CopyPolicy.Join), ("ignore", CopyPolicy.Ignore)),
            HeldOut = s.Number("heldOut", heldOut, 0, 0.9,
                new("Never trained on.") { Unit = "share", Default = "the recipe's" }),
            Validation = s.Number("validation", absent.Validation, 0, 0.5,
                new("Share of what is not held out that chooses the best weights. 0: the last weights are kept. Of "
                    + "a part of `datasets` it is only measured on, and chooses nothing.")
                {
                    Unit = "share",
                    Default = $"{KeyWords.Number(StageData.UsualValidation)}; 0 in `datasets`",
                }),
        };
        if (s.Has("limit") && s.Has("fraction"))
            s.Errors.Add(
                s.At("fraction"),
                "fraction: limit says already how many patients to train on. Remove one of them.");
        if (data.SoftLabelsFrom is not null)
            CheckSelfTraining(s, data, task);
        s.Finish();
        RecipeLabels.Check(stage, task, data);
        return data;
    }

    /// <summary>"" each where it is missing or wrong.</summary>
    public static (string Name, string Format) NameAndFormat(RecipeSection s, string example)
    {
        var format = s.RequiredWord("format", example, DatasetCatalogue.Formats.Keys,
            "How the folder is read: [data sets](data-sets.md). `images` takes all images below it and has no labels "
                + "but masks; only `pretrain` trains on it without.");
        var name = s.Text("name",
            new("NAME in `--data NAME=DIR`.") { Value = "as a stage's name", Default = "the format" });
        return (RecipeReader.Name(s, "name", name) ?? format, format);
    }

    private static void CheckSelfTraining(RecipeSection s, StageData data, string task)
    {
        var fault =
            TaskCatalogue.Find(task) is { HasUncertainLabels: false }
                ? $"task {task} has no uncertain labels. Remove it"
            : data.Options.SoftLabels is not null ? "softLabels gives them already. Remove one of them"
            : !data.Options.Uncertain.Values.Contains("self-trained")
                ? "no finding asks for it. Set uncertain: {default: self-trained}"
            : null;
        if (fault is not null)
            s.Errors.Add(s.At("softLabelsFrom"), $"softLabelsFrom: {fault}.");
    }
}
