using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Marrow.Datasets;

namespace Marrow.Checkpoints;

/// <summary>
/// Which images of a data set were held out when a checkpoint was trained, kept with it as split.json: so they are
/// found again though the data have grown or lost some since. An image is a hash of its name and its patient, as the
/// data set names him, salted with the data's own digest: nobody reads a patient out of it who does not have the data.
/// </summary>
internal sealed record RecordedSplit
{
    private const int HashBytes = 8;

    /// <summary>The name of the data set, as the checkpoint's parents have it.</summary>
    public required string Dataset { get; init; }

    /// <summary>The digest of the data set's files; see <see cref="PatientSplit.FilesDigest"/>.</summary>
    public required string FilesDigest { get; init; }

    public required int Patients { get; init; }
    public required int Images { get; init; }

    /// <summary>The fold that these images are; null where they are a share of the data set.</summary>
    public Fold? Fold { get; init; }

    /// <summary>
    /// The part of a model of several tasks from which these images were held out; null for a model of one task.
    /// </summary>
    public string? Part { get; init; }

    /// <summary>
    /// Further images that the part did not learn from, since other parts hold them out, in the form of
    /// <see cref="HeldOut"/>; null where there are none.
    /// </summary>
    public string? LeftOut { get; init; }

    /// <summary>The same of the other parts of a model of several tasks; null for a model of one task.</summary>
    public IReadOnlyList<RecordedSplit>? Others { get; init; }

    /// <summary>
    /// The held-out images as Base64, with 8 bytes for each image in ascending order: the first bytes of
    /// SHA-256("FILESDIGEST\nPATIENT\nID").
    /// </summary>
    public required string HeldOut { get; init; }

    public static RecordedSplit Of(
        string dataset, string filesDigest, IReadOnlyList<Sample> heldOut, Fold? fold = null) =>
        new()
        {
            Dataset = dataset,
            FilesDigest = filesDigest,
            Patients = PatientSplit.CountPatients(heldOut),
            Images = heldOut.Count,
            HeldOut = Hashes(filesDigest, heldOut),
            Fold = fold,
        };

    /// <summary>
    /// Joins what the parts of a model of several tasks held out; null where none of them held out anything.
    /// </summary>
    public static RecordedSplit? Join(IReadOnlyList<RecordedSplit> parts) =>
        parts.All(part => part.Images == 0) ? null : parts[0] with { Others = [.. parts.Skip(1)] };

    /// <summary>
    /// Returns the same with images that the part did not learn from, though it did not hold them out.
    /// </summary>
    public RecordedSplit Without(IReadOnlyList<Sample> leftOut) =>
        leftOut.Count == 0 ? this : this with { LeftOut = Hashes(FilesDigest, leftOut) };

    /// <summary>
    /// Returns the record for one part of a model of several tasks, or null where it has none; for a model of one task
    /// this record.
    /// </summary>
    /// <param name="part">The name of the part; null for a model of one task.</param>
    public RecordedSplit? OfPart(string? part) =>
        ((RecordedSplit[])[this, .. Others ?? []]).FirstOrDefault(split => split.Part == part);

    /// <summary>Returns the samples that were held out and still belong to the same patient.</summary>
    public IReadOnlyList<Sample> Among(IEnumerable<Sample> samples) => Among(samples, HeldOut);

    /// <summary>Returns the samples that were not learnt from, and still belong to the same patient.</summary>
    public IReadOnlyList<Sample> NotSeen(IReadOnlyList<Sample> samples) =>
        LeftOut is null ? Among(samples) : [.. Among(samples), .. Among(samples, LeftOut)];

    private IReadOnlyList<Sample> Among(IEnumerable<Sample> samples, string hashes)
    {
        var bytes = Convert.FromBase64String(hashes);
        var known = new HashSet<ulong>();
        for (var i = 0; i < bytes.Length; i += HashBytes)
            known.Add(BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(i)));
        return [.. samples.Where(s => known.Contains(Hash(FilesDigest, s)))];
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when a value is impossible.
    /// </summary>
    public void Validate(string path)
    {
        const string remedy = "The checkpoint is damaged or was changed: fetch or save it again.";
        if (
            Images < 0
            || Patients < 0
            || Patients > Images
            || !Convert.TryFromBase64String(HeldOut, new byte[HeldOut.Length], out var bytes)
            || bytes != (long)Images * HashBytes)
            throw MarrowException.Bad(
                path,
                $"{HashBytes} bytes in base64 for each of {Images} images",
                $"{HeldOut.Length} characters",
                remedy);
        if (LeftOut is { } left
            && (!Convert.TryFromBase64String(left, new byte[left.Length], out var more) || more % HashBytes != 0))
            throw MarrowException.Bad(
                path, $"{HashBytes} bytes in base64 for each image left out", $"{left.Length} characters", remedy);
        if (Others is { } others && (others.Any(other => other.Others is not null)
            || others.Any(split => split.Part is null)
            || others.Append(this).DistinctBy(split => split.Part).Count() != others.Count + 1))
            throw MarrowException.Bad(path, "one record for each part of the model", "other ones", remedy);
        foreach (var other in Others ?? [])
            other.Validate(path);
    }

    /// <summary>Returns the hashes of samples in ascending order, as Base64.</summary>
    private static string Hashes(string filesDigest, IReadOnlyList<Sample> samples)
    {
        var bytes = new byte[samples.Count * HashBytes];
        foreach (var (i, hash) in samples.Select(s => Hash(filesDigest, s)).Order().Index())
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * HashBytes), hash);
        return Convert.ToBase64String(bytes);
    }

    private static ulong Hash(string salt, Sample sample) =>
        BinaryPrimitives.ReadUInt64BigEndian(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{salt}\n{sample.OwnPatient}\n{sample.Id}")));
}
