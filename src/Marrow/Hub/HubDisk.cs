using System.Text.RegularExpressions;
using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>
/// What must be safe with many processes at once in a hub's folder: checkpoints come in from a staging folder and go
/// out to the trash, each by one rename under the folder's lock, so that nobody sees half of one. A name's folder is
/// made and removed under the same lock. Names that begin with a dot are never listed. Nothing is written, moved or
/// deleted through a link, and of what lies in the hub only what Marrow named itself is ever deleted.
/// </summary>
internal static partial class HubDisk
{
    public const string IncomingFolder = ".incoming", TrashFolder = ".trash";

    /// <summary>
    /// Creates a new empty folder on the hub's own disk, in which the files of one checkpoint are collected.
    /// </summary>
    public static string CreateStagingFolder(string hub)
    {
        var incoming = Path.GetFullPath(OwnFolder(hub, IncomingFolder));
        Leftovers.SweepOnce(incoming);
        var staged = Path.Combine(incoming, Leftovers.NewName());
        try
        {
            return Directory.CreateDirectory(staged).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{staged}: can't be made ({e.Message}). {Disk.Remedy(e)}", e);
        }
    }

    /// <summary>
    /// Writes a checkpoint's files into a staging folder, moves that to its place and loads it; where anything throws,
    /// nothing is left. Throws <see cref="MarrowException"/> where the hub can't be written.
    /// </summary>
    /// <param name="write">Fills an empty folder and returns the manifest of its contents.</param>
    public static Checkpoint Save(
        string hub,
        Func<string, CheckpointManifest> write,
        CancellationToken cancellation = default)
    {
        var staged = CreateStagingFolder(hub);
        try
        {
            return Load(Place(staged, hub, write(staged)), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{staged}: can't be written ({e.Message}). {Disk.Remedy(e)}", e);
        }
        finally
        {
            TryDelete(staged);
        }
    }

    /// <summary>
    /// Moves a staged folder to <c>hub/name/digest</c>, which it returns. A whole checkpoint that is there stays as it
    /// is; a damaged one gives way, or else fetching it again would not mend it.
    /// </summary>
    public static string Place(string staged, string hub, CheckpointManifest manifest)
    {
        var final = Path.Combine(hub, manifest.Name, manifest.Digest.Hex);
        var isDamaged = Directory.Exists(final) && !IsWhole(final);
        string? removed = null;
        try
        {
            Disk.FlushFolder(staged);
            using (FolderLock.Take(hub))
            {
                HubMark.Give(hub);
                var home = OwnFolder(hub, manifest.Name);
                if (isDamaged && Directory.Exists(final))
                    removed = MoveToTrash(hub, final);
                if (!Directory.Exists(final))
                    Directory.Move(staged, final);
                Disk.FlushFolder(home);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{final}: can't be written ({e.Message}). {Disk.Remedy(e)}", e);
        }
        TryDelete(staged);
        if (removed is not null)
            TryDelete(removed);
        return final;
    }

    /// <summary>
    /// Loads a checkpoint that was in its place a moment ago. When another process has removed it since, the error says
    /// so.
    /// </summary>
    public static Checkpoint Load(string folder, CancellationToken cancellation = default)
    {
        try
        {
            return Checkpoint.Load(folder, cancellation);
        }
        catch (MarrowException e) when (!Directory.Exists(folder))
        {
            throw new MarrowException(
                ErrorKind.NotFound,
                $"{folder}: expected the checkpoint that was there, found none any more. Another process has removed "
                    + $"it: save or fetch it again.",
                e);
        }
    }

    /// <summary>
    /// Renames a checkpoint's folder into the trash and returns where it is now. The caller holds the hub's lock.
    /// Throws
    /// <see cref="MarrowException"/> where the folder holds what is not the checkpoint's.
    /// </summary>
    public static string MoveToTrash(string hub, string folder)
    {
        OwnFolder(hub, Path.GetFileName(Path.GetDirectoryName(folder))!);
        var isLink = Posix.Status(folder) is { Kind: PathKind.Link }; // Of a link the link alone goes.
        if (!isLink && HubMark.Foreign(folder) is [var foreign, ..] all)
            throw MarrowException.Conflict(
                folder,
                "the files of a checkpoint",
                $"{foreign}{(all.Count > 1 ? $" and {all.Count - 1} more" : "")} that no checkpoint has",
                "Move what is yours elsewhere; nothing was deleted.");
        var place = Path.Combine(OwnFolder(hub, TrashFolder), Guid.NewGuid().ToString("N"));
        Directory.Move(folder, place);
        return place;
    }

    /// <summary>
    /// Deletes a folder. What can't be deleted remains for the next <see cref="Sweep"/> and is not listed. For a link
    /// only the link is deleted.
    /// </summary>
    public static void TryDelete(string folder) => Leftovers.Delete(new DirectoryInfo(folder));

    /// <summary>
    /// A folder of the hub's own (".incoming", a name), made where it is absent. Throws <see cref="MarrowException"/>
    /// where a link lies at its place, or anything else.
    /// </summary>
    public static string OwnFolder(string hub, params ReadOnlySpan<string> names)
    {
        var at = hub;
        foreach (var name in names)
        {
            at = Path.Combine(at, name);
            try
            {
                if (Posix.Status(at) is null)
                    Disk.MakeFolder(at);
                if (Posix.Status(at) is not { IsFolder: true } and var status)
                {
                    throw MarrowException.Conflict(
                        at,
                        "a folder of the hub's own",
                        status?.Kind switch
                        {
                            PathKind.Link => "a link",
                            null => "nothing any more",
                            _ => "a file",
                        },
                        "Remove it, and see who put it there: what Marrow would do there would be done elsewhere.");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MarrowException($"{at}: can't be made ({e.Message}). {Disk.Remedy(e)}", e);
            }
        }
        return at;
    }

    /// <summary>
    /// Deletes what was left behind: all trash, and staging folders of dead processes, or in which nothing was written
    /// for a day. Only in a hub, only names that this class gave, and through no link. A hub that can't be written
    /// stays as it is.
    /// </summary>
    public static void Sweep(string hub)
    {
        if (!HubMark.IsHub(hub))
            return;
        foreach (var folder in OwnNames(Path.Combine(hub, TrashFolder)))
            TryDelete(folder);
        // Early versions staged in the name's folder, later ones under a bare GUID.
        var ofEarlyVersions = FoldersIn(hub).Where(home => CheckpointName.IsValid(Path.GetFileName(home)))
            .SelectMany(FoldersIn)
            .Where(folder => EarlyStaging().IsMatch(Path.GetFileName(folder)) && HubMark.Foreign(folder).Count == 0);
        foreach (
            var folder in OwnNames(Path.Combine(hub, IncomingFolder))
                .Concat(ofEarlyVersions)
                .Where(folder => Leftovers.IsOld(new DirectoryInfo(folder))))
            TryDelete(folder);
        Leftovers.Sweep(hub);
        if (Posix.Status(Path.Combine(hub, IncomingFolder)) is { IsFolder: true })
            Leftovers.Sweep(Path.Combine(hub, IncomingFolder));
    }

    /// <summary>Returns the folders inside a folder, without links; none when the folder itself is a link.</summary>
    internal static IEnumerable<string> FoldersIn(string folder)
    {
        try
        {
            return
            [
                .. new DirectoryInfo(folder)
                    .EnumerateDirectories()
                    .Select(f => f.FullName)
                    .Where(path => Posix.Status(path) is { IsFolder: true }),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Not there, or gone meanwhile.
        }
    }

    /// <summary>Returns true when everything in a folder, if anything, has names that this class gives.</summary>
    internal static bool HoldsOwnNamesOnly(string folder) =>
        Directory
            .EnumerateFileSystemEntries(folder)
            .Select(Path.GetFileName)
            .All(name => OwnName().IsMatch(name!) || Leftovers.IsOne(name!));

    private static IEnumerable<string> OwnNames(string folder) =>
        Posix.Status(folder) is { IsFolder: true }
            ? FoldersIn(folder).Where(path => OwnName().IsMatch(Path.GetFileName(path)))
            : [];

    private static bool IsWhole(string folder)
    {
        try
        {
            CheckpointManifest.Read(folder).VerifyFiles(folder);
            return true;
        }
        catch (MarrowException)
        {
            return false;
        }
    }

    /// <summary>Matches a random GUID without hyphens: version 4, variant 1 (RFC 9562, section 5.4).</summary>
    [GeneratedRegex("^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$", RegexOptions.CultureInvariant)]
    private static partial Regex OwnName();

    /// <summary>Matches the names of staging folders of early versions, .PROCESS.THREAD.tmp.</summary>
    [GeneratedRegex(@"^\.[0-9]{1,10}\.[0-9]{1,10}\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex EarlyStaging();
}
