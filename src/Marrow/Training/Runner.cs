using System.Diagnostics;
using System.Text.Json;
using Marrow.Tensors;
using Marrow.Training.Methods;
using TorchSharp;

namespace Marrow.Training;

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
        RunFolder.Check(request);
        var done = new Dictionary<string, StageResult>(StringComparer.Ordinal);
        foreach (var stage in recipe.Stages)
        {
            if (request.Resume && RunFolder.FindResult(Path.Combine(request.OutFolder, stage.Name)) is { } result)
                done[stage.Name] = result;
        }
        CheckInputs(request, done);
        RunFolder.Prepare(request);

        foreach (var stage in recipe.Stages)
        {
            if (done.TryGetValue(stage.Name, out var before))
                report(new() { Stage = stage.Name, Message = $"done before: {before.Checkpoint}" });
            else
                done[stage.Name] = RunStage(request, stage, Path.Combine(request.OutFolder, stage.Name), done, report, cancellation);
        }
        return [.. recipe.Stages.Select(s => done[s.Name])];
    }

    /// <summary>What a later stage would stumble over after hours is found before the first one starts.</summary>
    private static void CheckInputs(RunRequest request, Dictionary<string, StageResult> done)
    {
        var recipe = request.Recipe;
        var missing = recipe.DataNames.Where(name => !request.DataFolders.ContainsKey(name)).ToList();
        if (missing.Count > 0)
            throw new MarrowException($"{recipe.SourcePath}: no folder for the data set{(missing.Count > 1 ? "s" : "")} '{string.Join("', '", missing)}'. Give {(missing.Count > 1 ? "each" : "it")} with {string.Join(" ", missing.Select(name => $"--data {name}=DIR"))}.");
        foreach (var stage in recipe.Stages.Where(s => !done.ContainsKey(s.Name)))
        {
            Read(request, stage);
            if (Elsewhere(stage.Init is { } init ? StageInit.NameIn(init) : null) is { } start)
            {
                using var source = request.Resolve(start);
                BackboneMatch.Require(stage, source);
            }
            if (Elsewhere(stage.Data.SoftLabelsFrom) is { } labeller)
                request.Resolve(labeller).Dispose();
            if (Elsewhere(stage.Crop?.By) is { } detector)
            {
                using var source = request.Resolve(detector);
                CropDetector.Require(source);
            }
        }

        string? Elsewhere(string? reference) => recipe.Stages.Any(s => s.Name == reference) ? null : reference;
    }

    private static StageResult RunStage(RunRequest request, Stage stage, string folder, Dictionary<string, StageResult> done,
        Action<RunEvent> report, CancellationToken cancellation)
    {
        using var log = new RunLog(folder);
        void Report(RunEvent e)
        {
            log.Write(e);
            report(e);
        }
        void Say(string message) => Report(new() { Stage = stage.Name, Message = message });

        var recipe = request.Recipe;
        var input = stage.Input.ToContract();
        var (data, unlabeled) = Read(request, stage);
        Say(data.ToString());
        if (unlabeled is not null)
            Say(unlabeled.ToString());
        if (data.Faults.Length > 0)
            Say(data.Faults);
        data.SaveSplit(Path.Combine(folder, "split.json"));
        using var labeller = stage.Data.SoftLabelsFrom is { } from ? StageInit.Find(from, done, request.Resolve) : null;
        if (labeller is not null)
            data = SelfTraining.Apply(data, stage, labeller, folder, Say, cancellation);
        using var cropping = StageCropping.Find(stage, done, request.Resolve);
        var shown = data; // whole images, or the windows of them that the model sees
        if (cropping is not null)
        {
            input = input with { Crop = cropping.Crop };
            shown = cropping.Apply(data, request.OutFolder, Report, cancellation);
        }
        using var cache = shown.Pack(input, cancellation);
        using var unlabeledCache = unlabeled?.Pack(input, cancellation);

        torch.manual_seed((long)recipe.Seed);
        using var task = TaskCatalogue.Create(stage, input, shown.Dataset);
        task.Prepare(shown.Training);
        using var masks = data.PackMasks(task, cancellation);
        using var source = stage.Init is null ? null : StageInit.Find(stage.Init, done, request.Resolve);
        var receipt = source is null ? null : StageInit.Apply(source, task, stage, recipe.Seed, Path.Combine(folder, "receipt.json"), Say);

        var workers = stage.Train.Workers > 0 ? stage.Train.Workers : Math.Min(8, Environment.ProcessorCount);
        using var training = new BatchLoader(shown.Training, cache, input, stage.Augment, stage.Train.Batch, recipe.Seed, shuffle: true, dropLast: true, workers, masks: masks);
        using var unlabeledImages = unlabeled is null ? null : new BatchLoader(unlabeled.Samples, unlabeledCache!, input,
            (stage.Uda ?? (UnlabeledOptions)stage.Teacher!).Augment, stage.Train.Batch, recipe.Seed + 3, shuffle: true, dropLast: true, workers, plain: true);
        using var method = unlabeledImages is null ? MethodCatalogue.Create(stage, task) : MethodCatalogue.Create(stage, task, data, cache, masks, unlabeledImages);
        using var validation = Plain(shown.Validation, cache, masks, input, stage.Train.Batch);
        using var loop = new TrainingLoop(stage.Name, method, stage.Train, training, validation, folder);
        var waited = new WaitTally();
        var progress = loop.Run(request.Resume, e => { waited.Add(e); Report(e); }, cancellation);

        using var heldOut = Plain(shown.HeldOut, cache, masks, input, stage.Train.Batch);
        var metrics = heldOut is null ? [] : loop.Measure(heldOut, new() { KeepDraws = request.DrawsOf is not null });
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
        RunFolder.SaveResult(folder, result);
        return result;
    }

    private static (StageSamples Data, UnlabeledSamples? Unlabeled) Read(RunRequest request, Stage stage)
    {
        var root = request.DataFolders[stage.Data.Name];
        var data = StageSamples.Read(request.Recipe, stage, root, request.Include);
        return (data, stage.Unlabeled is null ? null : UnlabeledSamples.Read(stage, request.DataFolders[stage.Unlabeled.Name], data, root, request.Include));
    }

    private static BatchLoader? Plain(IReadOnlyList<Datasets.Sample> samples, PackedCache cache, MaskPack? masks, InputContract input, int batch) =>
        samples.Count == 0 ? null : new(samples, cache, input, null, batch, 0, shuffle: false, dropLast: false, masks: masks);

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
                throw new MarrowException($"{request.OutFolder}: holds a run already. Go on with it by --resume, or name another folder with --out.");
            var stored = MarrowJson.Read<Description>(path, "the description of a run", "Copy it from where it is whole, or name another folder with --out.");
            if (!File.Exists(recipe) || RecipeYaml.ReadText(recipe) != request.Recipe.SourceText || !stored.Overrides.SequenceEqual(request.Recipe.Overrides) || !stored.Stages.SequenceEqual(request.Recipe.Chosen))
                throw new MarrowException($"{request.OutFolder}: the run there has another recipe or other settings than {request.Recipe.SourcePath}. Resume it with its own recipe.yaml, --set values and --stages, or name another folder with --out.");
        }
    }

    /// <summary>Makes the folders of the run and of its checkpoints; throws <see cref="MarrowException"/> when they can't be written.</summary>
    public static void Prepare(RunRequest request)
    {
        AtomicFile.RequireWritable(request.HubFolder);
        var (path, recipe) = Files(request);
        if (File.Exists(path))
            return;
        if (File.Exists(recipe) && InputFile.ReadAllText(recipe, 16 << 20) != request.Recipe.SourceText)
            throw MarrowException.Bad(request.OutFolder, "a folder without a recipe.yaml of its own", "one that no run left there", "Name another folder with --out: nothing that others wrote is replaced.");
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

    public static StageResult? FindResult(string stageFolder)
    {
        var path = Path.Combine(stageFolder, "result.json");
        return File.Exists(path) ? MarrowJson.Read<StageResult>(path, "the result of a stage", "Delete it and resume: the stage then ends again from its state.") : null;
    }

    private static (string Description, string Recipe) Files(RunRequest request) =>
        (Path.Combine(request.OutFolder, "run.json"), Path.Combine(request.OutFolder, "recipe.yaml"));

    public static void SaveResult(string stageFolder, StageResult result) =>
        AtomicFile.WriteText(Path.Combine(stageFolder, "result.json"), JsonSerializer.Serialize(result, MarrowJson.Options));
}
