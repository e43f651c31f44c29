namespace Marrow.Checkpoints;

/// <summary>
/// What must be safe with many processes at once in a hub's folder: checkpoints come in from a staging folder and go out
/// to the trash, each by one rename under the folder's lock, so that nobody sees half of one. A name's folder is made and
/// removed under the same lock. Names that begin with a dot are never listed.
/// </summary>
internal static class HubDisk
{
    public const string IncomingFolder = ".incoming", TrashFolder = ".trash";
    private const string NoSpace = "Check the folder's permissions and the free disk space.";

    // An owner may be a process of another machine, so that only time tells that it is gone.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    /// <summary>A new empty folder on the hub's own disk, to collect the files of one checkpoint in.</summary>
    public static string Stage(string hub)
    {
        var staged = Path.Combine(hub, IncomingFolder, Guid.NewGuid().ToString("N"));
        try
        {
            return Directory.CreateDirectory(staged).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{staged}: can't be made ({e.Message}). {NoSpace}", e);
        }
    }

    /// <summary>
    /// Moves a staged folder to <c>hub/name/digest</c>, which it returns. A whole checkpoint that is there stays as it is;
    /// a damaged one gives way, or else fetching it again would not mend it.
    /// </summary>
    public static string Place(string staged, string hub, CheckpointManifest manifest)
    {
        var final = Path.Combine(hub, manifest.Name, manifest.Hex);
        var isDamaged = Directory.Exists(final) && !IsWhole(final);
        string? removed = null;
        try
        {
            using (FolderLock.Take(hub))
            {
                if (isDamaged && Directory.Exists(final))
                    removed = MoveToTrash(hub, final);
                Directory.CreateDirectory(Path.Combine(hub, manifest.Name));
                if (!Directory.Exists(final))
                    Directory.Move(staged, final);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{final}: can't be written ({e.Message}). {NoSpace}", e);
        }
        TryDelete(staged);
        if (removed is not null)
            TryDelete(removed);
        return final;
    }

    /// <summary>Loads what was in its place a moment ago; where another process has removed it since, the error says so.</summary>
    public static Checkpoint Load(string folder)
    {
        try
        {
            return Checkpoint.Load(folder);
        }
        catch (MarrowException e) when (!Directory.Exists(folder))
        {
            throw new MarrowException($"{folder}: expected the checkpoint that was there, found none any more. Another process has removed it: save or fetch it again.", e);
        }
    }

    /// <summary>Renames a folder into the trash and returns where it is now. The caller holds the hub's lock.</summary>
    public static string MoveToTrash(string hub, string folder)
    {
        var trash = Path.Combine(hub, TrashFolder);
        Directory.CreateDirectory(trash);
        var place = Path.Combine(trash, Guid.NewGuid().ToString("N"));
        Directory.Move(folder, place);
        return place;
    }

    /// <summary>What can't be deleted stays for the next <see cref="Sweep"/>: nothing lists it.</summary>
    public static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Open elsewhere, on Windows; or another process deletes it too.
        }
    }

    /// <summary>
    /// Deletes what was left behind: all trash, and staging folders in which nothing was written for a day. A hub that
    /// can't be written stays as it is.
    /// </summary>
    public static void Sweep(string hub)
    {
        foreach (var folder in Below(Path.Combine(hub, TrashFolder)))
            TryDelete(folder);
        // Early versions staged in the name's folder.
        var ofEarlyVersions = Below(hub).Where(home => CheckpointName.IsValid(Path.GetFileName(home)))
            .SelectMany(home => Below(home).Where(f => Path.GetFileName(f) is ['.', .., '.', 't', 'm', 'p']));
        foreach (var folder in Below(Path.Combine(hub, IncomingFolder)).Concat(ofEarlyVersions).Where(IsOld))
            TryDelete(folder);
    }

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

    private static bool IsOld(string folder)
    {
        try
        {
            var newest = new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Select(f => f.LastWriteTimeUtc)
                .Append(Directory.GetLastWriteTimeUtc(folder)).Max();
            return newest < DateTime.UtcNow - LeftoverAge;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // Moved or deleted while it was looked at.
        }
    }

    private static string[] Below(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
