using System.Globalization;
using System.Text.Json;

namespace Marrow.Training.Demo;

/// <summary>
/// Where one demo lies: data/, run/ (the training's state and logs), hub/ (checkpoints), report.html and demo.json. A
/// finished demo is never written over: the next one goes to the folder's name with -2, -3, and so on. One that was
/// interrupted is gone on with.
/// </summary>
internal sealed record DemoFolder
{
    private const int MostNumbers = 10_000;

    private DemoFolder(string root, bool resumes) => (Root, Resumes) = (root, resumes);

    public string Root { get; }

    /// <summary>True when the same demo was begun here and not ended.</summary>
    public bool Resumes { get; }

    public string Chests => Path.Combine(Root, "data", "chests");
    public string Spines => Path.Combine(Root, "data", "spines");
    public string Run => Path.Combine(Root, "run");
    public string Hub => Path.Combine(Root, "hub");
    public string Report => Path.Combine(Root, "report.html");

    /// <summary>Written last: the demo is finished.</summary>
    public string Result => Path.Combine(Root, "demo.json");

    private const int MaxPlanBytes = 1 << 20;

    private string Plan => Path.Combine(Root, "plan.json");

    /// <summary>What makes two demos the same.</summary>
    private sealed record Planned(ulong Seed, int Chests, int Spines, string Recipe, IReadOnlyList<string> Overrides);

    /// <summary>
    /// Chooses the folder and marks it as a demo's. Throws <see cref="MarrowException"/> when it holds files of another
    /// kind or can't be written.
    /// </summary>
    internal static DemoFolder Open(DemoRequest request, string recipeText)
    {
        var plan = JsonSerializer.Serialize(
            new Planned(request.Seed, request.Chests, request.Spines, recipeText, request.Overrides),
            MarrowJson.Options);
        for (var number = 1; number <= MostNumbers; number++)
        {
            var root =
                number == 1
                    ? request.OutFolder
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Path.TrimEndingDirectorySeparator(request.OutFolder)}-{number}");
            var folder = new DemoFolder(root, resumes: false);
            if (IsEmpty(root))
            {
                AtomicFile.WriteText(folder.Plan, plan);
                return folder;
            }
            if (!File.Exists(folder.Plan))
                throw MarrowException.Conflict(
                    root,
                    "an empty or absent folder, or that of an earlier demo",
                    "other files",
                    "Name another folder with --out: nothing is written over.");
            if (!File.Exists(folder.Result) && InputFile.ReadAllText(folder.Plan, MaxPlanBytes) == plan)
                return new DemoFolder(root, resumes: true);
        }
        throw new MarrowException(
            $"{request.OutFolder}: holds {MostNumbers} demos already. Name another folder with --out.");
    }

    private static bool IsEmpty(string path)
    {
        if (File.Exists(path))
            throw MarrowException.Conflict(path, "a folder", "a file", "Name another folder with --out.");
        try
        {
            return !Directory.Exists(path) || !Directory.EnumerateFileSystemEntries(path).Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException(
                $"{path}: can't be listed ({e.Message}). Check its permissions, or name another folder with --out.",
                e);
        }
    }
}
