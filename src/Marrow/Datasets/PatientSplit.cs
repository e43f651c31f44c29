using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marrow.Datasets.Copies;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// Samples in two parts that share no patient. The same seed and patients give the same parts, whatever the order of
/// the samples. Saved with a run as split.json, so that what was held out stays held out.
/// </summary>
internal sealed record PatientSplit
{
    public required IReadOnlyList<Sample> Train { get; init; }
    public required IReadOnlyList<Sample> HeldOut { get; init; }
    public required ulong Seed { get; init; }

    /// <summary>The share of the samples that was to be held out, 0 to 1.</summary>
    public required double HeldOutFraction { get; init; }

    /// <summary>The fold that is held out; null where a share of the samples is.</summary>
    public Fold? Fold { get; init; }

    /// <summary>The patients who were taken for one when the samples were divided.</summary>
    public PatientGroups Groups { get; init; } = PatientGroups.Own;

    /// <summary>The content of split.json.</summary>
    private sealed record Stored
    {
        /// <summary>How groups of samples were made; absent in files from before copies were looked for.</summary>
        public GroupRule? Groups { get; init; }

        /// <summary>See <see cref="PatientGroups.Joined"/>.</summary>
        public IReadOnlyList<IReadOnlyList<string>> JoinedPatients { get; init; } = [];

        public required ulong Seed { get; init; }
        public required double HeldOutFraction { get; init; }
        public Fold? Fold { get; init; }
        public required IReadOnlyList<string> TrainPatients { get; init; }
        public required IReadOnlyList<string> HeldOutPatients { get; init; }
    }

    /// <summary>
    /// Patients in a random order are held out until their samples reach the fraction (0 up to, not including, 1); a
    /// fraction above 0 holds out at least one patient and leaves at least one.
    /// Throws <see cref="MarrowException"/> when there are too few patients.
    /// </summary>
    /// <param name="part">
    /// With a fraction above 0 the patients whom the data set's makers gave to this part are held out, and those whom
    /// they gave to another one are not; the fraction is of the samples of all other patients. A patient in both is
    /// held out. <see cref="SamplePart.Any"/> leaves out of account what they said.
    /// </param>
    public static PatientSplit Create(
        IReadOnlyList<Sample> samples, double heldOutFraction, ulong seed, SamplePart part = SamplePart.Any)
    {
        if (!(heldOutFraction >= 0 && heldOutFraction < 1))
            throw new ArgumentOutOfRangeException(
                nameof(heldOutFraction),
                heldOutFraction,
                "A share of the samples, from 0 up to, not including, 1.");
        var counts = ShuffledPatients(samples, seed);
        if (heldOutFraction > 0 && counts.Length < 2)
            throw new MarrowException(
                $"A split by patient needs two patients or more, found {counts.Length} in {samples.Count} samples. "
                    + $"Check the patients' column, or hold nothing out."
            );

        var heldOut = new HashSet<string>(StringComparer.Ordinal);
        var given = new HashSet<string>(StringComparer.Ordinal);
        if (part != SamplePart.Any && heldOutFraction > 0)
        {
            heldOut.UnionWith(samples.Where(s => s.Part == part).Select(s => s.Patient));
            given.UnionWith(samples.Where(s => s.Part != SamplePart.Any).Select(s => s.Patient));
            counts = [.. counts.Where(c => !given.Contains(c.Key))];
        }
        var wanted = heldOutFraction * counts.Sum(c => c.Value);
        var most = given.Count > heldOut.Count ? counts.Length : counts.Length - 1;
        var held = 0;
        foreach (var (patient, count) in counts.AsSpan(0, Math.Max(0, most)))
        {
            if (held >= wanted)
                break;
            heldOut.Add(patient);
            held += count;
        }
        return Divide(samples, heldOut, heldOutFraction, seed);
    }

