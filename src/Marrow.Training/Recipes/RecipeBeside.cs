using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;

namespace Marrow.Training.Recipes;

/// <summary>
/// The list "beside:" of a stage of one task -> its <see cref="Stage.Beside"/>: further data sets whose images the same
/// model learns from, each with batches of its own.
/// </summary>
internal static class RecipeBeside
{
    /// <summary>Returns what the stage learns from beside its own data set; none where it has no list.</summary>
    /// <param name="whole">The stage without it.</param>
    public static IReadOnlyList<StagePart> Read(RecipeSection stage, Stage whole, double heldOut)
    {
        var items = stage.Items("beside", MultitaskDescriptor.MostParts,
            new("Further data sets whose labels the model learns from too; see [beside](#beside).")
            {
                Value = $"list, 1 to {MultitaskDescriptor.MostParts}",
            });
        if (items is null)
            return [];
        var known = TaskCatalogue.Find(whole.Task)?.LearnsBeside;
        if (known is { Count: 0 })
            stage.Errors.Add(
                stage.At("beside"), $"beside: task {whole.Task} learns from nothing beside its own. Remove beside.");
        foreach (var other in (string[])["crop", "unlabeled"])
        {
            if (stage.Has(other))
                stage.Errors.Add(
                    stage.At("beside"), $"beside: not together with {other}. Remove one of them, or use two stages.");
        }
        var read = new List<StagePart>();
        var tasks = known is { Count: > 0 } ? known : CheckpointTask.All;
        foreach (var (index, item) in items.Index())
            read.Add(ReadOne(stage, item, index, whole, heldOut, tasks, read));
        return read;
    }

    private static StagePart ReadOne(
        RecipeSection stage,
        RecipeNode item,
        int index,
        Stage whole,
        double heldOut,
        IReadOnlyList<string> tasks,
        List<StagePart> earlier)
    {
        var called = item.Kind == RecipeNodeKind.Map ? RecipeOverride.StageName(item) : null;
        var s = stage.Child(
            RecipeParts.Completed(item, stage.Node, "augment"),
            called is null ? $"beside {index + 1}" : $"beside {RecipeErrors.Quote(called)}");
        var name = RecipeReader.Name(s, "name", s.RequiredText("name", "name: clinic",
            new("Names what is learnt from beside: its losses are `NAME.LOSS`.")
            {
                Value = "as a stage's; not that of a metric; unique in the stage",
            })) ?? "";
        if (name.Length > 0 && (earlier.Exists(part => part.Name == name) || MetricCatalogue.Metrics.ContainsKey(name)))
            s.Errors.Add(s.At("name"), $"name: {RecipeErrors.Quote(name)} is taken. Choose another name.");
        var task = s.Choice("task", whole.Task,
            new("The task whose labels the data set has: the stage's own, or for `detect-vertebrae` also `detect`, "
                + "boxes of vertebrae without corners.")
            {
                Value = "a task's name",
                Default = "the stage's",
            },
            [.. tasks.Select(known => (known, known))]);
        var part = whole with
        {
            Name = $"{whole.Name}.{name}",
            Task = task,
            Data = RecipeData.Read(s, heldOut, task, RecipeParts.Unreferenced, validation: 0),
            Augment = RecipeParts.Augment(s),
            Train = RecipeParts.Train(s, whole),
        };
        var weight = s.Number("weight", 1, RecipeParts.LeastWeight, RecipeParts.MostWeight,
            "What its loss is multiplied by, before it is added to the stage's own.");
        RecipeLabels.CheckMirror(s, part);
        RecipeReader.CheckBatch(s, part);
        s.Finish();
        return new(name, weight, part);
    }
}
