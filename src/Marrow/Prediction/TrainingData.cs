using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Inputs;
using Marrow.Tasks;

namespace Marrow.Prediction;

/// <summary>One data set in a checkpoint's lineage.</summary>
/// <param name="By">The word "it" for the checkpoint itself, or the name of the ancestor.</param>
/// <param name="Task">The task that was trained, which decides which of the images counted as labelled.</param>
/// <param name="Split">The division that says what was held out; null when it is not recorded.</param>
/// <param name="Crop">The crop of the model, which also decides which images counted as labelled.</param>
internal sealed record TrainingData(
    string By,
    string Task,
    ParentDataset Data,
    RecordedSplit? Split = null,
    CropRegion? Crop = null)
{
    public bool IsLabelled(Sample sample) => CroppedSamples.IsLabelled(sample, Task, Crop);

    /// <summary>
    /// The checkpoint's own and its ancestors', as far as the hub has these; of the others only names are known, and
    /// how their data was divided is not.
    /// </summary>
    public static IReadOnlyList<TrainingData> Of(Checkpoint checkpoint, LocalHub hub)
    {
        var found = Divided(checkpoint.Parents)
            .Select(d => Of("it", checkpoint.Config, d, checkpoint.Split))
            .ToList();
        var named = checkpoint.Parents.Datasets.ToList();
        var visited = new HashSet<string>(StringComparer.Ordinal) { checkpoint.Digest };
        var open = new Queue<ParentCheckpoint>(checkpoint.Parents.Checkpoints);
        while (open.TryDequeue(out var parent))
        {
            if (
                !visited.Add(parent.Digest)
                || hub.FindDigest(parent.Digest) is not { } entry
                || Read(entry.Folder) is not var (ancestor, config, split))
                continue;
            named.AddRange(ancestor.Parents.Datasets);
            found.AddRange(Divided(ancestor.Parents).Select(d => Of(ancestor.Name, config, d, split)));
            foreach (var next in ancestor.Parents.Checkpoints)
                open.Enqueue(next);
        }
        foreach (
            var inherited in checkpoint
                .Parents.Inherited.Where(a =>
                    a.Kind == LineageKind.Dataset && !named.Any(d => d.Name == a.Name && d.FilesDigest == a.Digest))
                .ToList())
            found.Add(new("an ancestor", "", new(inherited.Name, "", inherited.License, inherited.Digest)));
        return found;
    }

    /// <summary>
    /// Leaves out images that a stage used without labels when they come from the same data set, since no division of
    /// the labelled ones applies to them.
    /// </summary>
    private static IEnumerable<ParentDataset> Divided(CheckpointParents parents)
    {
        var labelled = parents
            .Datasets.Where(d => d.Role != ParentDataset.Unlabeled)
            .Select(d => d.Name)
            .ToHashSet(StringComparer.Ordinal);
        return parents.Datasets.Where(d => d.Role != ParentDataset.Unlabeled || !labelled.Contains(d.Name));
    }

    /// <summary>
    /// Reads the manifest and the config of an ancestor, whose weights are not needed; null when it is damaged, which
    /// is treated as missing.
    /// </summary>
    private static (CheckpointManifest Manifest, CheckpointConfig Config, RecordedSplit? Split)? Read(string folder)
    {
        try
        {
            var manifest = CheckpointManifest.Read(folder);
            return manifest.ReadListed<CheckpointConfig>(folder, Checkpoint.ConfigFile) is { } config
                ? (manifest, config, Checkpoint.ReadSplit(folder, manifest))
                : null;
        }
        catch (MarrowException)
        {
            return null;
        }
    }

    private static TrainingData Of(string by, CheckpointConfig config, ParentDataset data, RecordedSplit? split) => new(
        by,
        config.Parts?.FirstOrDefault(part => part.Name == data.Part)?.Task ?? data.Task ?? config.Task,
        data,
        SplitOf(data, split?.OfPart(data.Part)),
        config.Input.Crop?.Region);

    private static RecordedSplit? SplitOf(ParentDataset data, RecordedSplit? split) =>
        split is not null && split.Dataset == data.Name && split.FilesDigest == data.FilesDigest ? split : null;
}