    /// <summary>
    /// Holds out one fold. Every patient is in exactly one of the folds: those with the most samples are dealt first,
    /// ties in random order, each into the fold that has the fewest samples by then, the first of equal ones. So no two
    /// folds differ by more samples than the largest patient has. Throws <see cref="MarrowException"/> when there are
    /// fewer patients than folds.
    /// </summary>
    public static PatientSplit Create(IReadOnlyList<Sample> samples, Fold fold, ulong seed)
    {
        var counts = ShuffledPatients(samples, seed);
        if (counts.Length < fold.Of)
            throw new MarrowException(
                $"{fold.Of} folds by patient need {fold.Of} patients or more, found {counts.Length} in "
                    + $"{samples.Count} samples. Check the patients' column, or ask for fewer folds."
            );
        var filled = new int[fold.Of];
        var heldOut = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (patient, count) in counts.OrderByDescending(c => c.Value)) // stable: ties stay as shuffled
        {
            var emptiest = Array.IndexOf(filled, filled.Min());
            filled[emptiest] += count;
            if (emptiest == fold.Number - 1)
                heldOut.Add(patient);
        }
        return Divide(samples, heldOut, fold.Share, seed) with { Fold = fold };
    }

    /// <summary>Writes the patients of each part into a file.</summary>
    public void Save(string path)
    {
        var stored = new Stored
        {
            Groups = Groups.Rule,
            JoinedPatients = Groups.Joined,
            Seed = Seed,
            HeldOutFraction = HeldOutFraction,
            Fold = Fold,
            TrainPatients = Patients(Train),
            HeldOutPatients = Patients(HeldOut),
        };
        AtomicFile.WriteText(path, JsonSerializer.Serialize(stored, MarrowJson.Options));
    }

    /// <summary>
    /// Divides the samples as a saved split says, and joins those patients that it has joined. Throws
    /// <see cref="MarrowException"/> when a patient is in neither part.
    /// </summary>
    public static PatientSplit Load(string path, IReadOnlyList<Sample> samples)
    {
        var stored = Read(path);
        var groups = GroupsOf(stored, path);
        samples = groups.Join(samples);
        var train = stored.TrainPatients.ToHashSet(StringComparer.Ordinal);
        var heldOut = stored.HeldOutPatients.ToHashSet(StringComparer.Ordinal);
        if (train.Overlaps(heldOut))
            throw MarrowException.Bad(
                path,
                "each patient in one part",
                $"{train.Intersect(heldOut).First()} in both",
                "Make the split anew.");
        if (samples.FirstOrDefault(s => !train.Contains(s.Patient) && !heldOut.Contains(s.Patient)) is { } stranger)
            throw MarrowException.Bad(
                path,
                $"patient {stranger.Patient} of {stranger.Id}",
                "neither part with it",
                "It belongs to other data: make the split anew.");
        return Divide(samples, heldOut, stored.HeldOutFraction, stored.Seed) with
        {
            Fold = stored.Fold,
            Groups = groups,
        };
    }

    /// <summary>Returns the groups by which a saved split was made.</summary>
    public static PatientGroups LoadGroups(string path) => GroupsOf(Read(path), path);

    private static Stored Read(string path) =>
        MarrowJson.Read<Stored>(
            path,
            "a split (seed, heldOutFraction, trainPatients, heldOutPatients)",
            "Give the split.json of a run.");

    private static PatientGroups GroupsOf(Stored stored, string path) =>
        stored.JoinedPatients.All(group => group.Count > 0)
            ? new()
            {
                Rule = stored.Groups ?? GroupRule.Patients,
                Joined = stored.JoinedPatients,
                IsEarlier = stored.Groups is null,
            }
            : throw MarrowException.Bad(
                path,
                "names of patients in each list of joinedPatients",
                "an empty list",
                "Copy the file from where it is whole.");

    /// <summary>
    /// SHA-256, lower-case hexadecimal, of the sorted image names and sizes: tells whether two runs saw the same files
    /// without reading them all. Throws <see cref="MarrowException"/> when an image is gone.
    /// </summary>
    public static string FilesDigest(Dataset dataset)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var sample in dataset.Samples.OrderBy(s => s.Id, StringComparer.Ordinal))
        {
            var file = new FileInfo(sample.ImagePath);
            if (!file.Exists)
                throw MarrowException.Bad(
                    sample.ImagePath,
                    "an image",
                    "no file of that name",
                    "Check the data set's folder.");
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{sample.Id}\t{file.Length}\n")));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Divides the samples so that exactly these patients are held out.</summary>
    internal static PatientSplit HoldOut(
        IReadOnlyList<Sample> samples,
        IEnumerable<string> patients,
        double fraction,
        ulong seed
    ) => Divide(samples, patients.ToHashSet(StringComparer.Ordinal), fraction, seed);

    private static PatientSplit Divide(
        IReadOnlyList<Sample> samples,
        HashSet<string> heldOut,
        double fraction,
        ulong seed
    ) =>
        new()
        {
            Train = [.. samples.Where(s => !heldOut.Contains(s.Patient))],
            HeldOut = [.. samples.Where(s => heldOut.Contains(s.Patient))],
            Seed = seed,
            HeldOutFraction = fraction,
        };

    /// <summary>Returns the patients and how many samples each has, in an order that the seed decides.</summary>
    private static KeyValuePair<string, int>[] ShuffledPatients(IReadOnlyList<Sample> samples, ulong seed)
    {
        var counts = samples
            .CountBy(s => s.Patient, StringComparer.Ordinal)
            .OrderBy(p => p.Key, StringComparer.Ordinal)
            .ToArray();
        new SeededRandom(seed).Shuffle<KeyValuePair<string, int>>(counts);
        return counts;
    }

    /// <summary>Returns how many patients the images are of.</summary>
    internal static int CountPatients(IEnumerable<Sample> samples) =>
        samples.DistinctBy(s => s.Patient, StringComparer.Ordinal).Count();

    private static string[] Patients(IEnumerable<Sample> samples) =>
        [.. samples.Select(s => s.Patient).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
