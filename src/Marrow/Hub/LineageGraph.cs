namespace Marrow.Hub;

/// <summary>
/// The ancestors of a checkpoint and, on request, its descendants, as far as the hub holds them. Digests can't form a
/// circle, but a manifest may be forged: links that lead back are left out, and depth and size are limited.
/// </summary>
public sealed class LineageGraph
{
    internal LineageGraph(
        string root, IReadOnlyList<LineageItem> items, IReadOnlyList<LineageLink> links, bool isComplete) =>
        (Root, Items, Links, IsComplete) = (root, items, links, isComplete);

    /// <summary>The id of the checkpoint for which the graph was made.</summary>
    public string Root { get; }

    /// <summary>All items. The root comes first, and each later item is linked to an earlier one.</summary>
    public IReadOnlyList<LineageItem> Items { get; }

    /// <summary>All links between the items.</summary>
    public IReadOnlyList<LineageLink> Links { get; }

    /// <summary>False when items were left out because of the limits on depth and size.</summary>
    public bool IsComplete { get; }

    /// <summary>
    /// Builds the graph of a checkpoint. Throws <see cref="MarrowException"/> as <see cref="LocalHub.Find"/> does.
    /// </summary>
    /// <param name="descendants">True to add the checkpoints of the hub that were made from this one.</param>
    public static LineageGraph Of(LocalHub hub, string reference, bool descendants = false)
    {
        var root = hub.Find(reference);
        var entries = new Lazy<List<HubEntry>>(() => [.. hub.List().Where(e => e.Problem is null)]);
        var folders = new Lazy<Dictionary<string, string>>(() =>
            entries.Value.DistinctBy(e => e.Digest).ToDictionary(e => e.Digest.ToString(), e => e.Folder));
        var builder = new LineageBuilder(digest =>
            folders.Value.TryGetValue(digest, out var folder) ? LineageSource.TryRead(folder) : null);
        builder.AddAncestors(LineageSource.Read(root.Folder));
        if (descendants)
            builder.AddDescendants(root.Digest, Descendants(entries.Value, root.Digest));
        return builder.Build(root.Digest);
    }

    /// <summary>
    /// Returns children, their children and so on, since not every manifest names more than its parents.
    /// </summary>
    private static IEnumerable<string> Descendants(IReadOnlyList<HubEntry> entries, string root)
    {
        var children = entries
            .SelectMany(e => e.AncestorDigests.Select(parent => (parent, Child: e.Digest.ToString())))
            .ToLookup(p => p.parent, p => p.Child);
        var (found, open) = (new HashSet<string>(StringComparer.Ordinal) { root }, new Queue<string>([root]));
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in children[parent].Where(found.Add))
                open.Enqueue(child);
        }
        return found.Where(digest => digest != root);
    }

    /// <summary>The item with this id.</summary>
    public LineageItem this[string id] => Items.First(i => i.Id == id);
}
