using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Hub;
using Marrow.Tasks;

namespace Marrow.Prediction;

/// <summary>Says how much of a data set a checkpoint or one of its ancestors was trained on.</summary>
internal enum SeenKind
{
    /// <summary>It was trained on all images of the files that are asked about.</summary>
    All,

    /// <summary>It was trained on some images, and it is known which.</summary>
    Part,

    /// <summary>It was trained on data of this name or on these files, but it is not known on which of them.</summary>
    CannotTell,
}

/// <param name="Samples">The samples that were seen; empty unless it is known which ones.</param>
/// <param name="OfSameFiles">True when all of the files that are asked about are those that were divided.</param>
internal sealed record SeenPart(
    TrainingData Training, SeenKind Kind, IReadOnlyList<Sample> Samples, bool OfSameFiles = true)
{
    public IReadOnlySet<string> Ids { get; } = Samples.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
    public IReadOnlySet<string> Patients { get; } =
        Samples.Select(s => s.OwnPatient).ToHashSet(StringComparer.Ordinal);

    /// <summary>True for a sample that was seen, and for any other of its patient, as the data set names him.</summary>
    public bool Has(Sample sample) => Ids.Contains(sample.Id) || Patients.Contains(sample.OwnPatient);

    /// <summary>True where nothing of these samples is new to it.</summary>
    public bool HasAll(IReadOnlyList<Sample> samples) => Kind switch
    {
        SeenKind.All => true,
        SeenKind.Part => samples.All(Has),
        _ => false,
    };

    /// <summary>
    /// True when copies were looked for before the data was divided, so that no sample of the same files is a copy of
    /// one that was seen.
    /// </summary>
    public bool LookedForCopies => Training.Data.Use?.Groups is not null;

    /// <summary>
    /// Returns those of some samples that were not seen themselves, while a copy of their film was. Only films that
    /// were not compared before the data was divided are compared.
    /// </summary>
    /// <param name="own">The data that is asked about, of which these samples are some.</param>
    public IReadOnlyList<Sample> CopiesAmong(IReadOnlyList<Sample> samples, Dataset own)
    {
        if (Kind != SeenKind.Part || (LookedForCopies && OfSameFiles))
            return [];
        Sample[] unseen = [.. samples.Where(s => !Has(s))];
        if (unseen.Length == 0)
            return [];
        var report = FilmCopies.Between(
            own.Root,
            unseen.Select(s => s.ImagePath),
            own.Root,
            Samples.Concat(own.Samples.Where(Has)).Select(s => s.ImagePath));
        var copies = report.Pairs
            .SelectMany(pair => (string[])[pair.First, pair.Second]).ToHashSet(StringComparer.Ordinal);
        return [.. unseen.Where(s => copies.Contains(s.ImagePath))];
    }
}

/// <summary>
/// Finds out on which images of a data set a lineage was trained. A lineage names data by its name and by a digest of
/// its files, and records how they were divided. When the files are the same, the division is repeated. When they
/// differ, a checkpoint with a recorded split still knows what it held out.
/// </summary>
/// <param name="name">The user's name for the data.</param>
/// <param name="own">The data, as it is read now.</param>
internal sealed class SeenImages(string name, Dataset own)
{
    private readonly Dictionary<string, Dataset?> _readings = new(StringComparer.Ordinal);
    private readonly Dictionary<Dataset, string> _digests = new(ReferenceEqualityComparer.Instance);

    /// <summary>
    /// Returns an entry for each stage of the lineage that was trained on this data; none when it is other data.
    /// </summary>
    public IReadOnlyList<SeenPart> Of(Checkpoint checkpoint, LocalHub hub) =>
        [.. TrainingData.Of(checkpoint, hub).Select(Part).OfType<SeenPart>()];

    private SeenPart? Part(TrainingData training)
    {
        var data = training.Data;
        var isNamed = data.Name == name;
        if (data.Use is not { } use)
            return isNamed || (data.FilesDigest.Length > 0 && data.FilesDigest == DigestOf(own)) ? Unknown() : null;
        var reading = Read(use);
        if (reading is not null && data.FilesDigest.Length > 0 && DigestOf(reading) == data.FilesDigest)
        {
            if (use.HeldOut == 0 && DigestOf(own) == data.FilesDigest)
                return new(training, SeenKind.All, []);
            var labelled = reading.Samples.Where(training.IsLabelled).ToList();
            if (training.Split is { } split)
                return Without(labelled, split.NotSeen(labelled));
            if (labelled.Count == 0)
                return Unknown();
            return use.HeldOut == 0
                ? Known(labelled)
                : Known(LabelledSamples
                    .Divide(use.GroupsOf(reading).Join(labelled), training.Task, use.HeldOut, use.Seed, use.Fold)
                    .Train);
        }
        if (
            isNamed
            && reading is not null
            && training.Split is { Images: > 0 } recorded
            && recorded.Among(reading.Samples).Count > 0)
            return Without(reading.Samples, recorded.NotSeen(reading.Samples));
        return isNamed ? Unknown() : null;

        SeenPart Unknown() => new(training, SeenKind.CannotTell, []);

        SeenPart Without(IReadOnlyList<Sample> samples, IReadOnlyList<Sample> heldOut)
        {
            var ids = heldOut.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
            return Known([.. samples.Where(s => !ids.Contains(s.Id))]);
        }

        SeenPart Known(IReadOnlyList<Sample> seen) =>
            new(training, SeenKind.Part, seen, OfSameFiles: DigestOf(own) == data.FilesDigest);
    }

    /// <summary>
    /// Reads the data as that stage read it; null when the files do not form a data set of that format.
    /// </summary>
    private Dataset? Read(DatasetUse use)
    {
        var key = JsonSerializer.Serialize(use with { HeldOut = 0, Seed = 0, Fold = null }, MarrowJson.Line);
        if (_readings.TryGetValue(key, out var reading))
            return reading;
        try
        {
            reading = DatasetCatalogue.Open(
                new()
                {
                    Name = name,
                    Format = use.Format,
                    Root = own.Root,
                    Options = use.Options,
                }
            );
        }
        catch (MarrowException)
        {
            // These files are no data set of that format: not what it was trained on.
        }
        return _readings[key] = reading;
    }

    private string DigestOf(Dataset dataset)
    {
        if (!_digests.TryGetValue(dataset, out var digest))
            _digests[dataset] = digest = PatientSplit.FilesDigest(dataset);
        return digest;
    }
}
