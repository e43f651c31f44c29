using System.Diagnostics;
using System.Text.Json;
using Marrow.Tensors;
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
        foreach (var name in recipe.Stages.Select(s => s.Data.Name).Distinct().Where(name => !request.DataFolders.ContainsKey(name)))
            throw new MarrowException($"{recipe.SourcePath}: the data set '{name}' has no folder. Give it with --data {name}=DIR.");
        RunFolder.Prepare(request);

        var done = new Dictionary<string, StageResult>(StringComparer.Ordinal);
        foreach (var stage in recipe.Stages)
        {
            var folder = Path.Combine(request.OutFolder, stage.Name);
            var result = request.Resume ? RunFolder.FindResult(folder) : null;
            if (result is not null)
                report(new() { Stage = stage.Name, Message = $"done before: {result.Checkpoint}" });
            result ??= RunStage(request, stage, folder, done, report, cancellation);
            done[stage.Name] = result;
        }
        return [.. recipe.Stages.Select(s => done[s.Name])];
    }

    private static StageResult RunStage(RunRequest request, Stage stage, string folder, Dictionary<string, StageResult> done,
        Action<RunEvent> report, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        using var log = new RunLog(folder);
        void Report(RunEvent e)
        {
            log.Write(e);
            report(e);
        }
        void Say(string message) => Report(new() { Stage = stage.Name, Message = message });

        var recipe = request.Recipe;
        var input = stage.Input.ToContract();
        using var data = PreparedData.Open(recipe, stage, request.DataFolders[stage.Data.Name], input, Say, cancellation);
        data.Split.Save(Path.Combine(folder, "split.json"));

        torch.manual_seed((long)recipe.Seed);
        using var task = TaskCatalogue.Create(stage, input, data.Dataset);
        using var source = stage.Init is null ? null : StageInit.Find(stage.Init, done, request.Resolve);
        var receipt = source is null ? null : StageInit.Apply(source, task, stage, Path.Combine(folder, "receipt.json"), Say);

        var workers = stage.Train.Workers > 0 ? stage.Train.Workers : Math.Min(8, Environment.ProcessorCount);
        using var training = new BatchLoader(data.Training, data.Cache, input, stage.Augment, stage.Train.Batch, recipe.Seed, shuffle: true, dropLast: true, workers);
        using var validation = Plain(data.Validation, data, input, stage.Train.Batch);
        using var loop = new TrainingLoop(stage.Name, task, stage.Train, training, validation, folder);
        var waited = new WaitTally();
        var progress = loop.Run(request.Resume, e => { waited.Add(e); Report(e); }, cancellation);

        using var heldOut = Plain(data.HeldOut, data, input, stage.Train.Batch);
        var metrics = heldOut is null ? [] : loop.Measure(heldOut, new());
        var checkpoint = StageCheckpoint.Save(request, stage, task, data, receipt, source, progress, metrics);
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
            ValidationImages = data.Validation.Count,
            HeldOutImages = data.HeldOut.Count,
            PeakMemoryGiB = Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 30),
            WaitShare = waited.Share,
        };
        RunFolder.SaveResult(folder, result);
        return result;
    }

    private static BatchLoader? Plain(IReadOnlyList<Datasets.Sample> samples, PreparedData data, InputContract input, int batch) =>
        samples.Count == 0 ? null : new(samples, data.Cache, input, null, batch, 0, shuffle: false, dropLast: false);

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
    private sealed record Description(string Recipe, IReadOnlyList<string> Overrides, string Command, string MarrowVersion);

    /// <summary>Refuses a folder that holds another run, or one that is to be started anew.</summary>
    public static void Prepare(RunRequest request)
    {
        var path = Path.Combine(request.OutFolder, "run.json");
        var recipe = Path.Combine(request.OutFolder, "recipe.yaml");
        if (File.Exists(path))
        {
            if (!request.Resume)
                throw new MarrowException($"{request.OutFolder}: holds a run already. Go on with it by --resume, or name another folder with --out.");
            var stored = JsonSerializer.Deserialize<Description>(File.ReadAllText(path), MarrowJson.Options);
            if (!File.Exists(recipe) || File.ReadAllText(recipe) != request.Recipe.SourceText || stored is null || !stored.Overrides.SequenceEqual(request.Recipe.Overrides))
                throw new MarrowException($"{request.OutFolder}: the run there has another recipe or other settings than {request.Recipe.SourcePath}. Resume it with its own recipe.yaml and --set values, or name another folder with --out.");
            return;
        }
        request.Recipe.WriteTo(recipe);
        var version = typeof(Runner).Assembly.GetName().Version!.ToString(3);
        AtomicFile.WriteText(path, JsonSerializer.Serialize(new Description(request.Recipe.Name, request.Recipe.Overrides, request.Command, version), MarrowJson.Options));
    }

    public static StageResult? FindResult(string stageFolder)
    {
        var path = Path.Combine(stageFolder, "result.json");
        return File.Exists(path) ? JsonSerializer.Deserialize<StageResult>(File.ReadAllText(path), MarrowJson.Options) : null;
    }

    public static void SaveResult(string stageFolder, StageResult result) =>
        AtomicFile.WriteText(Path.Combine(stageFolder, "result.json"), JsonSerializer.Serialize(result, MarrowJson.Options));
}
