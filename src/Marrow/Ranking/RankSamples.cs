using System.Globalization;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Training;

namespace Marrow.Ranking;

/// <summary>
/// The labelled images that may rank all candidates alike: none that any of them, or an ancestor of one, was trained on.
/// A lineage names the data by name and by a digest of its files, and says how it was divided; where the data is the same,
/// what was held out is found again and only that is used. Where that can't be told, a warning names the checkpoint.
/// </summary>
internal sealed record RankSamples
{
    public required Dataset Dataset { get; init; }
    public required DatasetOptions Options { get; init; }
    public required IReadOnlyList<Sample> Samples { get; init; }

    /// <summary>Checkpoints that saw every image, by name.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }

    public int Patients => Samples.DistinctBy(s => s.Patient, StringComparer.Ordinal).Count();

    /// <summary>
    /// Reads labels only. Throws <see cref="MarrowException"/> when the data can't be read, has no target for the task, or
    /// no image is left that all candidates may be ranked on.
    /// </summary>
    public static RankSamples Select(RankRequest request, LocalHub hub, IReadOnlyList<Checkpoint> candidates)
    {
        var lineages = candidates.Select(c => (Checkpoint: c, Training: TrainingData.Of(c, hub))).ToList();
        var known = lineages.SelectMany(l => l.Training).FirstOrDefault(t => t.Data.Name == request.DataName && t.Data.Use is not null)?.Data.Use;
        var format = request.Format ?? known?.Format
            ?? throw new MarrowException($"{request.DataName}: no checkpoint knows data of this name. Say how it is read: --format csv, chexpert, mura or spineweb16.");
        var options = request.Options ?? (format == known?.Format ? known.Options : new());
        var dataset = Open(request, format, options);
        var labelled = dataset.Samples.Where(s => IsLabelled(s, request.Task)).ToList();
        if (labelled.Count == 0)
            throw MarrowException.Bad(request.DataRoot, $"images with targets for {request.Task}", $"none among {dataset.Samples.Count}", "Check --format, and --set for how it is read.");

        var (notes, warnings, leftOut) = (new List<string>(), new List<string>(), new List<string>());
        var (trainedPatients, trainedIds) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var readings = new Dictionary<string, Dataset?>(StringComparer.Ordinal);
        var held = new List<string>();
        foreach (var (checkpoint, training) in lineages)
        {
            var parts = training.Select(t => (Training: t, Match: Compare(t, request, dataset, readings))).Where(m => m.Match.Kind != SameData.No).ToList();
            foreach (var (t, _) in parts.Where(p => p.Match.Kind == SameData.CannotTell))
                warnings.Add($"{checkpoint.Name}: {t.By} was trained on data of the name {t.Data.Name}, and which of these images it saw can't be told. Its rank may be too good.");
            var same = parts.Where(p => p.Match.Kind == SameData.Yes).ToList();
            if (same.Any(p => p.Match.Reading is null || p.Training.Data.Use!.HeldOut == 0))
            {
                leftOut.Add(checkpoint.Name);
                warnings.Add($"{checkpoint.Name}: left out, since it or an ancestor was trained on all of {request.DataName}.");
                continue;
            }
            foreach (var (t, match) in same)
            {
                var seen = PatientSplit.Create([.. match.Reading!.Samples.Where(s => StageSamples.IsLabelled(s, t.Task))], t.Data.Use!.HeldOut, t.Data.Use.Seed).Train;
                trainedPatients.UnionWith(seen.Select(s => s.Patient));
                trainedIds.UnionWith(seen.Select(s => s.Id));
            }
            if (same.Count > 0)
                held.Add(checkpoint.Name);
        }
        var unseen = labelled.Where(s => !trainedPatients.Contains(s.Patient) && !trainedIds.Contains(s.Id)).ToList();
        if (held.Count > 0)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{unseen.Count} of {labelled.Count} labelled images, the part that was held out from {Listed(held)}"));
        else
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{labelled.Count} labelled images; no candidate's lineage names them"));
        if (unseen.Count == 0)
            throw MarrowException.Bad(request.DataRoot, "labelled images that no candidate was trained on", $"none among {labelled.Count}: {Listed(held)} saw them", "Name fewer checkpoints by --checkpoints, or give other data.");
        var drawn = Draw(unseen, request.Labels, request.Seed);
        if (drawn.Count < unseen.Count)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{drawn.Count} of them drawn by patient, seed {request.Seed}"));
        return new() { Dataset = dataset, Options = options, Samples = drawn, LeftOut = leftOut, Notes = notes, Warnings = warnings };
    }

    /// <summary>At least one target of the task is known.</summary>
    private static bool IsLabelled(Sample sample, string task) =>
        StageSamples.IsLabelled(sample, task) && (task != CheckpointTask.Classify || sample.Labels.Any(l => !float.IsNaN(l)));

    private enum SameData
    {
        No,
        Yes,
        CannotTell,
    }

