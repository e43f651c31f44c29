using Marrow.Datasets;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>Whether a stage's labels are such as its task learns from.</summary>
internal static class RecipeLabels
{
    /// <summary>Notes an error where points would be mirrored without a word on which of them change places.</summary>
    public static void CheckMirror(RecipeSection stage, Stage read)
    {
        if (
            read is
            { Data: { Format: "csv", Options: { Kind: "points", MirrorPairs: null } }, Augment.FlipProbability: > 0 }
        )
            stage.Errors.Add(
                stage.At("augment"),
                "augment.flipProbability: a mirrored image has its left points on the right, and data.mirrorPairs "
                    + "does not say which of them change places. Name them, as in mirrorPairs: {left_hip: right_hip} "
                    + "({} when none do), or set flipProbability: 0."
            );
    }

    /// <summary>Notes an error where a stage's CSV is of a kind that its task can't learn from.</summary>
    public static void Check(RecipeSection stage, string task, StageData data)
    {
        if (
            data.Options.Kind is not { } kind
            || data.Format != "csv"
            || TaskCatalogue.Find(task)?.CsvKinds is not { Count: > 0 } kinds
            || kinds.Contains(kind))
            return;
        var section = stage.At("data");
        stage.Errors.Add(
            section,
            $"data: task {task} learns from a CSV of kind {SomeText.Either(kinds)}, found kind {kind}. Set kind: "
                + $"{kinds[0]}, or the task that learns from {kind}: {SomeText.Either(TaskLabels.TasksOf(kind))}."
        );
    }
}
