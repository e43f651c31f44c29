using Marrow.Checkpoints;
using Marrow.Datasets;

namespace Marrow.Training;

/// <summary>
/// Which labels each task learns from, and what to say where the data has others: the kinds of a CSV by task, and in words
/// what a data set of any format holds.
/// </summary>
internal static class TaskLabels
{
    /// <summary>The kinds of a CSV that a task takes; the first is read where the recipe names none. Null: the columns tell.</summary>
    private static readonly Dictionary<string, string[]> Kinds = new()
    {
        [CheckpointTask.Classify] = ["classes", "findings"],
        [CheckpointTask.RegressCobb] = ["numbers"],
        [CheckpointTask.Regress] = ["numbers"],
        [CheckpointTask.Points] = ["points"],
    };

    /// <summary>What "kind" is where the recipe does not say; null for other formats, and for classify, where the columns tell.</summary>
    public static string? KindOf(string format, string task) =>
        format == "csv" && Kinds.GetValueOrDefault(task) is [var only] ? only : null;

    /// <summary>How to read a foreign CSV for a checkpoint: its numbers or points have the names of the columns.</summary>
    public static DatasetOptions OptionsFor(string? format, CheckpointConfig config) =>
        format is not null && config.Task is CheckpointTask.Regress or CheckpointTask.Points && KindOf(format, config.Task) is { } kind
            ? new() { Kind = kind, LabelColumns = config.Classes }
            : new();

    /// <summary>Notes an error where points would be mirrored without a word on which of them change places.</summary>
    public static void CheckMirror(RecipeSection stage, Stage read)
    {
        if (read is { Data: { Format: "csv", Options: { Kind: "points", MirrorPairs: null } }, Augment.FlipProbability: > 0 })
            stage.Errors.Add(stage.At("augment"), "augment.flipProbability: a mirrored image has its left points on the right, and data.mirrorPairs does not say which of them change places. Name them, as in mirrorPairs: {left_hip: right_hip} ({} when none do), or set flipProbability: 0.");
    }

    /// <summary>Notes an error where a stage's CSV is of a kind that its task can't learn from.</summary>
    public static void Check(RecipeSection stage, string task, StageData data)
    {
        if (data.Options.Kind is not { } kind || data.Format != "csv" || !Kinds.TryGetValue(task, out var kinds) || kinds.Contains(kind))
            return;
        var section = stage.At("data");
        stage.Errors.Add(section, $"data: task {task} learns from a CSV of kind {RecipeSection.Either(kinds)}, found kind {kind}. Set kind: {kinds[0]}, or the task that learns from {kind}: {RecipeSection.Either(TasksOf(kind))}.");
    }

    /// <summary>"Its labels are numbers (age, weight): set task: regress."</summary>
    public static string Remedy(Dataset dataset, string task)
    {
        var (what, names, kind) = dataset switch
        {
            { Classes.Count: > 0, ExclusiveClasses: true } => ("classes", dataset.Classes, "classes"),
            { Classes.Count: > 0 } => ("findings", dataset.Classes, "findings"),
            { NumberNames.Count: > 0 } => ("numbers", dataset.NumberNames, "numbers"),
            { PointNames.Count: > 0 } => ("points", dataset.PointNames, "points"),
            _ => ("", [], ""),
        };
        if (names.Count == 0)
            return "Check data.format and its options.";
        var tasks = TasksOf(kind).ToList();
        return tasks.Contains(task)
            ? $"Its labels are {what} ({Some(names)}), all of them blank: check the columns."
            : $"Its labels are {what} ({Some(names)}): set task: {RecipeSection.Either(tasks)}, or name other columns by data.labelColumns and data.kind.";
    }

    private static IEnumerable<string> TasksOf(string kind) => Kinds.Where(k => k.Value.Contains(kind)).Select(k => k.Key).Order(StringComparer.Ordinal);

    /// <summary>"a, b and 12 more".</summary>
    public static string Some(IReadOnlyList<string> names)
    {
        const int most = 5;
        return names.Count <= most ? string.Join(", ", names) : $"{string.Join(", ", names.Take(most))} and {names.Count - most} more";
    }
}
