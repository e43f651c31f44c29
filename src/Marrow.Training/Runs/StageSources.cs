using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>The checkpoints that take part in a stage. Disposing it closes them.</summary>
internal sealed class StageSources : IDisposable
{
    /// <summary>The checkpoint from which the stage is warm-started; null when its weights begin at random.</summary>
    public Checkpoint? Start { get; private init; }

    /// <summary>The checkpoint whose predictions are the stage's soft labels; null when there is none.</summary>
    public Checkpoint? Labeller { get; private init; }

    /// <summary>The crop at which the model looks; null when it sees whole images.</summary>
    public StageCropping? Cropping { get; private init; }

    /// <summary>The checkpoint that looks first, where the stage crops by one.</summary>
    public Checkpoint? Cropper => Cropping?.Source;

    /// <summary>All checkpoints that take part in the stage.</summary>
    public IEnumerable<Checkpoint> All => ((Checkpoint?[])[Start, Labeller, Cropper]).OfType<Checkpoint>();

    /// <summary>
    /// Finds the checkpoints. Throws <see cref="MarrowException"/> when one does not exist, or finds nothing
    /// by which images can be cropped.
    /// </summary>
    public static StageSources Find(StageContext context)
    {
        Checkpoint? labeller = null, start = null;
        try
        {
            labeller = Named(context.Stage.Data.SoftLabelsFrom, RunIdentity.LabelsBy);
            start = Named(context.Stage.Init, RunIdentity.Start);
            var cropping = context.Stage.Crop is { } crop
                ? StageCropping.By(Named(crop.By, RunIdentity.CropBy)!, context.Stage, context.Request.DeviceChoice)
                : null;
            return new() { Labeller = labeller, Start = start, Cropping = cropping };
        }
        catch
        {
            labeller?.Dispose();
            start?.Dispose();
            throw;
        }

        Checkpoint? Named(string? reference, string role) =>
            reference is null ? null : Find(context.Request, reference, role, context.Done, context.Began);
    }

    /// <summary>
    /// Returns the checkpoint of an earlier stage or of the hub, which the caller disposes. A name of the hub means its
    /// newest checkpoint; a resumed run keeps the one with which it began, even when there is a newer one.
    /// </summary>
    /// <param name="role">The role of the checkpoint, one of those in <see cref="RunIdentity"/>.</param>
    public static Checkpoint Find(
        RunRequest request,
        string reference,
        string role,
        IReadOnlyDictionary<string, StageResult> done,
        RunIdentity? began)
    {
        var name = InitReference.NameIn(reference);
        if (done.TryGetValue(name, out var stage))
            return Checkpoint.Load(stage.Folder);
        var found = request.Resolve(name);
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
            throw MarrowException.Bad(
                request.OutFolder,
                $"{role} {before}, as the run began",
                $"{now}, and that one no more",
                "Put it back into the hub, or start anew in another folder, by --out.",
                e);
        }
    }

    /// <summary>
    /// Returns a sentence for each checkpoint that has learnt images which the stage holds out, or whose ancestor has:
    /// what the stage measures on them is then no measure of new images.
    /// </summary>
    /// <param name="hub">Where ancestors are looked for of a checkpoint that lies in no hub.</param>
    public IReadOnlyList<string> WhatWasSeen(Stage stage, StageSamples data, LocalHub hub) => data.HeldOut.Count == 0
        ? []
        :
        [
            .. All
                .Where(source => !source.WeightsOnly && (source != Start || !InitReference.IsMatched(stage.Init)))
                .SelectMany(source => EvaluationSamples.Seen(
                    source, stage.Data.Name, data.Dataset, data.HeldOut, LocalHub.Around(source) ?? hub)),
        ];

    public void Dispose()
    {
        Start?.Dispose();
        Labeller?.Dispose();
        Cropping?.Dispose();
    }
}
