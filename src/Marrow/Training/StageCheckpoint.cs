using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Metrics;

namespace Marrow.Training;

/// <summary>Writes what a stage has come to as a checkpoint: weights, contract, card, numbers and parents.</summary>
internal static class StageCheckpoint
{
    public static Checkpoint Save(RunRequest request, Stage stage, TrainingTask task, StageSamples data,
        TransferReceipt? receipt, Checkpoint? source, RunProgress progress, IReadOnlyList<MetricValue> metrics)
    {
        var dataset = data.Dataset;
        var ended = progress.Ended ?? DateTimeOffset.UtcNow;
        var split = data.HeldOut.Count == 0
            ? "all samples; none held out"
            : string.Create(CultureInfo.InvariantCulture, $"held out by patient ({stage.Data.HeldOut:P0}, seed {request.Recipe.SplitSeed})");
        var inherited = source is null ? [] : source.Parents.Ancestors();
        var license = stage.License ?? Licenses.Join([dataset.License, .. source is null or { WeightsOnly: true } ? Array.Empty<string>() : [source.License, .. inherited.Select(a => a.License)]]);
        return new CheckpointDraft
        {
            Name = stage.CheckpointName,
            Config = task.Describe(),
            Weights = ModelWeights.Of(task.Model),
            Receipt = receipt,
            Created = ended,
            Metrics = [.. metrics.Select(m => new MeasuredValue
            {
                Metric = m.Name,
                Value = m.Value,
                Low = double.IsNaN(m.Low) ? null : m.Low,
                High = double.IsNaN(m.High) ? null : m.High,
                Unit = m.Unit,
                Dataset = dataset.Name,
                Split = split,
                Samples = m.Count,
                Date = DateOnly.FromDateTime(ended.UtcDateTime),
                Command = request.Command,
            })],
            Parents = ParentsOf(stage, source) with
            {
                Datasets = [new(dataset.Name, dataset.Version, dataset.License, PatientSplit.FilesDigest(dataset), dataset.Citation, data.Training.Count,
                    new(dataset.Format, stage.Data.Options, stage.Data.HeldOut, request.Recipe.SplitSeed))],
            },
            Card = new()
            {
                Summary = $"A {stage.Model} for {task.Purpose}, trained on {dataset.Name}"
                    + (source is null ? " from random weights." : StageInit.IsMatched(stage.Init) ? $" from random weights with the statistics of {source.Name}." : $", warm-started from {source.Name}."),
                Data = string.Create(CultureInfo.InvariantCulture,
                    $"{dataset.Name} ({dataset.Format}): {data.Training.Count} images to train on, {data.Validation.Count} that chose the best weights, {data.HeldOut.Count} {(data.HeldOut.Count == 0 ? "held out" : split)}. No patient is in two parts."),
                Training = new(request.Recipe.SourceText, stage.Name, request.Command, request.Recipe.Seed, progress.Seconds),
                Limits = task.Limits,
                License = license,
                Citation = dataset.Citation,
                Tags = ["radiography", task.Name],
            },
        }.Save(request.HubFolder);
    }

    private static CheckpointParents ParentsOf(Stage stage, Checkpoint? source)
    {
        if (source is null)
            return new();
        var parents = CheckpointParents.WarmStartedFrom(source);
        return StageInit.IsMatched(stage.Init) ? parents with { Checkpoints = [.. parents.Checkpoints.Select(p => p with { Role = StageInit.MatchedRole })] } : parents;
    }
}
