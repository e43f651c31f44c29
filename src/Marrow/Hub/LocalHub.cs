using Marrow.Checkpoints;
using Marrow.Weights;

namespace Marrow.Hub;

/// <summary>
/// A folder of checkpoints, <c>name/digest/</c>. A reference is one of these: a name, which means the checkpoint
/// created last; <c>name@sha256:digits</c> with any unambiguous beginning of the digits; the folder of a checkpoint; or
/// a .safetensors, .pth or .pt file, which means the bare weights unless the file lies in a checkpoint's folder, where
/// it means that checkpoint with all its checks. Weights may be named by the folder that they lie in, those in several
/// files also by their index; of a file with several sets of weights <c>last.ckpt#ema</c> names one. Checkpoints are
/// only added and removed, never changed, and several processes may do so at once.
/// </summary>
public sealed class LocalHub(string folder)
{
    private const int FewestDigits = 4;

    /// <summary>The folder, as it was passed to the constructor.</summary>
    public string Folder { get; } = folder;

    /// <summary>
    /// The folder in which the index of large hubs is kept; null for the one in the user's cache. See
    /// <see cref="HubIndex"/>.
    /// </summary>
    internal string? IndexFolder { get; init; }

    /// <summary>Returns the hub that a checkpoint lies in; null when its folder is not that of a hub.</summary>
    internal static LocalHub? Around(Checkpoint checkpoint) =>
        new DirectoryInfo(checkpoint.Path) is { Parent: { Parent: { } hub } name } own
        && name.Name == checkpoint.Name
        && own.Name == checkpoint.Digest.Hex
            ? new(hub.FullName)
            : null;

    /// <summary>
    /// A new empty folder on the hub's own disk, to collect the files of one checkpoint in; <see cref="Add"/> moves it
    /// to its place. Nothing lists it before.
    /// </summary>
    internal string CreateStagingFolder() => HubDisk.CreateStagingFolder(Folder);

    /// <summary>
    /// Moves a staged folder to its place, once every byte of it was checked; where that checkpoint is already whole,
    /// the staged folder is removed, and where it is damaged, it is replaced. Throws <see cref="MarrowException"/> when
    /// a file is absent or damaged, or one is there that the manifest does not list.
    /// </summary>
    internal HubEntry Add(string stagedFolder)
    {
        var manifest = CheckpointManifest.Read(stagedFolder);
        manifest.VerifyFiles(stagedFolder);
        if (manifest.Strays(stagedFolder) is [var stray, ..])
            throw MarrowException.Damaged(
                stagedFolder,
                "the files that the manifest lists and no others",
                stray,
                "Fetch the checkpoint again.");
        var manifestBytes = new FileInfo(Path.Combine(stagedFolder, CheckpointManifest.FileName)).Length;
        return HubEntry.Of(manifest, HubDisk.Place(stagedFolder, Folder, manifest), manifestBytes);
    }

    /// <summary>
    /// Removes one checkpoint. Throws <see cref="MarrowException"/> when a name alone could mean several checkpoints,
    /// when the checkpoint is not in this hub, and when another checkpoint of the hub descends from it, unless
    /// <paramref name="force"/> is given.
    /// </summary>
    public HubEntry Remove(string reference, bool force = false) => HubRemoval.Run(this, reference, force);

    /// <summary>
    /// Reads every byte of the hub, or of the checkpoints that <paramref name="reference"/> means (a name means all
    /// checkpoints of that name), and lists every damaged file. Throws <see cref="MarrowException"/> when the reference
    /// is unknown, and when a whole folder is to be verified that is not a hub.
    /// </summary>
    /// <param name="progress">Called from any thread, but never by two threads at once.</param>
    public HubVerification Verify(
        string? reference = null, Action<Progress>? progress = null, CancellationToken cancellation = default) =>
        HubVerifier.Run(this, reference, progress, cancellation);

    /// <summary>Finds the checkpoint with this digest under any name; null when the hub has none.</summary>
    internal HubEntry? FindDigest(Digest digest) => HubScan.ByDigest(Folder, digest);

    /// <summary>
    /// Finds a checkpoint by a digest in text form; null when the text is not a digest or the hub lacks the checkpoint.
    /// </summary>
    internal HubEntry? FindDigest(string text) => Digest.TryParse(text, out var digest) ? FindDigest(digest) : null;

    /// <summary>
    /// Finds the checkpoint that a reference means, without looking at its weights. Throws
    /// <see cref="MarrowException"/> for an unknown name (the message lists the known ones), for an ambiguous or
    /// unknown digest, for a damaged manifest (an older checkpoint never takes its place), and for bare weights.
    /// </summary>
    internal HubEntry Find(string reference)
    {
        var (name, digits) = Split(reference);
        if (HasName(name))
            return digits is null ? Newest(name) : Exactly(name, digits);
        if (CheckpointFolder(reference) is { } folder)
            return HubScan.Read(folder);
        throw WeightReference.Find(reference) is not null
            ? MarrowException.Bad(
                reference,
                "a whole checkpoint",
                "weights alone",
                "Name a checkpoint of the hub or its folder.")
            : Unknown(reference);
    }

