using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>Saves the outcome of a stage as a checkpoint, with weights, contract, card, metrics and parents.</summary>
internal static class StageCheckpoint
{
    /// <param name="receipt">The receipt of the warm start; null when the weights began at random.</param>
    /// <param name="seen">What the checkpoints that take part have seen of the images that were held out.</param>
    public static Checkpoint Save(
        StageContext context,
        StageInputs inputs,
        StageSources sources,
        TaskModel task,
        TransferReceipt? receipt,
        TrainedStage trained,
        IReadOnlyList<string> seen)
    {
        var (request, stage) = (context.Request, context.Stage);
        var unlabeled = inputs.Unlabeled;
        var (progress, metrics, _) = trained;
        var (source, labeller, cropper) = (sources.Start, sources.Labeller, sources.Cropper);
        var ended = progress.Ended ?? DateTimeOffset.UtcNow;
        StageUse[] uses =
        [
            .. stage.Each.Zip(inputs.Each, (one, data) => new StageUse(request.Recipe, stage, one, data)),
        ];
        var parents = ParentsOf(stage, source);
        if (labeller is not null)
            parents = parents.With(labeller, ParentCheckpoint.Labels);
        if (cropper is not null)
            parents = parents.With(cropper, ParentCheckpoint.Crop);
        var license = stage.License
            ?? Licenses.Join([
                .. uses.Select(use => use.Dataset.License),
                .. unlabeled is null ? Array.Empty<string>() : [unlabeled.Dataset.License],
                .. Terms(source),
                .. Terms(labeller),
                .. Terms(cropper),
            ]);
        return new CheckpointDraft
        {
            Name = stage.CheckpointName,
            Config = task.Describe() with { Familiarity = task.Familiarity },
            Weights = ModelWeights.Of(task.Model),
            Receipt = receipt,
            Split = uses.Length > 1 ? RecordedSplit.Join([.. uses.Select(use => use.Split)])
                : uses[0].Data.HeldOut.Count == 0 ? null : uses[0].Split,
            Created = ended,
            Metrics = [.. metrics.Select(metric => (Metric: metric, Use: uses.First(use => use.Measured(metric))))
                .Select(m => MeasuredValue.Of(
                    m.Metric, m.Use.Dataset.Name, m.Use.HeldOutInWords, DateOnly.FromDateTime(ended.UtcDateTime),
                    request.Command))],
            Parents = parents.With(
                datasets:
                [
                    .. uses.Select(use => use.Parent),
                    .. unlabeled is null ? Array.Empty<ParentDataset>() : [Parent(unlabeled)]]),
            Card = new()
            {
                Summary =
                    $"A {stage.Model} for {MarkdownText.Inline(task.Purpose)}, trained on "
                        + string.Join(
                            " and ", uses.Select(use => MarkdownText.Inline(use.Dataset.Name)).Distinct())
                    + (
                        source is null ? " from random weights."
                        : InitReference.IsMatched(stage.Init)
                            ? $" from random weights with the statistics of {source.Name}."
                        : $", warm-started from {source.Name}."),
                Data = string.Join("\n\n", uses.Select(use => use.InWords))
                    + (
                        unlabeled is null
                            ? ""
                            : string.Create(
                                CultureInfo.InvariantCulture,
                                $" Without labels: {unlabeled.Samples.Count} images of "
                                    + $"{MarkdownText.Inline(unlabeled.Dataset.Name)} ({unlabeled.Dataset.Format}), by "
                                    + $"{(stage.Uda is null ? "a mean teacher" : "unsupervised data augmentation")}; "
                                    + $"none of a patient who is held out or chose the best weights."
                            ))
                    + (
                        labeller is null
                            ? ""
                            : $" Uncertain labels of the training images are the probabilities of "
                                + $"{labeller.Name}@{labeller.Digest}."
                    )
                    + string.Concat(seen.Select(sentence => $"\n\n**Of the images held out:** {sentence}")),
                Training = new(
                    request.Recipe.SourceText,
                    stage.Name,
                    request.Command,
                    request.Recipe.Seed,
                    progress.Seconds),
                Limits = task.Limits,
                License = license,
                Citation = string.Join("\n\n", uses.Select(use => use.Dataset.Citation).Distinct()),
                Tags = ["radiography", task.Name],
            },
        }.Save(request.HubFolder);
    }

    private static ParentDataset Parent(UnlabeledSamples unlabeled) =>
        new(
            unlabeled.Dataset.Name,
            unlabeled.Dataset.Version,
            unlabeled.Dataset.License,
            PatientSplit.FilesDigest(unlabeled.Dataset),
            unlabeled.Dataset.Citation,
            unlabeled.Samples.Count)
        {
            Role = ParentDataset.Unlabeled,
            BodyPart = unlabeled.Dataset.BodyPart,
        };

    /// <summary>
    /// Returns the licences of a checkpoint and its ancestors. Nothing is known about those of bare weights.
    /// </summary>
    private static IEnumerable<string> Terms(Checkpoint? checkpoint) =>
        checkpoint is null or { WeightsOnly: true }
            ? []
            : [checkpoint.License, .. checkpoint.Parents.Ancestors().Select(a => a.License)];

    private static CheckpointParents ParentsOf(Stage stage, Checkpoint? source)
    {
        if (source is null)
            return new();
        var parents = CheckpointParents.WarmStartedFrom(source);
        return InitReference.IsMatched(stage.Init)
            ? parents.With(checkpoints: [.. parents.Checkpoints.Select(p => p.As(StageInit.MatchedRole))])
            : parents;
    }
}
