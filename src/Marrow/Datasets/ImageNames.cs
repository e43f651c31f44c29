using System.IO.Enumeration;

namespace Marrow.Datasets;

/// <summary>
/// The images below a folder by their names alone, for tables that name them without their folder or without their
/// ending, as NIH's does. Looked up once, when the first path of a table is not found as it stands.
/// </summary>
internal sealed class ImageNames
{
    private static readonly string[] Endings = [".png", ".jpg", ".jpeg", ".jfif", ".tif", ".tiff", ".bmp", ".webp"];

    private readonly Lazy<ILookup<string, string>> _byStem, _byName, _byNameStem;

    public ImageNames(string root)
    {
        var files = new Lazy<List<string>>(() => [.. Files(root)]);
        Lazy<ILookup<string, string>> By(Func<string, string> key) =>
            new(() => files.Value.ToLookup(key, StringComparer.Ordinal));
        (_byStem, _byName, _byNameStem) = (By(WithoutEnding), By(Name), By(id => WithoutEnding(Name(id))));
    }

    /// <summary>
    /// Returns the images with this path and any ending; for a path without a folder also those with this name in any
    /// folder.
    /// </summary>
    public IReadOnlyList<string> Meant(string id) =>
        _byStem.Value[id].ToList() is { Count: > 0 } ended ? ended : id.Contains('/') ? [] : Elsewhere(id);

    /// <summary>Returns the paths of images of the same name in any folder.</summary>
    public IReadOnlyList<string> Elsewhere(string id) =>
        _byName.Value[Name(id)].ToList() is { Count: > 0 } named ? named : [.. _byNameStem.Value[Name(id)]];

    /// <summary>Returns true when a path has the ending of an image file.</summary>
    public static bool IsImage(string path) =>
        Endings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Returns all paths below the data set's folder, with forward slashes and in no particular order.
    /// </summary>
    private static IEnumerable<string> Files(string root)
    {
        var enumeration = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System, // ".thumbnails" and the like
        };
        var files = new FileSystemEnumerable<string>(
            root,
            (ref FileSystemEntry entry) => entry.ToFullPath(),
            enumeration)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                !entry.IsDirectory && IsImage(entry.FileName.ToString()),
            ShouldRecursePredicate = (ref FileSystemEntry entry) =>
                (entry.Attributes & FileAttributes.ReparsePoint) == 0, // Links make loops.
        };
        return files.Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'));
    }

    private static string Name(string id) => id[(id.LastIndexOf('/') + 1)..];

    private static string WithoutEnding(string id) => id[..^Path.GetExtension(id).Length];
}
