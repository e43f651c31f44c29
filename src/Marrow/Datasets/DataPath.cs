namespace Marrow.Datasets;

/// <summary>
/// Paths that a recipe or a checkpoint's manifest names stay below the data set's folder, whatever links lie in it:
/// such a file comes from somebody else as often as not, and must not open what it likes. What the user names on the
/// command line is the user's to say.
/// </summary>
internal static class DataPath
{
    private const int MostLinks = 40; // as Linux follows

    /// <summary>
    /// Returns the path of the table that an option names. Throws <see cref="MarrowException"/> when it is outside the
    /// data set's folder.
    /// </summary>
    public static string OfOption(DatasetRequest request, string option, string value) =>
        request.Options.NamedByUser.Contains(option)
            ? Path.Combine(request.Root, value)
            : Below(request.Root, value, $"{request.Name}: option {option}");

    /// <summary>
    /// Returns a file or folder below the root. Throws <see cref="MarrowException"/> when the path, or a link on it,
    /// leaves the root.
    /// </summary>
    /// <param name="what">Where the path was given, for the error message.</param>
    public static string Below(string root, string relative, string what)
    {
        var id = Plain(relative);
        if (!ImageList.IsSafe(id))
            throw MarrowException.Bad(
                what,
                "a path below the data set's folder",
                SomeText.Quote(relative),
                "Absolute paths and \"..\" are refused: copy the file into the folder, or give the folder that it is "
                    + "in."
            );
        var path = Path.Combine(root, id);
        return LeavingLink(root, id) is null ? path
            : throw MarrowException.Bad(
                path,
                "a file of the data set's folder",
                "a link that leads out of it",
                "Copy what it leads to into the folder, or give the folder that it is in.");
    }

    /// <summary>Returns a path with forward slashes, without "./" at its start and "/" at its end.</summary>
    public static string Plain(string path)
    {
        var plain = path.Replace('\\', '/').TrimEnd('/');
        while (plain.StartsWith("./", StringComparison.Ordinal))
            plain = plain[2..];
        return plain;
    }

    /// <summary>
    /// Returns the shortest beginning of a path below the root that leaves it by a link; null when the whole path stays
    /// inside.
    /// </summary>
    public static string? LeavingLink(string root, string id)
    {
        var real = Real(root);
        var parts = id.Split('/');
        for (var n = 1; n <= parts.Length; n++)
        {
            var path = Real(Path.Combine([root, .. parts[..n]]));
            if (
                path is null
                || !path.StartsWith(real + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                    && path != real
                    && real != Path.GetPathRoot(real))
                return string.Join('/', parts[..n]);
        }
        return null;
    }

    /// <summary>Returns the path with all links resolved; null when they form a circle.</summary>
    private static string? Real(string path)
    {
        var left = new Stack<string>(
            Path.GetFullPath(path).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        var start = Path.GetPathRoot(Path.GetFullPath(path))!;
        var current = start;
        if (start.Length > 1)
            left.TryPop(out _); // "C:"
        for (var links = 0; left.TryPop(out var part);)
        {
            if (part == ".")
                continue;
            if (part == "..")
            {
                current = Path.GetDirectoryName(current) ?? current;
                continue;
            }
            var next = Path.Combine(current, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }
            if (++links > MostLinks)
                return null;
            if (Path.IsPathRooted(target))
                current = start;
            foreach (
                var step in target.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
                left.Push(step);
        }
        return Path.TrimEndingDirectorySeparator(current);
    }
}
