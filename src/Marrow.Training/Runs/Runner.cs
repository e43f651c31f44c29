using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Prediction;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// Carries out a recipe, stage by stage (<see cref="StageRun"/>). The run's folder holds recipe.yaml, run.json and one
/// folder for each stage, with its split, state, log and receipt. When a run is resumed, finished stages are not
/// repeated.
/// </summary>
public static class Runner
{
    /// <summary>
    /// Runs the recipe. Throws <see cref="MarrowException"/> for faults in the recipe, the data or the folders, before
    /// any training if they can be known by then. Throws <see cref="OperationCanceledException"/> when it is cancelled,
    /// after the state is saved.
    /// </summary>
    public static IReadOnlyList<StageResult> Run(
        RunRequest request, Action<RunEvent> report, CancellationToken cancellation = default)
    {
        var recipe = request.Recipe;
        _ = request.DeviceChoice.Take(); // A device that can't be used is told before anything is made.
        // A folder that is there is taken first of all, one that is not once it is known that nothing is wrong.
        using var mine = Directory.Exists(request.OutFolder) ? RunFolder.Take(request) : null;
        RunFolder.Check(request);
        var done = new Dictionary<string, StageResult>(StringComparer.Ordinal);
        foreach (var stage in recipe.Stages)
        {
            if (request.Resume && RunFolder.FindResult(FolderOf(request, stage), request.HubFolder) is { } result)
                done[stage.Name] = result;
        }
        if (request.Resume)
            ChooseThreads(request, done); // The number is one of the things that are compared.
        var inputs = CheckInputs(request, done, report, cancellation);
        AtomicFile.RequireWritable(request.HubFolder);
        using var made = mine is null ? RunFolder.Take(request) : null;
        RunFolder.Check(request);
        RunFolder.Describe(request);
        if (!request.Resume)
            ChooseThreads(request, done);

        foreach (var stage in recipe.Stages)
        {
            if (done.TryGetValue(stage.Name, out var before))
            {
                report(new(stage: stage.Name) { Message = $"done before: {before.Checkpoint}" });
                continue;
            }
            using var context = new StageContext(request, stage, FolderOf(request, stage), done, report, cancellation);
            done[stage.Name] = StageRun.Run(context, inputs[stage.Name]);
        }
        return [.. recipe.Stages.Select(s => done[s.Name])];
    }

    /// <summary>
    /// Returns the command by which the run in a folder goes on, with DIR for folders of data; null where no run is, or
    /// one that is finished. Throws <see cref="MarrowException"/> when what is there can't be read.
    /// </summary>
    public static string? CommandToResume(string folder) => RunFolder.CommandToResume(folder);

    /// <summary>
    /// Returns a report of the run: its stages, what each of them measured, and what each warm start took over.
    /// </summary>
    public static TextReport Report(RunRequest request, IReadOnlyList<StageResult> results) =>
        RunReport.Of(request, results);

    private static string FolderOf(RunRequest request, Stage stage) => Path.Combine(request.OutFolder, stage.Name);

    /// <summary>
    /// Uses as many threads as when a resumed stage began; other stages use as many as the program has chosen.
    /// </summary>
    private static void ChooseThreads(RunRequest request, Dictionary<string, StageResult> done)
    {
        var next = request.Resume ? request.Recipe.Stages.FirstOrDefault(s => !done.ContainsKey(s.Name)) : null;
        var began = next is not null && FolderOf(request, next) is var folder && RunState.Exists(folder)
            ? RunIdentity.Load(folder)?.Find(RunIdentity.Threads)
            : null;
        ProcessThreads.Current?.Apply(ProcessThreads.FromEnvironment(began));
    }

    /// <summary>
    /// What a later stage would stumble over after hours is found before the first one starts. The labels that are read
    /// for that are those that the stages then learn from.
    /// </summary>
    private static Dictionary<string, StageInputs> CheckInputs(
        RunRequest request,
        Dictionary<string, StageResult> done,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var recipe = request.Recipe;
        var inputs = new Dictionary<string, StageInputs>(StringComparer.Ordinal);
        RequireFolders(recipe, request.DataFolders);
        if (done.Count == recipe.Stages.Count)
            return inputs;
        var grouping = StageGrouping.Of(request, new(at => report(RunEvent.Of(at)), cancellation));
        foreach (var stage in recipe.Stages)
        {
            var folder = FolderOf(request, stage);
            var isDone = done.ContainsKey(stage.Name);
            var began = request.Resume && (isDone || RunState.Exists(folder)) ? RunIdentity.Load(folder) : null;
            if (isDone && began is null)
                continue;
            // What is done counts too: a later stage must hold out what an earlier one never saw.
            var read = inputs[stage.Name] = StageInputs.Read(request, stage, grouping);
            if (began is not null)
            {
                RunIdentity.Of(read, request.DeviceChoice)
                    .Require(began, folder, isDone ? [RunIdentity.Threads, RunIdentity.Device] : request.AllowChanged);
            }
            if (isDone)
                continue;
            if (request.Resume)
                RunState.Check(folder);
            CheckSources(request, stage, done, began);
        }
        return inputs;
    }

    /// <summary>Throws <see cref="MarrowException"/> when a data set of the recipe has no folder.</summary>
    internal static void RequireFolders(Recipe recipe, IReadOnlyDictionary<string, string> folders)
    {
        var missing = recipe.DataNames.Where(name => !folders.ContainsKey(name)).ToList();
        if (missing.Count > 0)
        {
            var several = missing.Count > 1;
            throw new MarrowException(
                $"{recipe.SourcePath}: no folder for the data set{(several ? "s" : "")} "
                    + $"'{string.Join("', '", missing)}'. "
                    + $"Give {(several ? "each" : "it")} with "
                    + $"{string.Join(" ", missing.Select(name => $"--data {name}=DIR"))}."
            );
        }
    }

    /// <summary>
    /// Checks the checkpoints that stages name. Those of earlier stages do not exist yet; all others must exist and be
    /// of the required kind.
    /// </summary>
    private static void CheckSources(
        RunRequest request, Stage stage, Dictionary<string, StageResult> done, RunIdentity? began)
    {
        using (var start = Known(stage.Init is { } init ? InitReference.NameIn(init) : null, RunIdentity.Start))
        {
            if (start is not null && IsElsewhere(InitReference.NameIn(stage.Init!)))
                BackboneMatch.Require(stage, start);
        }
        Known(stage.Data.SoftLabelsFrom, RunIdentity.LabelsBy)?.Dispose();
        using var first = Known(stage.Crop?.By, RunIdentity.CropBy);
        if (first is not null)
            FirstLooker.Require(first, stage.Crop!.Region);

        bool IsElsewhere(string reference) => request.Recipe.Stages.All(s => s.Name != reference);

        Checkpoint? Known(string? reference, string role) =>
            reference is null || (!IsElsewhere(reference) && !done.ContainsKey(reference))
                ? null
                : StageSources.Find(request, reference, role, done, began);
    }
}
