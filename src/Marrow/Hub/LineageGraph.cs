namespace Marrow.Hub;

/// <summary>
/// What a checkpoint came from and, on demand, what was made from it: the manifests' parents, followed as far as the
/// hub holds them. Digests can't form a circle, but manifests are not trusted to keep to that: a link back is left out,
/// and depth and size are bounded.
/// </summary>
public sealed class LineageGraph
{
    internal LineageGraph(
        string root, IReadOnlyList<LineageItem> items, IReadOnlyList<LineageLink> links, bool isComplete) =>
        (Root, Items, Links, IsComplete) = (root, items, links, isComplete);

    /// <summary>Id of the checkpoint that was asked for.</summary>
    public string Root { get; }

    /// <summary>The root first; each after one that it is linked to.</summary>
    public IReadOnlyList<LineageItem> Items { get; }

    public IReadOnlyList<LineageLink> Links { get; }

    /// <summary>False when something was left out at the bounds.</summary>
    public bool IsComplete { get; }

    /// <summary>Throws <see cref="MarrowException"/> as <see cref="LocalHub.Find"/> does.</summary>
    /// <param name="descendants">Add the hub's checkpoints that came from it.</param>
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

    /// <summary>Children, their children and so on: not every manifest tells more than its parents.</summary>
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

    public LineageItem this[string id] => Items.First(i => i.Id == id);
}
