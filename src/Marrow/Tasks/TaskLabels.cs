using Marrow.Datasets;

namespace Marrow.Tasks;

/// <summary>
/// Says which labels each task learns from, by the kinds of CSV it takes, and describes in words what a data set of any
/// format holds when its labels do not fit.
/// </summary>
internal static class TaskLabels
{
    /// <summary>
    /// Returns the kind of a CSV when the recipe does not name it; null for other formats, and when the columns tell
    /// the kind.
    /// </summary>
    public static string? KindOf(string format, string task) =>
        format == "csv" ? TaskCatalogue.Find(task)?.UsualCsvKind : null;

    /// <summary>
    /// Returns options for reading an unknown CSV for a checkpoint. Its numbers or points have the names of the
    /// columns.
    /// </summary>
    public static DatasetOptions OptionsFor(string? format, CheckpointConfig config) =>
        format is not null
        && TaskCatalogue.Find(config.Task) is { OutputsAreColumns: true }
        && KindOf(format, config.Task) is { } kind
            ? new() { Kind = kind, LabelColumns = config.Classes }
            : new();

    /// <summary>
    /// Returns a remedy for an error message, such as "Its labels are numbers (age, weight): set task: regress."
    /// </summary>
    public static string Remedy(Dataset dataset, string task)
    {
        var (what, names, kind) = dataset switch
        {
            { Classes.Count: > 0, ExclusiveClasses: true } => ("classes", dataset.Classes, "classes"),
            { Classes.Count: > 0 } => ("findings", dataset.Classes, "findings"),
            { NumberNames.Count: > 0 } => ("numbers", dataset.NumberNames, "numbers"),
            { PointNames.Count: > 0 } => ("points", dataset.PointNames, "points"),
            { BoxClasses.Count: > 0 } => ("boxes", dataset.BoxClasses, "boxes"),
            _ => ("", [], ""),
        };
        if (names.Count == 0)
            return "Check data.format and its options.";
        var tasks = TasksOf(kind).ToList();
        return tasks.Contains(task)
            ? $"Its labels are {what} ({Some(names)}), all of them blank: check the columns."
            : $"Its labels are {what} ({Some(names)}): set task: {SomeText.Either(tasks)}, or name other columns by "
                + $"data.labelColumns and data.kind.";
    }

    /// <summary>Returns the names of the tasks that learn from a kind of CSV.</summary>
    internal static IEnumerable<string> TasksOf(string kind) =>
        TaskCatalogue.Names(task => task.CsvKinds.Contains(kind)).Order(StringComparer.Ordinal);

    /// <summary>Returns the first of many classes, such as "a, b and 12 more".</summary>
    public static string Some(IReadOnlyList<string> names)
    {
        const int most = 5;
        return names.Count <= most
            ? string.Join(", ", names)
            : $"{string.Join(", ", names.Take(most))} and {names.Count - most} more";
    }
}
