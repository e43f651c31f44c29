using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>One checkpoint of a hub, as its manifest tells.</summary>
/// <param name="Digest">"sha256:..."; the folder's name when the manifest can't be read.</param>
/// <param name="Problem">Null, or why the manifest can't be read.</param>
public sealed record HubEntry(string Name, string Digest, DateTimeOffset Created, string Folder, string? Problem = null);

/// <summary>
/// A folder of checkpoints, <c>name/digest/</c>. References: a name (the one created last), <c>name@sha256:digits</c> (any
/// unambiguous beginning), a checkpoint's folder, or a .safetensors file (weights alone, unless it lies in a checkpoint's
/// folder: then that checkpoint, with all its checks).
/// </summary>
public sealed class LocalHub(string folder)
{
    private const string DigestMark = "@sha256:";
    private const int FewestDigits = 4;
    private const int DigestsShown = 12; // digits of a digest in a message
    private const string StagingFolder = ".incoming";

    /// <summary>The folder as it was given.</summary>
    public string Folder { get; } = folder;

    /// <summary>
    /// A new empty folder on the hub's own disk, to collect the files of one checkpoint in; <see cref="Add"/> moves it to
    /// its place. Nothing lists it before.
    /// </summary>
    public string CreateStagingFolder()
    {
        var staged = Path.Combine(Folder, StagingFolder, Guid.NewGuid().ToString("N"));
        try
        {
            return Directory.CreateDirectory(staged).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{staged}: can't be made ({e.Message}). Check the hub's permissions and the free disk space.", e);
        }
    }

    /// <summary>
    /// Moves a staged folder to its place, once every byte of it was checked; where that checkpoint is already, the
    /// staged folder is removed. Throws <see cref="MarrowException"/> when a file is absent or damaged, or one is there
    /// that the manifest does not list.
    /// </summary>
    public HubEntry Add(string stagedFolder)
    {
        var manifest = CheckpointManifest.Read(stagedFolder);
        manifest.VerifyFiles(stagedFolder);
        var known = manifest.Files.Select(f => f.Path).Append(CheckpointManifest.FileName).ToHashSet(StringComparer.Ordinal);
        if (Directory.EnumerateFileSystemEntries(stagedFolder).Select(Path.GetFileName).FirstOrDefault(f => !known.Contains(f!)) is { } stray)
            throw MarrowException.Bad(stagedFolder, "the files that the manifest lists and no others", stray, "Fetch the checkpoint again.");
        var final = Path.Combine(Folder, manifest.Name, manifest.Hex);
        try
        {
            using (FolderLock.Take(Folder))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(final)!);
                if (!Directory.Exists(final))
                    Directory.Move(stagedFolder, final);
            }
            if (Directory.Exists(stagedFolder))
                Directory.Delete(stagedFolder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{final}: can't be written ({e.Message}). Check the hub's permissions and the free disk space.", e);
        }
        return new(manifest.Name, manifest.Digest, manifest.Created, final);
    }

    /// <summary>The checkpoint of this digest ("sha256:..."), under whatever name; null when the hub has none.</summary>
    public HubEntry? FindDigest(string digest) => List().FirstOrDefault(e => e.Digest == digest && e.Problem is null);

    /// <summary>
    /// Loads and checks it; the caller disposes it. Throws <see cref="MarrowException"/> for an unknown name (the known
    /// ones are listed), an ambiguous or unknown digest, or a damaged checkpoint: a damaged one is never passed over for
    /// an older one.
    /// </summary>
    public Checkpoint Resolve(string reference)
    {
        var at = reference.IndexOf(DigestMark, StringComparison.Ordinal);
        var name = at < 0 ? reference : reference[..at];
        if (CheckpointName.IsValid(name) && Directory.Exists(Path.Combine(Folder, name)))
            return Checkpoint.Load((at < 0 ? Newest(name) : Exactly(name, reference[(at + DigestMark.Length)..])).Folder);
        if (Directory.Exists(reference))
            return Checkpoint.Load(reference);
        if (File.Exists(reference) && Path.GetExtension(reference) == ".safetensors")
        {
            var home = Path.GetDirectoryName(Path.GetFullPath(reference))!;
            return Path.GetFileName(reference) == Checkpoint.WeightsFile && File.Exists(Path.Combine(home, CheckpointManifest.FileName))
                ? Checkpoint.Load(home)
                : Checkpoint.LoadWeights(reference);
        }
        var known = List().Select(e => e.Name).Distinct().ToList();
        throw MarrowException.Bad(reference, "a checkpoint's name, its folder or a .safetensors file", "nothing of that name",
            known.Count == 0 ? $"The hub {Folder} is empty." : $"The hub {Folder} knows: {string.Join(", ", known)}.");
    }

    /// <summary>By name, the newest of each first. Only manifests are read; a damaged one is listed with its problem.</summary>
    public IReadOnlyList<HubEntry> List() =>
        [.. SubFolders(Folder).Where(CheckpointName.IsValid).Order(StringComparer.Ordinal).SelectMany(Of)];

    private IReadOnlyList<HubEntry> Of(string name)
    {
        var home = Path.Combine(Folder, name);
        return [.. SubFolders(home).Where(CheckpointManifest.IsHex).Select(digest => Describe(name, Path.Combine(home, digest)))
            .OrderByDescending(e => e.Created).ThenBy(e => e.Digest, StringComparer.Ordinal)];
    }

    private static HubEntry Describe(string name, string folder)
    {
        try
        {
            var manifest = CheckpointManifest.Read(folder);
            if (manifest.Name != name)
                throw MarrowException.Bad(folder, $"a checkpoint named {name}, as the folder is", manifest.Name, "Move it to its own name's folder.");
            return new(name, manifest.Digest, manifest.Created, folder);
        }
        catch (MarrowException e)
        {
            return new(name, "sha256:" + Path.GetFileName(folder), DateTimeOffset.MinValue, folder, e.Message);
        }
    }

    private HubEntry Newest(string name)
    {
        var all = Of(name);
        if (all.FirstOrDefault(e => e.Problem is not null) is { } damaged)
            throw new MarrowException($"{name}: which checkpoint is the newest can't be told while one is damaged; name one by its digest or remove the damaged folder. {damaged.Problem}");
        return all.Count > 0 ? all[0] : throw MarrowException.Bad(Path.Combine(Folder, name), "a checkpoint", "none", "Save or fetch one first.");
    }

    private HubEntry Exactly(string name, string digits)
    {
        var all = Of(name);
        var matching = all.Where(e => digits.Length >= FewestDigits && e.Digest["sha256:".Length..].StartsWith(digits, StringComparison.Ordinal)).ToList();
        return matching switch
        {
            [{ Problem: { } problem }] => throw new MarrowException(problem),
            [var one] => one,
            _ => throw MarrowException.Bad($"{name}{DigestMark}{digits}", $"a digest's first {FewestDigits} or more digits, of one checkpoint only", $"{matching.Count} that match",
                $"Known: {string.Join(", ", all.Select(e => e.Digest["sha256:".Length..][..DigestsShown]))}."),
        };
    }

    private static IEnumerable<string> SubFolders(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path))] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{folder}: can't be listed ({e.Message}). Check its permissions.", e);
        }
    }
}
