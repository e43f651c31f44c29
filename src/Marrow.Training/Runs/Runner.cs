using System.Diagnostics;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using Marrow.Training.Recipes;
using TorchSharp;

namespace Marrow.Training.Runs;

/// <summary>
/// Carries out a recipe: for each stage data -> model -> warm start -> training -> metrics on the held-out part ->
/// checkpoint. The run's folder holds recipe.yaml, run.json and a folder for each stage with its split, state, log and
/// receipt; a stage that is done is not done again when the run is resumed.
/// </summary>
public static class Runner
{
    /// <summary>
    /// Throws <see cref="MarrowException"/> for what is wrong with recipe, data or folders, before any training where it
    /// can be known, and <see cref="OperationCanceledException"/> when cancelled, after the state is saved.
    /// </summary>
    public static IReadOnlyList<StageResult> Run(RunRequest request, Action<RunEvent> report, CancellationToken cancellation = default)
    {
        var recipe = request.Recipe;
        // A folder that is there is taken first of all, one that is not once it is known that nothing is wrong.
        using var mine = Directory.Exists(request.OutFolder) ? RunFolder.Take(request) : null;
        RunFolder.Check(request);
        var done = new Dictionary<string, StageResult>(StringComparer.Ordinal);
        foreach (var stage in recipe.Stages)
        {
            if (request.Resume && RunFolder.FindResult(Path.Combine(request.OutFolder, stage.Name), request.HubFolder) is { } result)
                done[stage.Name] = result;
        }
        if (request.Resume)
            ChooseThreads(request, done); // The number is one of the things that are compared.
        CheckInputs(request, done);
        AtomicFile.RequireWritable(request.HubFolder);
        using var made = mine is null ? RunFolder.Take(request) : null;
        RunFolder.Check(request);
        RunFolder.Describe(request);
        if (!request.Resume)
            ChooseThreads(request, done);

        foreach (var stage in recipe.Stages)
        {
            if (done.TryGetValue(stage.Name, out var before))
                report(new() { Stage = stage.Name, Message = $"done before: {before.Checkpoint}" });
            else
                done[stage.Name] = RunStage(request, stage, Path.Combine(request.OutFolder, stage.Name), done, report, cancellation);
        }
        return [.. recipe.Stages.Select(s => done[s.Name])];
    }

    /// <summary>As many as the stage began with that goes on; for the others as many as the program's choice.</summary>
    private static void ChooseThreads(RunRequest request, Dictionary<string, StageResult> done)
    {
        var began = request.Resume && request.Recipe.Stages.FirstOrDefault(s => !done.ContainsKey(s.Name)) is { } next && Path.Combine(request.OutFolder, next.Name) is var folder && RunState.Exists(folder)
            ? RunIdentity.Load(folder)?.Find(RunIdentity.Threads) : null;
        ProcessThreads.Current?.Apply(ProcessThreads.FromEnvironment(began));
    }

    /// <summary>What a later stage would stumble over after hours is found before the first one starts.</summary>
    private static void CheckInputs(RunRequest request, Dictionary<string, StageResult> done)
    {
        var recipe = request.Recipe;
        var missing = recipe.DataNames.Where(name => !request.DataFolders.ContainsKey(name)).ToList();
        if (missing.Count > 0)
            throw new MarrowException($"{recipe.SourcePath}: no folder for the data set{(missing.Count > 1 ? "s" : "")} '{string.Join("', '", missing)}'. Give {(missing.Count > 1 ? "each" : "it")} with {string.Join(" ", missing.Select(name => $"--data {name}=DIR"))}.");
        if (done.Count == recipe.Stages.Count)
            return;
        foreach (var stage in recipe.Stages)
        {
            var folder = Path.Combine(request.OutFolder, stage.Name);
            var isDone = done.ContainsKey(stage.Name);
            var began = request.Resume && (isDone || RunState.Exists(folder)) ? RunIdentity.Load(folder) : null;
            if (isDone && began is null)
                continue;
            // What is done counts too: a later stage must hold out what an earlier one never saw.
            var (data, unlabeled) = Read(request, stage);
            if (began is not null)
                RunIdentity.Of(data, unlabeled).Require(began, folder, isDone ? [RunIdentity.Threads] : request.AllowChanged);
            if (isDone)
                continue;
            if (request.Resume)
                RunState.Check(folder);
            using (var start = Known(stage.Init is { } init ? InitReference.NameIn(init) : null, "start", began))
            {
                if (start is not null && Elsewhere(InitReference.NameIn(stage.Init!)))
                    BackboneMatch.Require(stage, start);
            }
            Known(stage.Data.SoftLabelsFrom, "labels by", began)?.Dispose();
            using var detector = Known(stage.Crop?.By, "crop by", began);
            if (detector is not null)
                CropDetector.Require(detector);
        }

        bool Elsewhere(string reference) => recipe.Stages.All(s => s.Name != reference);

        // Null for a stage that is still to come.
        Checkpoint? Known(string? reference, string role, RunIdentity? began) =>
            reference is null || (!Elsewhere(reference) && !done.ContainsKey(reference)) ? null : StageInit.Find(reference, done, Pinned(request, role, began));
    }

