using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Tasks;

namespace Marrow.Training.Ranking;

/// <summary>
/// The labelled images that may rank all candidates alike: none that any of them, or an ancestor of one, was trained
/// on. A lineage names the data by name and by a digest of its files, and says how it was divided; where the data is
/// the same, what was held out is found again and only that is used. Where that can't be told, a warning names the
/// checkpoint.
/// </summary>
internal sealed record RankSamples
{
    public required Dataset Dataset { get; init; }
    public required DatasetOptions Options { get; init; }
    public required IReadOnlyList<Sample> Samples { get; init; }

    /// <summary>The names of checkpoints that were trained on every image, and are therefore left out.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }

    public int Patients => PatientSplit.CountPatients(Samples);

    /// <summary>
    /// Reads labels without decoding images. Throws <see cref="MarrowException"/> when the data can't be read, has no
    /// target for the task, or has no image on which all candidates may be ranked.
    /// </summary>
    public static RankSamples Select(RankRequest request, LocalHub hub, IReadOnlyList<Checkpoint> candidates)
    {
        var known = candidates
            .SelectMany(c => TrainingData.Of(c, hub))
            .FirstOrDefault(t => t.Data.Name == request.DataName && t.Data.Use is not null)
            ?.Data.Use;
        var format = request.Format ?? known?.Format
            ?? throw new MarrowException(
                $"{request.DataName}: no checkpoint knows data of this name. Say how it is read: --format csv, "
                    + $"chexpert, mura or spineweb16."
            );
        var options = request.Options ?? (format == known?.Format ? known.Options : new());
        var asNamed = Open(request, format, options);
        var groups = PatientGroups.ByCopies(asNamed);
        var dataset = groups.Join(asNamed);
        var labelled = dataset.Samples.Where(s => IsLabelled(s, request.Task)).ToList();
        if (labelled.Count == 0)
            throw MarrowException.Bad(
                request.DataRoot,
                $"images with targets for {request.Task}",
                $"none among {dataset.Samples.Count}",
                "Check --format, and --set for how it is read.");

        var (notes, warnings, leftOut) = (new List<string>(), new List<string>(), new List<string>());
        var (trainedPatients, trainedIds) = (
            new HashSet<string>(StringComparer.Ordinal),
            new HashSet<string>(StringComparer.Ordinal));
        var seenImages = new SeenImages(request.DataName, dataset);
        var held = new List<string>();
        foreach (var checkpoint in candidates)
        {
            var parts = seenImages.Of(checkpoint, hub);
            foreach (var part in parts.Where(p => p.Kind == SeenKind.CannotTell))
                warnings.Add(
                    $"{checkpoint.Name}: {part.Training.By} was trained on data of the name "
                        + $"{part.Training.Data.Name}, and which of these images it saw can't be told. Its rank may "
                        + $"be too good."
                );
            if (parts.Any(p => p.HasAll(labelled)))
            {
                leftOut.Add(checkpoint.Name);
                warnings.Add(
                    $"{checkpoint.Name}: left out, since it or an ancestor was trained on all of {request.DataName}.");
                continue;
            }
            var same = parts.Where(p => p.Kind == SeenKind.Part).ToList();
            foreach (var part in same)
            {
                trainedPatients.UnionWith(part.Patients);
                trainedIds.UnionWith(part.Ids);
                if (!part.OfSameFiles) // else the copies are of one patient
                    trainedIds.UnionWith(part.CopiesAmong(labelled, dataset).Select(s => s.Id));
            }
            if (same.Count > 0)
                held.Add(checkpoint.Name);
        }
        var trained = dataset
            .Samples.Where(s => trainedPatients.Contains(s.OwnPatient) || trainedIds.Contains(s.Id))
            .Select(s => s.Patient)
            .ToHashSet(StringComparer.Ordinal);
        var unseen = labelled.Where(s => !trained.Contains(s.Patient)).ToList();
        if (held.Count > 0)
            notes.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{unseen.Count} of {labelled.Count} labelled images, the part that was held out from "
                        + $"{Listed(held)}"
                ));
        else
            notes.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{labelled.Count} labelled images; no candidate's lineage names them"));
        if (groups.Joined.Count > 0)
            notes.Add($"{groups}");
        if (unseen.Count == 0)
            throw MarrowException.Bad(
                request.DataRoot,
                "labelled images that no candidate was trained on",
                $"none among {labelled.Count}: {Listed(held)} saw them",
                "Name fewer checkpoints by --checkpoints, or give other data.");
        var drawn = Draw(unseen, request.Labels, request.Seed);
        if (drawn.Count < unseen.Count)
            notes.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{drawn.Count} of them drawn by patient, seed {request.Seed}"));
        return new()
        {
            Dataset = dataset,
            Options = options,
            Samples = drawn,
            LeftOut = leftOut,
            Notes = notes,
            Warnings = warnings,
        };
    }

    /// <summary>Returns true when at least one target of the task is known for the sample.</summary>
    private static bool IsLabelled(Sample sample, string task) =>
        LabelledSamples.IsLabelled(sample, task) && TaskCatalogue.Get(task).CanLearnFrom([sample]);

    private static Dataset Open(RankRequest request, string format, DatasetOptions options) =>
        DatasetCatalogue.Open(
            new()
            {
                Name = request.DataName,
                Format = format,
                Root = request.DataRoot,
                Options = options,
            }
        );

    /// <summary>
    /// Draws whole patients in a random order until there are enough images. A smaller number gives a subset of a
    /// larger one.
    /// </summary>
    private static IReadOnlyList<Sample> Draw(List<Sample> samples, int images, ulong seed)
    {
        if (images == 0 || images >= samples.Count)
            return samples;
        var counts = samples
            .CountBy(s => s.Patient, StringComparer.Ordinal)
            .OrderBy(p => p.Key, StringComparer.Ordinal)
            .ToArray();
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

    private static string Listed(IReadOnlyList<string> names) =>
        names.Count < 2 ? string.Concat(names) : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";
}
