using System.Text.Json;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>The files in a run's folder that are not part of a stage's own training state.</summary>
internal static class RunFolder
{
    private const string ResultName = "result.json";
    private const string LockName = ".run.lock"; // an experiment locks the folders of its runs by a file of its own

    private sealed record Description
    {
        public required string Recipe { get; init; }
        public required IReadOnlyList<string> Overrides { get; init; }
        public IReadOnlyList<string> Stages { get; init; } = [];
        public required string Command { get; init; }
        public required string MarrowVersion { get; init; }
    }

    /// <summary>
    /// Refuses a folder that holds another run, and one that holds this run unless it is resumed. Writes nothing.
    /// </summary>
    public static void Check(RunRequest request)
    {
        var (path, recipe) = Files(request);
        if (File.Exists(path))
        {
            if (!request.Resume)
                throw new MarrowException(
                    ErrorKind.Conflict,
                    $"{request.OutFolder}: holds a run already. Go on with it by --resume, or name another folder "
                        + $"with --out."
                );
            var stored = ReadDescription(path);
            if (
                !File.Exists(recipe)
                || RecipeYaml.ReadText(recipe) != request.Recipe.SourceText
                || !stored.Overrides.SequenceEqual(request.Recipe.Overrides)
                || !stored.Stages.SequenceEqual(request.Recipe.Chosen))
                throw new MarrowException(
                    ErrorKind.Conflict,
                    $"{request.OutFolder}: the run there has another recipe or other settings than "
                        + $"{request.Recipe.SourcePath}. Resume it with its own recipe.yaml, --set values and "
                        + $"--stages, or name another folder with --out."
                );
        }
    }

    /// <summary>
    /// Writes a description of the run into its folder. Throws <see cref="MarrowException"/> when the folder can't be
    /// written.
    /// </summary>
    public static void Describe(RunRequest request)
    {
        var (path, recipe) = Files(request);
        if (File.Exists(path))
            return;
        if (File.Exists(recipe) && InputFile.ReadAllText(recipe, 16 << 20) != request.Recipe.SourceText)
            throw MarrowException.Conflict(
                request.OutFolder,
                "a folder without a recipe.yaml of its own",
                "one that no run left there",
                "Name another folder with --out: nothing that others wrote is replaced.");
        request.Recipe.WriteTo(recipe);
        var version = typeof(Runner).Assembly.GetName().Version!.ToString(3);
        AtomicFile.WriteText(path, JsonSerializer.Serialize(new Description
        {
            Recipe = request.Recipe.Name,
            Overrides = request.Recipe.Overrides,
            Stages = request.Recipe.Chosen,
            Command = request.Command,
            MarrowVersion = version,
        }, MarrowJson.Options));
    }

    /// <summary>
    /// Locks the folder for this process until the result is disposed or the process ends. Throws
    /// <see cref="MarrowException"/> when another process has locked it, and when it can't be written.
    /// </summary>
    public static IDisposable Take(RunRequest request)
    {
        AtomicFile.RequireWritable(request.OutFolder);
        return FolderLock.TryTake(request.OutFolder, LockName)
            ?? throw new MarrowException(
                ErrorKind.Conflict,
                $"{request.OutFolder}: another process is at the run in this folder. Wait for its end, or name "
                    + $"another folder with --out."
            );
    }

    /// <summary>
    /// Returns the result of a stage; null when the stage is not finished. The checkpoint is looked up in the run's own
    /// hub, even when both were moved.
    /// </summary>
    public static StageResult? FindResult(string stageFolder, string hubFolder)
    {
        var path = Path.Combine(stageFolder, ResultName);
        if (!File.Exists(path))
            return null;
        const string again = "delete this file and resume: the stage then ends again from its state";
        var result = MarrowJson.Read<StageResult>(path, "the result of a stage", $"Otherwise {again}.");
        var parts = result.Checkpoint.Split(Digest.Mark);
        if (parts is not [var name, var digits] || !CheckpointName.IsValid(name) || !Digest.IsHex(digits))
            throw MarrowException.Bad(
                path,
                "a checkpoint as name@sha256:digits",
                $"'{result.Checkpoint}'",
                $"Otherwise {again}.");
        var folder = Path.Combine(hubFolder, name, digits);
        return Directory.Exists(folder) ? result.In(folder)
            : throw MarrowException.Bad(
                path,
                $"{result.Checkpoint} in the run's hub {hubFolder}",
                "none",
                $"Name the hub that the run began with, by --hub; or {again}.");
    }

    /// <summary>
    /// Returns the command by which the run in a folder goes on, with DIR for folders of data; null where no run is, or
    /// one that is finished.
    /// </summary>
    public static string? CommandToResume(string folder)
    {
        var (path, recipe) = Files(folder);
        if (!File.Exists(path) || !File.Exists(recipe))
            return null;
        var stored = ReadDescription(path);
        var stages = stored.Stages.Count > 0
            ? stored.Stages
            : [.. RecipeReader.Read(recipe, stored.Overrides).Stages.Select(stage => stage.Name)];
        return stages.All(stage => File.Exists(Path.Combine(folder, stage, ResultName)))
            ? null
            : $"{stored.Command} --out {folder} --resume";
    }

    private static Description ReadDescription(string path) =>
        MarrowJson.Read<Description>(
            path,
            "the description of a run",
            "Copy it from where it is whole, or name another folder with --out.");

    private static (string Description, string Recipe) Files(RunRequest request) => Files(request.OutFolder);

    private static (string Description, string Recipe) Files(string folder) =>
        (Path.Combine(folder, "run.json"), Path.Combine(folder, "recipe.yaml"));

    /// <summary>
    /// Saves a stage's result. The folder of the checkpoint is stored relative to the run's folder, so that it stays
    /// right when the run is moved.
    /// </summary>
    public static void SaveResult(RunRequest request, StageResult result) =>
        AtomicFile.WriteText(
            Path.Combine(request.OutFolder, result.Stage, ResultName),
            JsonSerializer.Serialize(
                result.In(Path.GetRelativePath(request.OutFolder, result.Folder)),
                MarrowJson.Options));
}