    /// <summary>
    /// A hub's name means the newest; a run that goes on means the one that it began with, though a newer one has come.
    /// </summary>
    private static Func<string, Checkpoint> Pinned(RunRequest request, string role, RunIdentity? began) => reference =>
    {
        var found = request.Resolve(reference);
        if (began?.Find(role) is not { } before || before == RunIdentity.Reference(found))
            return found;
        var now = RunIdentity.Reference(found);
        found.Dispose();
        try
        {
            return request.Resolve(before);
        }
        catch (MarrowException e)
        {
            throw MarrowException.Bad(request.OutFolder, $"{role} {before}, as the run began", $"{now}, and that one no more", "Put it back into the hub, or start anew in another folder, by --out.", e);
        }
    };

    private static StageResult RunStage(RunRequest request, Stage stage, string folder, Dictionary<string, StageResult> done,
        Action<RunEvent> report, CancellationToken cancellation)
    {
        using var log = new RunLog(folder);
        void Report(RunEvent e)
        {
            report(e);
            if (log.Write(e) is { } trouble)
                report(new() { Stage = stage.Name, Message = trouble });
        }
        void Say(string message) => Report(new() { Stage = stage.Name, Message = message });

        var recipe = request.Recipe;
        var input = stage.Input.ToContract();
        var (data, unlabeled) = Read(request, stage);
        Say(data.ToString());
        if (ProcessThreads.Current?.Last is { } threads)
            Say($"{threads}");
        if (unlabeled is not null)
            Say(unlabeled.ToString());
        if (data.Faults.Length > 0)
            Say(data.Faults);
        var began = request.Resume && RunState.Exists(folder) ? RunIdentity.Load(folder) : null;
        if (began is null && RunState.Exists(folder))
            Say("begun by an earlier version of Marrow, which kept no record of its data: whether they have changed since can't be told");
        var identity = RunIdentity.Of(data, unlabeled);
        data.SaveSplit(Path.Combine(folder, "split.json"));
        using var labeller = stage.Data.SoftLabelsFrom is { } from ? StageInit.Find(from, done, Pinned(request, "labels by", began)) : null;
        if (labeller is not null)
            data = SelfTraining.Apply(data, stage, labeller, folder, Say, cancellation);
        using var cropping = StageCropping.Find(stage, done, Pinned(request, "crop by", began));
        var shown = data; // whole images, or the crops of them that the model sees
        if (cropping is not null)
        {
            input = input with { Crop = cropping.Crop };
            shown = cropping.Apply(data, request.OutFolder, Report, cancellation);
        }
        using var cache = shown.Pack(input, cancellation);
        using var unlabeledCache = unlabeled?.Pack(input, cancellation);

        torch.manual_seed((long)recipe.Seed);
        using var task = TaskCatalogue.Create(stage.Task, stage.ModelRequest, input, shown.Dataset);
        task.AdaptTo(shown.Training);
        using var masks = data.PackMasks(task, cancellation);
        using var source = stage.Init is null ? null : StageInit.Find(stage.Init, done, Pinned(request, "start", began));
        identity = identity.With([.. shown.Training, .. shown.Validation, .. shown.HeldOut], cache, masks, unlabeled?.Samples ?? [], unlabeledCache)
            .With("start", source).With("labels by", labeller).With("crop by", cropping?.Source);
        if (began is null)
            identity.Save(folder);
        else
            identity.Require(began, folder, request.AllowChanged).ToList().ForEach(Say);
        var receipt = source is null ? null : StageInit.Apply(source, task, stage, recipe.Seed, Path.Combine(folder, "receipt.json"), Say);

        var workers = stage.Train.Workers > 0 ? stage.Train.Workers : Math.Min(8, torch.get_num_threads());
        using var training = new BatchLoader(shown.Training, cache, input, stage.Augment, stage.Train.Batch, recipe.Seed, shuffle: true, dropLast: true, workers, masks: masks);
        using var unlabeledImages = unlabeled is null ? null : new BatchLoader(unlabeled.Samples, unlabeledCache!, input,
            (stage.Uda ?? (UnlabeledOptions)stage.Teacher!).Augment, stage.Train.Batch, recipe.Seed + 3, shuffle: true, dropLast: true, workers, plain: true);
        using var method = unlabeledImages is null ? MethodCatalogue.Create(stage, task) : MethodCatalogue.Create(stage, task, data.Training, cache, masks, unlabeledImages);
        using var validation = Plain(shown.Validation, cache, masks, input, stage.Train.Batch, cancellation);
        using var loop = new TrainingLoop(stage.Name, method, stage.Train, training, validation, folder, identity.Key);
        var waited = new WaitTally();
        var progress = loop.Run(request.Resume, e => { waited.Add(e); Report(e); }, cancellation);

        using var heldOut = Plain(shown.HeldOut, cache, masks, input, stage.Train.Batch, cancellation);
        var metrics = heldOut is null ? [] : loop.Measure(heldOut, new() { KeepDraws = request.DrawsOf is not null, Cancellation = cancellation });
        metrics = [.. metrics.Select(m => m.Name == request.DrawsOf ? m : m with { Draws = null })];
        var checkpoint = StageCheckpoint.Save(request, stage, task, data, unlabeled, receipt, source, labeller, cropping?.Source, progress, metrics);
        var result = new StageResult
        {
            Stage = stage.Name,
            Task = stage.Task,
            Checkpoint = $"{checkpoint.Name}@{checkpoint.Digest}",
            Folder = checkpoint.Path,
            Receipt = receipt,
            Metrics = metrics,
            Progress = progress,
            TrainingImages = data.Training.Count,
            UnlabeledImages = unlabeled?.Samples.Count ?? 0,
            ValidationImages = data.Validation.Count,
            HeldOutImages = data.HeldOut.Count,
            PeakMemoryGiB = Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 30),
            WaitShare = waited.Share,
        };
        RunFolder.SaveResult(request, result);
        return result;
    }

    private static (StageSamples Data, UnlabeledSamples? Unlabeled) Read(RunRequest request, Stage stage)
    {
        var root = request.DataFolders[stage.Data.Name];
        var data = StageSamples.Read(request.Recipe, stage, root, request.Include);
        return (data, stage.Unlabeled is null ? null : UnlabeledSamples.Read(stage, request.DataFolders[stage.Unlabeled.Name], data, root, request.Include));
    }

    private static BatchLoader? Plain(IReadOnlyList<Datasets.Sample> samples, PackedCache cache, MaskPack? masks, InputContract input, int batch, CancellationToken cancellation) =>
        samples.Count == 0 ? null : new(samples, cache, input, null, batch, 0, shuffle: false, dropLast: false, masks: masks) { Cancellation = cancellation };

    /// <summary>The share of waiting over a whole run, from its events.</summary>
    private sealed class WaitTally
    {
        private readonly Stopwatch _sinceEvent = Stopwatch.StartNew();
        private double _seconds;
        private double _waited;

        public double Share => _seconds > 0 ? _waited / _seconds : 0;

        public void Add(RunEvent e)
        {
            var seconds = _sinceEvent.Elapsed.TotalSeconds;
            _sinceEvent.Restart();
            if (e.WaitShare is not { } share)
                return;
            _seconds += seconds;
            _waited += share * seconds;
        }
    }
}

