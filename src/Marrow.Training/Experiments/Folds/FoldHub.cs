using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// The hub of one fold, which has all that predicting its films takes. Whether the fold is finished is read from what
/// its checkpoints record of the films that they held out, so that folds count which were trained elsewhere, by an
/// ordinary run with the key fold.
/// </summary>
internal sealed class FoldHub(CrossValidationPlan plan, FoldPlan fold, string folder)
{
    private readonly LocalHub _hub = new(folder);

    public string Folder => folder;

    /// <summary>
    /// Whether the checkpoint of every stage is there. Throws <see cref="MarrowException"/> when one held out other
    /// films than the fold's.
    /// </summary>
    public bool IsFinished()
    {
        var missing = false;
        foreach (var stage in plan.Recipe.Stages.Where(stage => plan.Stages.Contains(stage.Name)))
        {
            if (Newest(stage) is not { } entry)
                missing = true;
            else
                Require(entry, fold.HeldOut[stage.Name]);
        }
        return !missing;
    }

    /// <summary>Returns the checkpoints that a prediction of a spine takes from this hub.</summary>
    public List<Checkpoint> OpenSpines() => PredictorSet.OfSpines(_hub);

    /// <summary>Returns the last stage's checkpoint and, before it, the detector by which it crops.</summary>
    public List<Checkpoint> OpenLast()
    {
        List<Checkpoint> checkpoints = [_hub.Resolve(Newest(plan.Last)!.Reference)];
        PredictorSet.Complete(checkpoints, _hub);
        return checkpoints;
    }

    /// <summary>Opens the predictor of the last stage's checkpoint.</summary>
    public PredictorSet OpenPredictor(Computing.DeviceChoice device) =>
        PredictorSet.Open(_hub, [Newest(plan.Last)!.Reference], _hub.Resolve, device);

    /// <summary>One sentence for each ancestor that has learnt films of the fold.</summary>
    public IEnumerable<string> Warnings(Checkpoint checkpoint) =>
        EvaluationSamples
            .Seen(checkpoint, plan.Last.Data.Name, plan.Dataset, fold.Films, _hub)
            .Select(warning => $"{fold.Name}: {warning}");

    /// <summary>
    /// Brings checkpoints, and each detector that a checkpoint of this hub crops by, into it.
    /// </summary>
    /// <param name="folders">The folders of whole checkpoints.</param>
    /// <param name="resolve">Finds a detector by its reference.</param>
    public void Complete(IEnumerable<string> folders, Func<string, Checkpoint> resolve)
    {
        foreach (var checkpoint in folders)
            CheckpointCopy.Bring(checkpoint, _hub);
        foreach (var entry in _hub.List().Where(entry => entry.Problem is null))
        {
            if (PredictorSet.CropOf(entry) is not { } crop || _hub.FindDigest(crop.Digest) is not null)
                continue;
            using var detector = resolve($"{crop.Detector}@{crop.Digest}");
            CheckpointCopy.Bring(detector.Path, _hub);
        }
    }

    private HubEntry? Newest(Stage stage) =>
        Directory.Exists(folder)
            ? HubEntry
                .NewestFirst([.. _hub.List().Where(e => e.Name == stage.CheckpointName && e.Problem is null)])
                .FirstOrDefault()
            : null;

    private void Require(HubEntry entry, IReadOnlyList<Sample> heldOut)
    {
        var recorded = Checkpoint.ReadSplit(entry.Folder, CheckpointManifest.Read(entry.Folder));
        var same = recorded?.Among(heldOut).Count ?? 0;
        if (recorded is null || same != heldOut.Count || recorded.Images != heldOut.Count)
            throw MarrowException.Bad(
                entry.Folder,
                $"a checkpoint that held out the {heldOut.Count} films of fold {fold.Fold}",
                recorded is null ? "one that held out none" : $"{same} of them among the {recorded.Images} it held out",
                "Put the fold's own checkpoint there, trained on these files with the same seed of the split and the "
                    + "same patients, or name another folder with --out.");
    }
}
