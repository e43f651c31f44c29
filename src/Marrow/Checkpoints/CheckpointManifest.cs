using System.Text;
using System.Text.Json.Serialization;
using Marrow.Datasets;
using Marrow.Weights;

namespace Marrow.Checkpoints;

/// <summary>A checkpoint that weights, or labels, came from.</summary>
public sealed record ParentCheckpoint
{
    [JsonConstructor]
    internal ParentCheckpoint(string name, string digest, string role = "init", string license = Licenses.Unknown) =>
        (Name, Digest, Role, License) = (name, digest, role, license);

    public string Name { get; }

    public string Digest { get; }

    /// <summary>
    /// "init": warm-started from it. "labels": its predictions were labels. "crop": its detections say where in the
    /// image the model looks.
    /// </summary>
    public string Role { get; internal init; }

    public string License { get; }

    public const string Labels = "labels", Crop = "crop";

    /// <summary>Parts that a parent may have without giving any weight.</summary>
    internal static readonly string[] RolesWithoutWeights = [Labels, Crop];

    /// <summary>What the parent was worth to this child; null when no experiment has measured it.</summary>
    [JsonInclude] public ParentWorth? Worth { get; internal init; }
}

/// <summary>A data set that weights were trained on.</summary>
/// <param name="Version">As its makers name it; "" when they do not.</param>
/// <param name="License">SPDX identifier or LicenseRef-...</param>
/// <param name="FilesDigest">
/// SHA-256, hexadecimal, over names and sizes of the files used; "" when it was not taken.
/// </param>
/// <param name="Use">
/// How it was read and divided, so that what was held out can be found again; null when unknown.
/// </param>
/// <param name="Role">"training": its labels were learnt; <see cref="Unlabeled"/>: its images alone were used.</param>
public sealed record ParentDataset(
    string Name,
    string Version,
    string License,
    string FilesDigest,
    string Citation = "",
    int Samples = 0,
    DatasetUse? Use = null,
    string Role = "training")
{
    public const string Unlabeled = "unlabeled";
}

/// <summary>How a data set was read and divided.</summary>
public sealed record DatasetUse
{
    [JsonConstructor]
    internal DatasetUse(string format, DatasetOptions options, double heldOut, ulong seed) =>
        (Format, Options, HeldOut, Seed) = (format, options, heldOut, seed);

    /// <summary>A key of the data set catalogue.</summary>
    [JsonInclude] internal string Format { get; }

    [JsonInclude] internal DatasetOptions Options { get; }

    /// <summary>Share of the patients that was never trained on; 0 when all were.</summary>
    [JsonInclude] internal double HeldOut { get; init; }

    /// <summary>Of that division.</summary>
    [JsonInclude] internal ulong Seed { get; init; }
}

/// <summary>A file of weights made elsewhere.</summary>
public sealed class ImportedFile
{
    [JsonConstructor]
    internal ImportedFile(string name, long bytes, string sha256, string map, string license = Licenses.Unknown) =>
        (Name, Bytes, Sha256, Map, License) = (name, bytes, sha256, map, license);

    public string Name { get; }

    public long Bytes { get; }

    /// <summary>Of the whole file, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Of the keys and the input: "torchvision-densenet".</summary>
    public string Map { get; }

    public string License { get; }

    /// <summary>"sha256:" and those digits.</summary>
    internal string Digest => Marrow.Digest.Scheme + Sha256;
}

/// <summary>What stands in a lineage.</summary>
public enum LineageKind
{
    Checkpoint,
    Dataset,

    /// <summary>Of weights made elsewhere; see <see cref="ImportedFile"/>.</summary>
    ImportedFile,
}

/// <summary>An ancestor and its terms.</summary>
public sealed record LicensedAncestor
{
    [JsonConstructor]
    internal LicensedAncestor(LineageKind kind, string name, string digest, string license) =>
        (Kind, Name, Digest, License) = (kind, name, digest, license);

    public LineageKind Kind { get; }

    public string Name { get; internal init; }

    /// <summary>Of a checkpoint, of a data set's list of files or of a file; "" when unknown.</summary>
    public string Digest { get; }

    public string License { get; internal init; }

    /// <summary>The ancestor in words: "data set chexpert".</summary>
    internal string Label => $"{KindName} {Name}";

    public string KindName => Kind switch
    {
        LineageKind.Dataset => "data set",
        LineageKind.ImportedFile => "file",
        _ => "checkpoint",
    };
}

/// <summary>Where a checkpoint came from.</summary>
public sealed record CheckpointParents
{
    [JsonInclude] public IReadOnlyList<ParentCheckpoint> Checkpoints { get; internal init; } = [];
    [JsonInclude] public IReadOnlyList<ParentDataset> Datasets { get; internal init; } = [];

    /// <summary>Null when it was trained here.</summary>
    [JsonInclude] public ImportedFile? Imported { get; internal init; }

    /// <summary>
    /// The parents' own ancestors with their terms, so that these are known where the parents themselves are not.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<LicensedAncestor> Inherited { get; init; } = [];