/// <summary>The files of a run that are not a stage's own training state.</summary>
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

    /// <summary>Refuses a folder that holds another run, or one that is to be started anew. Writes nothing.</summary>
    public static void Check(RunRequest request)
    {
        var (path, recipe) = Files(request);
        if (File.Exists(path))
        {
            if (!request.Resume)
                throw new MarrowException(ErrorKind.Conflict, $"{request.OutFolder}: holds a run already. Go on with it by --resume, or name another folder with --out.");
            var stored = MarrowJson.Read<Description>(path, "the description of a run", "Copy it from where it is whole, or name another folder with --out.");
            if (!File.Exists(recipe) || RecipeYaml.ReadText(recipe) != request.Recipe.SourceText || !stored.Overrides.SequenceEqual(request.Recipe.Overrides) || !stored.Stages.SequenceEqual(request.Recipe.Chosen))
                throw new MarrowException(ErrorKind.Conflict, $"{request.OutFolder}: the run there has another recipe or other settings than {request.Recipe.SourcePath}. Resume it with its own recipe.yaml, --set values and --stages, or name another folder with --out.");
        }
    }

    /// <summary>Writes down what is run; throws <see cref="MarrowException"/> when the folder can't be written.</summary>
    public static void Describe(RunRequest request)
    {
        var (path, recipe) = Files(request);
        if (File.Exists(path))
            return;
        if (File.Exists(recipe) && InputFile.ReadAllText(recipe, 16 << 20) != request.Recipe.SourceText)
            throw MarrowException.Conflict(request.OutFolder, "a folder without a recipe.yaml of its own", "one that no run left there", "Name another folder with --out: nothing that others wrote is replaced.");
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
    /// The process that runs in the folder, until it is disposed or dies. Throws <see cref="MarrowException"/> where another
    /// one does, or the folder can't be written.
    /// </summary>
    public static IDisposable Take(RunRequest request)
    {
        AtomicFile.RequireWritable(request.OutFolder);
        return FolderLock.TryTake(request.OutFolder, LockName)
            ?? throw new MarrowException(ErrorKind.Conflict, $"{request.OutFolder}: another process is at the run in this folder. Wait for its end, or name another folder with --out.");
    }

    /// <summary>Null for a stage that is not done. Its checkpoint is looked for in the run's own hub, wherever both were moved to.</summary>
    public static StageResult? FindResult(string stageFolder, string hubFolder)
    {
        var path = Path.Combine(stageFolder, ResultName);
        if (!File.Exists(path))
            return null;
        const string again = "delete this file and resume: the stage then ends again from its state";
        var result = MarrowJson.Read<StageResult>(path, "the result of a stage", $"Otherwise {again}.");
        var parts = result.Checkpoint.Split(Digest.Mark);
        if (parts is not [var name, var digits] || !CheckpointName.IsValid(name) || !Digest.IsHex(digits))
            throw MarrowException.Bad(path, "a checkpoint as name@sha256:digits", $"'{result.Checkpoint}'", $"Otherwise {again}.");
        var folder = Path.Combine(hubFolder, name, digits);
        return Directory.Exists(folder) ? result with { Folder = folder }
            : throw MarrowException.Bad(path, $"{result.Checkpoint} in the run's hub {hubFolder}", "none", $"Name the hub that the run began with, by --hub; or {again}.");
    }

    private static (string Description, string Recipe) Files(RunRequest request) =>
        (Path.Combine(request.OutFolder, "run.json"), Path.Combine(request.OutFolder, "recipe.yaml"));

    /// <summary>The checkpoint's folder is told from the run's, so that it holds for a run that was moved.</summary>
    public static void SaveResult(RunRequest request, StageResult result) => AtomicFile.WriteText(Path.Combine(request.OutFolder, result.Stage, ResultName),
        JsonSerializer.Serialize(result with { Folder = Path.GetRelativePath(request.OutFolder, result.Folder) }, MarrowJson.Options));
}
