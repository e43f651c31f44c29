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
    /// The held-out images as Base64, with 8 bytes for each image in ascending order: the first bytes of
    /// SHA-256("FILESDIGEST\nPATIENT\nID").
    /// </summary>
    public required string HeldOut { get; init; }

    public static RecordedSplit Of(
        string dataset, string filesDigest, IReadOnlyList<Sample> heldOut, Fold? fold = null)
    {
        var bytes = new byte[heldOut.Count * HashBytes];
        foreach (var (i, hash) in heldOut.Select(s => Hash(filesDigest, s)).Order().Index())
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * HashBytes), hash);
        return new()
        {
            Dataset = dataset,
            FilesDigest = filesDigest,
            Patients = heldOut.DistinctBy(s => s.Patient, StringComparer.Ordinal).Count(),
            Images = heldOut.Count,
            HeldOut = Convert.ToBase64String(bytes),
            Fold = fold,
        };
    }

    /// <summary>Returns the samples that were held out and still belong to the same patient.</summary>
    public IReadOnlyList<Sample> Among(IEnumerable<Sample> samples)
    {
        var bytes = Convert.FromBase64String(HeldOut);
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
                "The checkpoint is damaged or was changed: fetch or save it again.");
    }

    private static ulong Hash(string salt, Sample sample) =>
        BinaryPrimitives.ReadUInt64BigEndian(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{salt}\n{sample.OwnPatient}\n{sample.Id}")));
}
