using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments;

/// <summary>
/// Loads the starts of an experiment, pins them by their digests, and applies them to the stage's own model before the
/// first run.
/// </summary>
internal static class ExperimentStarts
{
    /// <summary>
    /// Finds the starts. Throws <see cref="MarrowException"/> for one that does not exist, is named twice, or has
    /// another backbone.
    /// </summary>
    public static List<ExperimentStart> Find(
        ExperimentRequest request,
        Stage stage,
        Dataset data,
        Dataset measured,
        out IReadOnlyList<string> warnings)
    {
        if (request.Starts.Count == 0)
            throw new MarrowException(
                "An experiment needs a start or more: scratch, a checkpoint's name, or matched:NAME for random "
                    + "weights with its statistics."
            );
        if (
            request.Starts.CountBy(s => s, StringComparer.Ordinal).FirstOrDefault(s => s.Value > 1) is
            { Key: { } twice }
        )
            throw new MarrowException($"The start '{twice}' is given twice.");
        var notes = new List<string>();
        var starts = new List<ExperimentStart>();
        var digest = new Lazy<string>(() => PatientSplit.FilesDigest(measured));
        foreach (var name in request.Starts)
        {
            if (name == ExperimentStart.Scratch)
            {
                starts.Add(new(name, name, ""));
                continue;
            }
            using var checkpoint = request.Resolve(InitReference.NameIn(name));
            Try(name, checkpoint, stage, data);
            starts.Add(
                new(name, InitReference.Rename(name, Pinned(InitReference.NameIn(name), checkpoint)), checkpoint.Digest)
            );
            if (
                !InitReference.IsMatched(name)
                && checkpoint.Parents.Ancestors().Any(a => a.Kind == LineageKind.Dataset && a.Digest == digest.Value))
                notes.Add(
                    $"{name} was trained on {measured.Name} itself: its labels are not counted, and it may have seen "
                        + $"the held-out images"
                );
        }
        if (!starts.Exists(s => s.IsScratch))
            notes.Add("without the start 'scratch' there are no differences from it and no label-saving factor");
        warnings = notes;
        return starts;
    }

    private static void Try(string name, Checkpoint checkpoint, Stage stage, Dataset data)
    {
        try
        {
            using var task = TaskCatalogue.Create(stage.Task, stage.ModelRequest, stage.Input.ToContract(), data);
            StageInit.Check(checkpoint, task, stage);
        }
        catch (MarrowException e)
        {
            throw new MarrowException(
                $"The start '{name}' does not fit stage {stage.Name} ({stage.Model}). {e.Message}",
                e);
        }
    }

    /// <summary>
    /// Returns the reference with the checkpoint's digest. A name of the hub means its newest checkpoint, but an
    /// experiment keeps the one with which it began.
    /// </summary>
    private static string Pinned(string reference, Checkpoint checkpoint) =>
        !checkpoint.WeightsOnly
        && (reference.StartsWith("oci://", StringComparison.Ordinal) || CheckpointName.IsValid(reference.Split('@')[0]))
            ? Digest.ShortenReference($"{checkpoint.Name}@{checkpoint.Digest}")
            : reference;
}