    /// <summary>
    /// Finds a checkpoint, loads it and verifies every byte. The caller disposes it. Bare weights are loaded as such.
    /// Throws <see cref="MarrowException"/> as <see cref="Find"/> does, and when the checkpoint is damaged.
    /// </summary>
    public Checkpoint Resolve(string reference) => Resolve(reference, CancellationToken.None);

    /// <summary>
    /// Loads a checkpoint in the same way. Throws <see cref="OperationCanceledException"/> when it is cancelled.
    /// </summary>
    public Checkpoint Resolve(string reference, CancellationToken cancellation) =>
        !HasName(Split(reference).Name)
        && CheckpointFolder(reference) is null
        && WeightReference.Find(reference) is var (path, part)
            ? Checkpoint.LoadWeights(path, part, cancellation)
            : HubDisk.Load(Find(reference).Folder, cancellation);

    /// <summary>
    /// Returns the report that "hub show" prints: what the checkpoint is for, what it expects and returns, what it was
    /// made from, its licence terms, and how well it was measured to do.
    /// </summary>
    public TextReport Report(Checkpoint checkpoint) => CheckpointReport.Of(this, checkpoint);

    /// <summary>
    /// Lists the checkpoints by name, the newest of each name first. Only manifests are read, and of a large hub only
    /// those that have changed since the last listing. A damaged checkpoint is listed with its problem.
    /// </summary>
    public IReadOnlyList<HubEntry> List() => HubScan.All(Folder, IndexFolder);

    /// <summary>
    /// Returns everything that a reference may mean, including checkpoints with a damaged manifest. Throws when the
    /// reference is unknown.
    /// </summary>
    internal IReadOnlyList<HubEntry> Matching(string reference)
    {
        var (name, digits) = Split(reference);
        if (HasName(name))
            return digits is null ? HubScan.Of(Folder, name) : [Exactly(name, digits, evenDamaged: true)];
        return CheckpointFolder(reference) is { } folder ? [ByFolder(folder)] : throw Unknown(reference);
    }

    /// <summary>
    /// Finds a checkpoint by its folder. One that lies in this hub is described as in the hub's lists.
    /// </summary>
    private HubEntry ByFolder(string folder)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var name = Path.GetFileName(Path.GetDirectoryName(path)) ?? "";
        return HasName(name) && path == Path.GetFullPath(Path.Combine(Folder, name, Path.GetFileName(path)))
            && HubScan.Of(Folder, name).FirstOrDefault(e => Path.GetFileName(e.Folder) == Path.GetFileName(path))
                is { } entry
            ? entry : HubScan.Read(folder);
    }

    private HubEntry Newest(string name)
    {
        var all = HubScan.Of(Folder, name);
        if (all.FirstOrDefault(e => e.Problem is not null) is { } damaged)
            throw new MarrowException(
                ErrorKind.Damaged,
                $"{name}: which checkpoint is the newest can't be told while one is damaged; name one by its digest "
                    + $"or remove the damaged one. {damaged.Problem}"
            );
        return all.Count > 0
            ? all[0]
            : throw MarrowException.NotFound(
                Path.Combine(Folder, name),
                "a checkpoint",
                "none",
                "Save or fetch one first.");
    }

    private HubEntry Exactly(string name, string digits, bool evenDamaged = false)
    {
        var all = HubScan.Of(Folder, name);
        var matching = all.Where(e =>
                digits.Length >= FewestDigits && e.Digest.Hex.StartsWith(digits, StringComparison.Ordinal))
            .ToList();
        return matching switch
        {
            [{ Problem: { } problem }] when !evenDamaged => throw new MarrowException(ErrorKind.Damaged, problem),
            [var one] => one,
            _ => throw MarrowException.NotFound(
                $"{name}{Digest.Mark}{digits}",
                $"a digest's first {FewestDigits} or more digits, of one checkpoint only",
                $"{matching.Count} that match",
                $"Known: {string.Join(", ", all.Select(e => e.Digest.Short))}."),
        };
    }

    private bool HasName(string name) => CheckpointName.IsValid(name) && Directory.Exists(Path.Combine(Folder, name));

    private static (string Name, string? Digits) Split(string reference)
    {
        var at = reference.IndexOf(Digest.Mark, StringComparison.Ordinal);
        return at < 0 ? (reference, null) : (reference[..at], reference[(at + Digest.Mark.Length)..]);
    }

    /// <summary>
    /// Returns the checkpoint's folder when the reference is that folder or its file of weights; otherwise null.
    /// </summary>
    private static string? CheckpointFolder(string reference)
    {
        if (Directory.Exists(reference))
            return File.Exists(Path.Combine(reference, CheckpointManifest.FileName))
                || WeightReference.Find(reference) is null
                    ? reference
                    : null;
        if (!File.Exists(reference) || Path.GetFileName(reference) != Checkpoint.WeightsFile)
            return null;
        var home = Path.GetDirectoryName(Path.GetFullPath(reference))!;
        return File.Exists(Path.Combine(home, CheckpointManifest.FileName)) ? home : null;
    }

    private MarrowException Unknown(string reference)
    {
        var known = List().Select(e => e.Name).Distinct().ToList();
        return MarrowException.NotFound(
            reference,
            "a checkpoint's name, its folder, or a file of weights",
            "nothing of that name",
            known.Count == 0 ? $"The hub {Folder} is empty." : $"The hub {Folder} knows: {string.Join(", ", known)}.");
    }
}
