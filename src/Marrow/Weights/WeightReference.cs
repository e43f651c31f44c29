namespace Marrow.Weights;

/// <summary>
/// How a recipe or a command names weights that are no checkpoint: the path of a file, of an index or of a folder with
/// an index, and behind a "#" the part of it that is meant: "last.ckpt#ema".
/// </summary>
/// <param name="Part">The part; null when none is named.</param>
internal sealed record WeightReference(string Path, string? Part)
{
    public const char PartMark = '#';

    /// <summary>Returns the reference when there is such a file or folder; otherwise null.</summary>
    public static WeightReference? Find(string reference)
    {
        if (IsThere(reference))
            return new(reference, null);
        var mark = reference.LastIndexOf(PartMark);
        return mark > 0 && mark < reference.Length - 1 && IsThere(reference[..mark])
            ? new(reference[..mark], reference[(mark + 1)..])
            : null;
    }

    /// <summary>
    /// A link to what is not there counts as a file: opening it says what it is a link to. A folder counts when it has
    /// an index, and no other file of weights.
    /// </summary>
    private static bool IsThere(string path) =>
        File.Exists(path)
        || (Directory.Exists(path) ? ShardIndex.In(path) is not null : TextKinds.BrokenLink(path) is not null);
}
