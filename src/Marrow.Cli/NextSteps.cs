using Marrow.Hub;
using Marrow.Training.Runs;

namespace Marrow.Cli;

/// <summary>
/// What a user who types "marrow" alone will most likely want next, by what lies in the folder: a run that was stopped,
/// a data set, checkpoints, or nothing yet.
/// </summary>
internal static class NextSteps
{
    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true };

    /// <summary>Returns commands and what each does, the most likely first.</summary>
    public static IReadOnlyList<(string Command, string Why)> In(string folder)
    {
        var steps = new List<(string, string)>();
        foreach (var (run, command) in Stopped(folder))
            steps.Add((command, $"goes on with the run in {run}, which isn't finished"));
        if (Labels(folder) is { } labels)
            steps.Add((
                $"marrow data check csv .{(labels == "labels.csv" ? "" : $" --set csv={labels}")}",
                $"says what is wrong with the images that {labels} lists, before anything is trained on them"));
        if (HasCheckpoints())
            steps.Add((
                "marrow predict IMAGES --out results",
                "says what the hub's checkpoints see on a folder of images; marrow hub list shows them"));
        else
            steps.Add(("marrow demo", "carries out the whole recipe on made-up radiographs, in minutes"));
        return steps;
    }

    private static IEnumerable<(string Run, string Command)> Stopped(string folder)
    {
        var runs = Path.Combine(folder, "runs");
        if (!Directory.Exists(runs))
            yield break;
        foreach (var run in Directory.EnumerateDirectories(runs, "*", Readable).Order(StringComparer.Ordinal))
        {
            var shown = Path.Combine("runs", Path.GetFileName(run));
            if (Told(() => Runner.CommandToResume(run)) is { } command)
                yield return (shown, command.Replace(run, shown, StringComparison.Ordinal));
        }
    }

    private static string? Labels(string folder)
    {
        string[] tables =
            [.. Directory.EnumerateFiles(folder, "*.csv", Readable).Select(path => Path.GetFileName(path)!)];
        return tables.Contains("labels.csv") ? "labels.csv"
            : tables is [var only] ? only
            : null;
    }

    private static bool HasCheckpoints() =>
        Told(() => new LocalHub(HubFolder.Default()).List().FirstOrDefault()?.Name) is not null;

    /// <summary>What can't be read is no next step.</summary>
    private static string? Told(Func<string?> look)
    {
        try
        {
            return look();
        }
        catch (Exception e) when (e is MarrowException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
