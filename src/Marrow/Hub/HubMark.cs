using System.Text;
using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>
/// How a hub is known from any other folder: by a file <c>.marrow-hub</c>, which it gets with the first checkpoint that
/// is placed or removed. Hubs that are older are known by what only a hub has: a checkpoint that its manifest proves,
/// in the folder of its name and digest; or nothing at all but the lock and the folders of a hub, and in them only
/// names that a hub gives. In anything else Marrow deletes nothing.
/// </summary>
internal static class HubMark
{
    public const string FileName = ".marrow-hub";
    private const string FirstLine = "A hub of Marrow checkpoints, version 1.";
    private const int MaxBytes = 4096;

    /// <summary>
    /// The names of the files that Marrow writes into a checkpoint. A manifest may list others as well.
    /// </summary>
    internal static readonly string[] KnownFiles =
    [
        CheckpointManifest.FileName,
        Checkpoint.WeightsFile,
        Checkpoint.ConfigFile,
        Checkpoint.CardFile,
        Checkpoint.ReceiptFile,
        Checkpoint.MetricsFile,
        Checkpoint.GoldenFile,
        Checkpoint.SplitFile,
    ];

    private static readonly string[] OwnFolders = [HubDisk.IncomingFolder, HubDisk.TrashFolder];

    /// <summary>Returns true when Marrow may clean up in this folder.</summary>
    public static bool IsHub(string folder) =>
        IsMarked(folder) || Checkpoints(folder).Any(IsProven) || IsEmptiedHub(folder);

    /// <summary>
    /// Returns true for a hub, and also for a folder of checkpoints none of which can be read any more. Such a folder
    /// can be verified but must not be cleaned up.
    /// </summary>
    public static bool LooksLikeHub(string folder) =>
        IsHub(folder) || Checkpoints(folder).Any(home => KnownFiles.Any(file => File.Exists(Path.Combine(home, file))));

    /// <summary>Marks a folder as a hub. The caller holds the hub's lock.</summary>
    public static void Give(string hub)
    {
        if (!IsMarked(hub))
        {
            AtomicFile.Write(Path.Combine(hub, FileName), stream =>
                stream.Write(
                    Encoding.UTF8.GetBytes(
                        $"{FirstLine}\nMarrow keeps its order here by .lock, .incoming and .trash. Keep this file: by "
                            + $"it the hub is known.\n"
                    )));
        }
    }

    /// <summary>
    /// Returns the names in a checkpoint's folder that neither Marrow nor its manifest gave. These files do not belong
    /// to the checkpoint and would be lost with it.
    /// </summary>
    public static IReadOnlyList<string> Foreign(string checkpoint)
    {
        var known = KnownFiles.ToHashSet(StringComparer.Ordinal);
        try
        {
            known.UnionWith(CheckpointManifest.Read(checkpoint).Files.Select(f => f.Path));
        }
        catch (MarrowException)
        {
            // Damaged: what Marrow itself writes is known without it.
        }
        return
        [
            .. new DirectoryInfo(checkpoint)
                .EnumerateFileSystemInfos()
                .Where(entry =>
                    entry is DirectoryInfo && Posix.Status(entry.FullName) is { IsFolder: true }
                    || !known.Contains(entry.Name) && !IsDebris(entry.Name))
                .Select(entry => entry.Name)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Returns true for files that file managers and network file systems create by themselves, and for what an
    /// interrupted writer of Marrow left.
    /// </summary>
    private static bool IsDebris(string name) =>
        name is ".DS_Store" or "Thumbs.db" or "desktop.ini"
        || name.StartsWith(".nfs", StringComparison.Ordinal)
        || name.StartsWith("._", StringComparison.Ordinal)
        || Leftovers.IsOne(name);

    private static bool IsMarked(string folder)
    {
        try
        {
            var path = Path.Combine(folder, FileName);
            return Posix.Status(path) is { Kind: PathKind.File }
                && InputFile.ReadAllText(path, MaxBytes).StartsWith(FirstLine, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is MarrowException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Returns the folders NAME/DIGEST that lie where checkpoints do, without following links.</summary>
    private static IEnumerable<string> Checkpoints(string hub) =>
        HubDisk
            .FoldersIn(hub)
            .Where(home => CheckpointName.IsValid(Path.GetFileName(home)))
            .SelectMany(HubDisk.FoldersIn)
            .Where(folder => Digest.IsHex(Path.GetFileName(folder)));

    private static bool IsProven(string folder)
    {
        try
        {
            var manifest = Posix.Status(Path.Combine(folder, CheckpointManifest.FileName)) is { Kind: PathKind.File }
                ? CheckpointManifest.Read(folder)
                : null;
            return manifest is not null
                && manifest.Digest.Hex == Path.GetFileName(folder)
                && manifest.Name == Path.GetFileName(Path.GetDirectoryName(folder));
        }
        catch (Exception e) when (e is MarrowException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsEmptiedHub(string folder)
    {
        try
        {
            var entries = new DirectoryInfo(folder).EnumerateFileSystemInfos().ToList();
            return entries.Count > 0
                && entries.All(entry =>
                    Posix.Status(entry.FullName) switch
                    {
                        { Kind: PathKind.File } => entry.Name == FolderLock.FileName,
                        { Kind: PathKind.Folder } => OwnFolders.Contains(entry.Name)
                            && HubDisk.HoldsOwnNamesOnly(entry.FullName),
                        _ => false,
                    }
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
