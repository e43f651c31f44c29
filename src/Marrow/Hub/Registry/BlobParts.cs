using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>
/// Blobs on their way into a hub: <c>.incoming/blobs/DIGITS.part</c>, kept after a cut or a kill so that the next pull goes
/// on there. Whoever works on one holds it open for itself alone; opening and taking away happen under the lock of the
/// folder, so that nobody works on a file that another has just taken.
/// </summary>
internal sealed class BlobParts(string hubFolder)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // On Unix only None locks; on Windows only Delete lets an open file be renamed.
    private static readonly FileShare Alone = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;

    private readonly string _folder = Path.Combine(hubFolder, HubDisk.IncomingFolder, "blobs");

    /// <summary>The part of a blob, new or kept, for the caller alone; waits for other processes and threads.</summary>
    public async Task<FileStream> OpenAsync(string hex, CancellationToken cancellation)
    {
        while (true)
        {
            if (TryOpen(hex) is { } part)
                return part;
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Moves a finished part to its file. False when another process has taken it meanwhile or works on it.</summary>
    public bool TryTake(string hex, long bytes, string target)
    {
        try
        {
            using var turn = FolderLock.Take(_folder);
            if (!File.Exists(PathOf(hex)))
                return false;
            using var part = InputFile.OpenOrCreate(PathOf(hex), Alone, 1);
            if (part.Length != bytes)
                return false;
            File.Move(PathOf(hex), target);
            return true;
        }
        catch (IOException) when (File.Exists(PathOf(hex)))
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{target}: can't be written ({e.Message}). Check the hub's permissions and the free disk space.", e);
        }
    }

    /// <summary>Throws unless the hub's disk has room for so many bytes more.</summary>
    public void RequireRoom(IEnumerable<ArtifactLayer> layers)
    {
        var needed = layers.Sum(layer => Math.Max(0, layer.Bytes - (new FileInfo(PathOf(layer.Hex)) is { Exists: true, Length: var kept } ? kept : 0)));
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
            throw MarrowException.Bad(hubFolder, $"{needed} bytes of free disk space", $"{free}", "Make room, or name a hub on another disk with --hub.");
    }

    private FileStream? TryOpen(string hex)
    {
        try
        {
            using var turn = FolderLock.Take(_folder);
            return InputFile.OpenOrCreate(PathOf(hex), Alone, 1);
        }
        catch (IOException) when (File.Exists(PathOf(hex)))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{PathOf(hex)}: can't be written ({e.Message}). Check the hub's permissions and the free disk space.", e);
        }
    }

    private string PathOf(string hex) => Path.Combine(_folder, $"{hex}.part");
}
