using Marrow.Tasks;
using Marrow.Tasks.Own;

namespace Marrow.Training.Recipes;

/// <summary>
/// What of a key follows from the stage's task, in words for docs/recipe.md: of the tasks that come with Marrow, not of
/// those that a program has added.
/// </summary>
internal static class TaskWords
{
    private static IEnumerable<TaskDescriptor> Tasks => TaskCatalogue.All.Where(task => task is not OwnDescriptor);

    // A task of parts has neither metrics nor an input of its own: each of its parts has those of its task.
    private static IEnumerable<TaskDescriptor> OfOneTask => Tasks.Where(task => !task.HasParts);

    /// <summary>"`classify`, `regress`": those that <paramref name="which"/> picks.</summary>
    public static string Names(Func<TaskDescriptor, bool> which) =>
        KeyWords.Codes(Tasks.Where(which).Select(task => task.Name));

    /// <summary>"`classify`: `auroc`, `kappa`; `segment`: `dice`": those that may choose weights.</summary>
    public static string Metrics =>
        string.Join("; ", OfOneTask.Select(task => $"{KeyWords.Code(task.Name)}: {KeyWords.Codes(task.Metrics)}"));

    /// <summary>"224; 256 for `points`": what most have, then what others have.</summary>
    public static string Default(Func<TaskDescriptor, string> of)
    {
        var values = OfOneTask.GroupBy(of).OrderByDescending(group => group.Count()).ToList();
        return string.Join("; ", values.Select((group, i) =>
            i == 0 ? group.Key : $"{group.Key} for {Names(group.Contains)}"));
    }
}
