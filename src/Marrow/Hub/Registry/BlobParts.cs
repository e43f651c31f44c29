namespace Marrow.Hub.Registry;

/// <summary>
/// Blobs on their way into a hub: <c>.incoming/blobs/DIGITS.part</c>, kept after a cut or a kill so that the next pull
/// goes on there. Whoever works on one holds it open for itself alone; opening and taking away happen under the lock of
/// the folder, so that nobody works on a file that another has just taken. What lies there under a part's name and is
/// no plain file is refused.
/// </summary>
internal sealed class BlobParts(string hubFolder)
{
    private const string BlobsFolder = "blobs";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Opens the part of a blob, new or kept, for the caller alone. Waits for other processes and threads.
    /// </summary>
    public async Task<FileStream> OpenAsync(string hex, CancellationToken cancellation)
    {
        while (true)
        {
            if (TryOpen(hex) is { } part)
                return part;
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Moves a finished part to its file. Returns false when another process has taken it in the meantime or is working
    /// on it.
    /// </summary>
    public bool TryTake(string hex, long bytes, string target)
    {
        try
        {
            using var turn = FolderLock.Take(Folder());
            using var part = PlainFile.TryOpen(PathOf(hex), alone: true, create: false);
            if (part?.Length != bytes)
                return false;
            File.Move(PathOf(hex), target);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{target}: can't be written ({e.Message}). {Disk.Remedy(e)}", e);
        }
    }

    /// <summary>Throws unless the hub's disk has room for this many more bytes.</summary>
    public void RequireRoom(IEnumerable<ArtifactLayer> layers)
    {
        var needed = layers.Sum(layer =>
            Math.Max(
                0,
                layer.Bytes - (new FileInfo(PathOf(layer.Hex)) is { Exists: true, Length: var kept } ? kept : 0)));
        long free;
        try
        {
            free = new DriveInfo(Path.GetFullPath(hubFolder)).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return; // A disk that does not tell is found full when it is.
        }
        if (needed > free)
            throw MarrowException.Unavailable(
                hubFolder,
                $"{needed} bytes of free disk space",
                $"{free}",
                "Make room, or name a hub on another disk with --hub.");
    }

    private FileStream? TryOpen(string hex)
    {
        try
        {
            using var turn = FolderLock.Take(Folder());
            return PlainFile.TryOpen(PathOf(hex), alone: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{PathOf(hex)}: can't be written ({e.Message}). {Disk.Remedy(e)}", e);
        }
    }

    public string PathOf(string hex) => Path.Combine(hubFolder, HubDisk.IncomingFolder, BlobsFolder, $"{hex}.part");

    private string Folder() => HubDisk.OwnFolder(hubFolder, HubDisk.IncomingFolder, BlobsFolder);
}