    /// <summary>Whether it was trained on these files, and they as it read them.</summary>
    private static (SameData Kind, Dataset? Reading) Compare(TrainingData training, RankRequest request, Dataset own, Dictionary<string, Dataset?> readings)
    {
        var data = training.Data;
        if (data.Use is not { } use)
            return data.FilesDigest.Length > 0 && data.FilesDigest == PatientSplit.FilesDigest(own) ? (SameData.CannotTell, null)
                : data.Name == request.DataName ? (SameData.CannotTell, null) : (SameData.No, null);
        var key = JsonSerializer.Serialize(use with { HeldOut = 0, Seed = 0 }, MarrowJson.Line);
        if (!readings.TryGetValue(key, out var reading))
        {
            try
            {
                reading = Open(request, use.Format, use.Options);
            }
            catch (MarrowException)
            {
                // These files are no data set of that format: not what it was trained on.
            }
            readings.Add(key, reading);
        }
        if (reading is not null && data.FilesDigest.Length > 0 && PatientSplit.FilesDigest(reading) == data.FilesDigest)
            return (SameData.Yes, reading);
        return data.Name == request.DataName ? (SameData.CannotTell, null) : (SameData.No, null);
    }

    private static Dataset Open(RankRequest request, string format, DatasetOptions options) =>
        DatasetCatalogue.Open(new() { Name = request.DataName, Format = format, Root = request.DataRoot, Options = options });

    /// <summary>Whole patients in a random order until there are so many images; those of a smaller number are among those of a larger.</summary>
    private static IReadOnlyList<Sample> Draw(List<Sample> samples, int images, ulong seed)
    {
        if (images == 0 || images >= samples.Count)
            return samples;
        var counts = samples.CountBy(s => s.Patient, StringComparer.Ordinal).OrderBy(p => p.Key, StringComparer.Ordinal).ToArray();
        new SeededRandom(seed).Shuffle<KeyValuePair<string, int>>(counts);
        var chosen = new HashSet<string>(StringComparer.Ordinal);
        var left = images;
        foreach (var (patient, count) in counts)
        {
            if (count > left)
                continue;
            chosen.Add(patient);
            left -= count;
        }
        return [.. samples.Where(s => chosen.Contains(s.Patient))];
    }

    private static string Listed(IReadOnlyList<string> names) => names.Count < 2 ? string.Concat(names) : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";
}

/// <summary>One data set in a checkpoint's lineage.</summary>
/// <param name="By">"it", or the ancestor's name.</param>
/// <param name="Task">What was trained on it; decides which of its images counted as labelled.</param>
internal sealed record TrainingData(string By, string Task, ParentDataset Data)
{
    /// <summary>
    /// The checkpoint's own and its ancestors', as far as the hub has these; of the others only names are known, and how
    /// their data was divided is not.
    /// </summary>
    public static IReadOnlyList<TrainingData> Of(Checkpoint checkpoint, LocalHub hub)
    {
        var found = Divided(checkpoint.Parents).Select(d => new TrainingData("it", checkpoint.Config.Task, d)).ToList();
        var named = checkpoint.Parents.Datasets.ToList();
        var visited = new HashSet<string>(StringComparer.Ordinal) { checkpoint.Digest };
        var open = new Queue<ParentCheckpoint>(checkpoint.Parents.Checkpoints);
        while (open.TryDequeue(out var parent))
        {
            if (!visited.Add(parent.Digest) || hub.FindDigest(parent.Digest) is not { } entry || Read(entry.Folder) is not var (ancestor, task))
                continue;
            named.AddRange(ancestor.Parents.Datasets);
            found.AddRange(Divided(ancestor.Parents).Select(d => new TrainingData(ancestor.Name, task, d)));
            foreach (var next in ancestor.Parents.Checkpoints)
                open.Enqueue(next);
        }
        foreach (var inherited in checkpoint.Parents.Inherited.Where(a => a.Kind == AncestorKind.Dataset && !named.Any(d => d.Name == a.Name && d.FilesDigest == a.Digest)).ToList())
            found.Add(new("an ancestor", "", new(inherited.Name, "", inherited.License, inherited.Digest)));
        return found;
    }

    /// <summary>
    /// Without the images that a stage learnt from unlabelled where they are the same data: none was held out from the
    /// labelled ones.
    /// </summary>
    private static IEnumerable<ParentDataset> Divided(CheckpointParents parents)
    {
        var labelled = parents.Datasets.Where(d => d.Role != ParentDataset.Unlabeled).Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
        return parents.Datasets.Where(d => d.Role != ParentDataset.Unlabeled || !labelled.Contains(d.Name));
    }

    /// <summary>An ancestor's weights are not needed; null for a damaged one, which is as good as none.</summary>
    private static (CheckpointManifest Manifest, string Task)? Read(string folder)
    {
        try
        {
            var manifest = CheckpointManifest.Read(folder);
            return manifest.ReadListed(folder, Checkpoint.ConfigFile) is { } config
                ? (manifest, CheckpointJson.Decode<CheckpointConfig>(config, Path.Combine(folder, Checkpoint.ConfigFile)).Task)
                : null;
        }
        catch (MarrowException)
        {
            return null;
        }
    }
}