    /// <summary>
    /// Of a model that was warm-started from a checkpoint: that one, and what it descends from. Add the data sets with
    /// "with".
    /// </summary>
    public static CheckpointParents WarmStartedFrom(Checkpoint source) => new()
    {
        Checkpoints = [new(source.Name, source.Digest, "init", source.License)],
        Inherited = [.. source.Parents.Ancestors().Distinct()],
    };

    /// <summary>The same with another checkpoint that had a part in it. One that had two has both roles.</summary>
    internal CheckpointParents With(Checkpoint checkpoint, string role) => this with
    {
        Checkpoints = [.. Checkpoints, new(checkpoint.Name, checkpoint.Digest, role, checkpoint.License)],
        Inherited = [.. Inherited.Concat(checkpoint.Parents.Ancestors()).Distinct()],
    };

    /// <summary>All ancestors and their terms: the parents, then what they inherited.</summary>
    public IReadOnlyList<LicensedAncestor> Ancestors() =>
        [
            .. Datasets.Select(d => new LicensedAncestor(LineageKind.Dataset, d.Name, d.FilesDigest, d.License)),
            .. Checkpoints.Select(c => new LicensedAncestor(LineageKind.Checkpoint, c.Name, c.Digest, c.License)),
            .. Imported is { } file
                ? [new LicensedAncestor(LineageKind.ImportedFile, file.Name, file.Digest, file.License)]
                : Array.Empty<LicensedAncestor>(),
            .. Inherited,
        ];
}

/// <summary>How weights were trained, for a machine to read; the card says the same to a person.</summary>
public sealed class TrainingRecord
{
    [JsonConstructor]
    internal TrainingRecord(string recipe, string stage, string command, ulong seed, double seconds) =>
        (Recipe, Stage, Command, Seed, Seconds) = (recipe, stage, command, seed, seconds);

    /// <summary>The text of the recipe.</summary>
    [JsonInclude] internal string Recipe { get; }

    /// <summary>Of the recipe; "" where there is but one.</summary>
    public string Stage { get; }

    public string Command { get; }

    public ulong Seed { get; }

    public double Seconds { get; }
}

/// <summary>What made a checkpoint.</summary>
public sealed class CheckpointOrigin
{
    [JsonConstructor]
    internal CheckpointOrigin(string code, TrainingRecord? training = null) => (Code, Training) = (code, training);

    /// <summary>Version of Marrow with the commit it was built from, "0.1.0+de93ac4...".</summary>
    public string Code { get; }

    /// <summary>Null for weights that were imported.</summary>
    public TrainingRecord? Training { get; }
}

/// <param name="Path">A plain file name in the checkpoint's folder.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
internal sealed record ManifestFile(string Path, long Bytes, string Sha256);

/// <summary>
/// checkpoint.json: name, date, parents and the SHA-256 of every other file, so that a flipped bit in any of them is
/// noticed. The checkpoint's digest is the SHA-256 of checkpoint.json itself with the 64 digits of its own digest,
/// which stand at a fixed place at the start, taken as zeros; so a flipped bit in the manifest is noticed too, wherever
/// the folder is copied. To check by hand: sed '2s/[0-9a-f]\{64\}/000...0/' checkpoint.json | sha256sum.
/// </summary>
internal sealed record CheckpointManifest
{
    internal const string FileName = "checkpoint.json";
    private const string CurrentFormat = "marrow-checkpoint/1";
    private const int MaxManifestBytes = 4 << 20; // a recipe has 1 MB at most, a thousand ancestors 0.2 MB
    private static readonly byte[] Start = Encoding.ASCII.GetBytes("{\n  \"digest\": \"" + Digest.Scheme);
    private static readonly Digest NoDigest = Digest.OfHex(new string('0', Digest.HexDigits));

    /// <summary>The checkpoint's. It is the first property: its place in the file is fixed.</summary>
    public Digest Digest { get; init; } = NoDigest;

    public string Format { get; init; } = CurrentFormat;

    public required string Name { get; init; }

    /// <summary>Of the checkpoints of one name, the one created last is the newest.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>SPDX identifier or LicenseRef-...: the terms of the weights.</summary>
    public string License { get; init; } = Licenses.Unknown;

    public required CheckpointParents Parents { get; init; }

    /// <summary>Null in checkpoints of early versions: their cards tell.</summary>
    public CheckpointOrigin? Origin { get; init; }

    public required IReadOnlyList<ManifestFile> Files { get; init; }

    /// <summary>The file's bytes and this manifest with its digest.</summary>
    internal (byte[] Bytes, CheckpointManifest Sealed) Seal()
    {
        var bytes = CheckpointJson.Encode(this with { Digest = NoDigest });
        var digest = Digest.Of(bytes);
        Encoding.ASCII.GetBytes(digest.Hex).CopyTo(bytes, Start.Length);
        return (bytes, this with { Digest = digest });
    }

