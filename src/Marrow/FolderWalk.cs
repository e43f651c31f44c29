namespace Marrow;

/// <summary>What lies below a folder.</summary>
/// <param name="Files">By the name under which they are met, in the order of those names.</param>
/// <param name="Missed">Folders and links behind which nothing could be looked for, and why.</param>
internal sealed record FolderContents(IReadOnlyList<string> Files, IReadOnlyList<(string Path, string Reason)> Missed);

/// <summary>
/// All files below a folder, subfolders too, each once: links are followed, but no folder is walked twice and no file
/// given twice, whatever leads to it, and a file's own name goes before a link to it. Nothing that can't be listed is
/// left out without a word. Names that begin with a dot are no data.
/// </summary>
internal static class FolderWalk
{
    private const int MostLinks = 40; // in one path, as Linux has it

    private static readonly EnumerationOptions Everything = new()
    {
        IgnoreInaccessible = false,
        AttributesToSkip = 0,
        RecurseSubdirectories = false,
    };

    public static FolderContents Files(string folder, CancellationToken cancellation = default)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var files = new Dictionary<string, string>(StringComparer.Ordinal); // by their real paths
        var missed = new List<(string, string)>();
        var links = new Queue<string>();
        Walk(folder, RealPath(folder));
        while (links.TryDequeue(out var link))
        {
            string real;
            try
            {
                real = RealPath(link);
            }
            catch (IOException)
            {
                missed.Add((link, "a link that leads nowhere"));
                continue;
            }
            if (Directory.Exists(real))
                Walk(link, real);
            else if (File.Exists(real))
                files.TryAdd(real, link);
            else
                missed.Add((link, "a link that leads nowhere"));
        }
        return new([.. files.Values.Order(StringComparer.Ordinal)], missed);

        void Walk(string top, string realTop)
        {
            var open = new Stack<(string Path, string Real)>([(top, realTop)]);
            while (open.TryPop(out var at))
            {
                cancellation.ThrowIfCancellationRequested();
                if (!seen.Add(at.Real))
                    continue;
                foreach (var entry in List(at.Path))
                {
                    var path = Path.Combine(at.Path, entry.Name);
                    if (
                        entry.Name.StartsWith('.')
                        || (
                            OperatingSystem.IsWindows()
                            && (entry.Attributes & (FileAttributes.Hidden | FileAttributes.System)) != 0))
                        continue;
                    if (entry.LinkTarget is not null)
                        links.Enqueue(path);
                    else if (entry is DirectoryInfo)
                        open.Push((path, Path.Combine(at.Real, entry.Name)));
                    else
                        files.TryAdd(Path.Combine(at.Real, entry.Name), path);
                }
            }
        }

        List<FileSystemInfo> List(string path)
        {
            try
            {
                return
                [
                    .. new DirectoryInfo(path)
                        .EnumerateFileSystemInfos("*", Everything)
                        .OrderBy(e => e.Name, StringComparer.Ordinal),
                ];
            }
            catch (Exception e)
                when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
            {
                missed.Add((path, $"a folder that can't be read ({e.Message})"));
                return [];
            }
        }
    }

    /// <summary>
    /// The path without any link in it. Throws <see cref="IOException"/> for links that lead to each other.
    /// </summary>
    public static string RealPath(string path)
    {
        var full = Path.GetFullPath(path);
        for (var links = 0; ; links++)
        {
            if (links > MostLinks)
                throw new IOException($"{path}: links that lead to each other");
            var root = Path.GetPathRoot(full)!;
            var parts = full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
            var at = root;
            var next = (string?)null;
            for (var i = 0; i < parts.Length && next is null; i++)
            {
                var part = Path.Combine(at, parts[i]);
                if (new FileInfo(part).LinkTarget is { } target)
                    next = Path.GetFullPath(Path.Combine([target, .. parts[(i + 1)..]]), at);
                at = part;
            }
            if (next is null)
                return at;
            full = next;
        }
    }
}
