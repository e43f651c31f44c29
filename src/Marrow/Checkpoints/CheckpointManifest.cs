using System.Text;
using Marrow.Weights;

namespace Marrow.Checkpoints;

/// <param name="Path">The name of a file in the checkpoint's folder, without any path.</param>
/// <param name="Sha256">The SHA-256 of the file, as 64 lower-case hexadecimal digits.</param>
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

    /// <summary>
    /// The checkpoint's digest. It must stay the first property, since its position in the file is fixed.
    /// </summary>
    public Digest Digest { get; init; } = NoDigest;

    public string Format { get; init; } = CurrentFormat;

    public required string Name { get; init; }

    /// <summary>The time of saving. Of the checkpoints of one name, the one created last is the newest.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The licence of the weights, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; init; } = Licenses.Unknown;

    public required CheckpointParents Parents { get; init; }

    /// <summary>What made the checkpoint; null in early versions, where only the card says it.</summary>
    public CheckpointOrigin? Origin { get; init; }

    public required IReadOnlyList<ManifestFile> Files { get; init; }

    /// <summary>Returns the bytes of the file, and this manifest with its digest filled in.</summary>
    internal (byte[] Bytes, CheckpointManifest Sealed) Seal()
    {
        var bytes = CheckpointJson.Encode(this with { Digest = NoDigest });
        var digest = Digest.Of(bytes);
        Encoding.ASCII.GetBytes(digest.Hex).CopyTo(bytes, Start.Length);
        return (bytes, this with { Digest = digest });
    }

    /// <summary>Reads checkpoint.json of a folder and checks its digest, without looking at the other files.</summary>
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

    /// <summary>Throws when a listed file is missing or has another size or content.</summary>
    internal void VerifyFiles(string folder, CancellationToken cancellation = default)
    {
        foreach (var file in Files)
            VerifyFile(folder, file, cancellation);
    }

    /// <summary>
    /// Verifies one of <see cref="Files"/>, reading every byte. Throws when it is missing or has another size or
    /// content.
    /// </summary>
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

    /// <summary>Reads and verifies a listed file of at most 64 MiB; null when the manifest does not list it.</summary>
    internal byte[]? ReadListed(string folder, string name)
    {
        if (Files.FirstOrDefault(f => f.Path == name) is not { } file)
            return null;
        var path = Path.Combine(folder, name);
        var bytes = ReadSmall(path);
        RequireHash(path, file, Digest.Of(bytes).Hex);
        return bytes;
    }

    /// <summary>
    /// Reads, verifies and decodes a listed JSON file; null when the manifest does not list it. Throws
    /// <see cref="MarrowException"/> when it is damaged.
    /// </summary>
    internal T? ReadListed<T>(string folder, string name) where T : class =>
        ReadListed(folder, name) is { } bytes ? CheckpointJson.Decode<T>(bytes, Path.Combine(folder, name)) : null;

    /// <summary>Returns the names of what lies in the folder although the manifest does not list it.</summary>
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
    /// Returns true for a name that every file system takes as a plain file of the folder: without a path, and not a
    /// device name of Windows.
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