    /// <summary>Reads checkpoint.json of a folder and checks its digest; the other files are not looked at.</summary>
    internal static CheckpointManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var bytes = ReadSmall(path, MaxManifestBytes);
        var digits = bytes.AsSpan(Math.Min(Start.Length, bytes.Length));
        if (!bytes.AsSpan().StartsWith(Start) || digits.Length < Digest.HexDigits)
            throw Bad(path, "a checkpoint's manifest, which begins with its digest", "another beginning");
        var written = Encoding.Latin1.GetString(digits[..Digest.HexDigits]);
        digits[..Digest.HexDigits].Fill((byte)'0');
        var computed = Digest.Of(bytes);
        if (written != computed.Hex)
            throw Bad(path, $"the digest {computed.Hex} (of its contents)", written);

        var manifest = CheckpointJson.Decode<CheckpointManifest>(bytes, path) with { Digest = computed };
        if (manifest.Format != CurrentFormat)
            throw MarrowException.Unsupported(path, $"the format {CurrentFormat}", manifest.Format, "Use the version "
                + "of Marrow that wrote it, or a newer one.");
        CheckpointName.Require(manifest.Name, path);
        ManifestLimits.Require(manifest.License, manifest.Parents, path);
        foreach (var worth in manifest.Parents.Checkpoints.Select(p => p.Worth).OfType<ParentWorth>())
            worth.Validate(path);
        if (
            manifest.Files.Select(f => f.Path).Distinct(StringComparer.OrdinalIgnoreCase).Count()
            != manifest.Files.Count)
            throw Bad(path, "each file once", "one twice");
        if (manifest.Files.FirstOrDefault(f => !IsPlain(f.Path)) is { } odd)
            throw Bad(path, "plain file names of letters, digits, '.', '-' and '_'", $"'{odd.Path}'");
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (Digest.IsHex(name) && name != computed.Hex)
            throw Bad(path, $"the digest {name}, the folder's name", computed.Hex);
        return manifest;
    }

    /// <summary>Throws when a listed file is absent or differs in size or content.</summary>
    internal void VerifyFiles(string folder, CancellationToken cancellation = default)
    {
        foreach (var file in Files)
            VerifyFile(folder, file, cancellation);
    }

    /// <summary>The same of one of <see cref="Files"/>. Every byte is read.</summary>
    internal static void VerifyFile(string folder, ManifestFile file, CancellationToken cancellation = default)
    {
        var path = Path.Combine(folder, file.Path);
        try
        {
            using var stream = InputFile.Open(path, InputFile.AnySize, 1);
            if (stream.Length != file.Bytes)
                throw Bad(path, $"{file.Bytes} bytes, as {FileName} says", $"{stream.Length}");
            RequireHash(path, file, FileHash.Sha256(stream, cancellation));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Fetch or save the checkpoint again.", e);
        }
    }

    /// <summary>The bytes of a listed file of at most 64 MiB, checked; null where it is not listed.</summary>
    internal byte[]? ReadListed(string folder, string name)
    {
        if (Files.FirstOrDefault(f => f.Path == name) is not { } file)
            return null;
        var path = Path.Combine(folder, name);
        var bytes = ReadSmall(path);
        RequireHash(path, file, Digest.Of(bytes).Hex);
        return bytes;
    }

    /// <summary>Names in the folder that the manifest does not list.</summary>
    internal IReadOnlyList<string> Strays(string folder)
    {
        var known = Files.Select(f => f.Path).Append(FileName).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. Directory
                .EnumerateFileSystemEntries(folder)
                .Select(path => Path.GetFileName(path))
                .Where(name => !known.Contains(name))
                .Order(StringComparer.Ordinal),
        ];
    }

    internal bool Lists(string file) => Files.Any(f => f.Path == file);

    private static void RequireHash(string path, ManifestFile file, string computed)
    {
        if (computed != file.Sha256)
            throw Bad(path, $"SHA-256 {file.Sha256}, as {FileName} says", computed);
    }

    internal static byte[] ReadSmall(string path, int maxBytes = CheckpointJson.MaxBytes)
    {
        try
        {
            return InputFile.ReadAllBytes(path, maxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). A checkpoint's folder holds {FileName} "
                + $"and the files it lists.", e);
        }
    }

    /// <summary>
    /// A name that every file system takes as that of a file in the folder: no path, no device of Windows.
    /// </summary>
    internal static bool IsPlain(string name) =>
        name.Length is > 0 and <= 100 && char.IsAsciiLetterOrDigit(name[0]) && name[^1] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
        && !IsDevice(name.Split('.')[0]);

    // Windows opens the device whatever stands behind the first dot.
    private static bool IsDevice(string stem) => stem.ToLowerInvariant() is "con" or "prn" or "aux" or "nul"
        || stem.Length == 4 && char.IsAsciiDigit(stem[3]) && stem[..3].ToLowerInvariant() is "com" or "lpt";

    private static MarrowException Bad(string path, string expected, string found) =>
        MarrowException.Damaged(path, expected, found, "The checkpoint is damaged or was changed: fetch or save it "
            + "again.");
}
