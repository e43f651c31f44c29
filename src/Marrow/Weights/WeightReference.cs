namespace Marrow.Weights;

/// <summary>
/// How a recipe or a command names weights that are no checkpoint: the path of a file, of an index or of a folder with
/// weights, and behind a "#" the part of it that is meant: "last.ckpt#ema".
/// </summary>
/// <param name="Part">The part; null when none is named.</param>
internal sealed record WeightReference(string Path, string? Part)
{
    public const char PartMark = '#';

    /// <summary>Returns the reference when there is such a file or folder; otherwise null.</summary>
    public static WeightReference? Find(string reference) => Readings(reference).FirstOrDefault(r => IsThere(r.Path));

    /// <summary>
    /// Returns what a text may mean: first all of it as a path, since names of files may have a "#", then a path and a
    /// part behind the last one.
    /// </summary>
    public static IEnumerable<WeightReference> Readings(string reference)
    {
        yield return new(reference, null);
        var mark = reference.LastIndexOf(PartMark);
        if (mark > 0 && mark < reference.Length - 1)
            yield return new(reference[..mark], reference[(mark + 1)..]);
    }

    /// <summary>
    /// Returns true for a file, for a folder in which weights are found, and for a link to what is not there: opening
    /// it says what it is a link to.
    /// </summary>
    private static bool IsThere(string path) =>
        File.Exists(path)
        || (Directory.Exists(path) ? WeightFolder.Find(path) is not null : TextKinds.BrokenLink(path) is not null);
}
