namespace Marrow;

/// <summary>
/// Keeps a folder of a cache within a bound: the files that were used longest ago go. When a file was used stands in
/// its time of access, which Marrow sets itself, since many systems do not. Only plain files of this user go, of the
/// names that the cache gives: 32 digits and a known ending.
/// </summary>
internal static class CacheBound
{
    private const int Digits = 32;

    /// <summary>The file counts as used now. One that is gone, or not ours to change, stays as it is.</summary>
    public static void Touch(string path)
    {
        try
        {
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It then goes earlier than it might.
        }
    }

    /// <summary>
    /// Deletes files until those of this ending take at most <paramref name="limitBytes"/> together, or none is left
    /// that may go. What can't be looked at or deleted stays: another process does the same, and there is a next time.
    /// </summary>
    /// <param name="isSpared">Path and when it was used (UTC) -> it stays, and counts.</param>
    public static void Trim(string folder, string ending, long limitBytes, Func<string, DateTime, bool> isSpared)
    {
        var files = Files(folder, ending);
        var total = files.Sum(f => f.Bytes);
        foreach (var file in files.OrderBy(f => f.Used))
        {
            if (total <= limitBytes)
                return;
            if (isSpared(file.Path, file.Used))
                continue;
            Leftovers.Delete(new FileInfo(file.Path));
            if (!File.Exists(file.Path))
                total -= file.Bytes;
        }
    }

    private static List<(string Path, long Bytes, DateTime Used)> Files(string folder, string ending)
    {
        var files = new List<(string Path, long Bytes, DateTime Used)>();
        try
        {
            foreach (var file in new DirectoryInfo(Path.GetFullPath(folder)).EnumerateFiles("*" + ending))
            {
                if (Look(file, ending) is { } found)
                    files.Add(found);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What was seen until then is enough.
        }
        return files;
    }

    /// <summary>Null for what is not ours, or gone since it was listed.</summary>
    private static (string Path, long Bytes, DateTime Used)? Look(FileInfo file, string ending)
    {
        try
        {
            return IsOurs(file, ending) ? (file.FullName, file.Length, file.LastAccessTimeUtc) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsOurs(FileInfo file, string ending) =>
        file.Name.Length == Digits + ending.Length && file.Name.EndsWith(ending, StringComparison.Ordinal)
        && !file.Name.AsSpan(0, Digits).ContainsAnyExcept("0123456789abcdef")
        && Posix.Status(file.FullName) is { Kind: PathKind.File } status && status.Owner == Posix.User;
}
