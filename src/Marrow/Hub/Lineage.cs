using Marrow.Checkpoints;

namespace Marrow.Hub;

public enum LineageItemKind
{
    Checkpoint,
    Dataset,

    /// <summary>Weights that were imported.</summary>
    ImportedFile,
}

/// <summary>A checkpoint, data set or file in a lineage.</summary>
/// <param name="Id">Unique in its graph; a checkpoint's digest.</param>
/// <param name="Digest">Of a checkpoint, of a data set's list of files, or of a file; "" when unknown.</param>
public sealed record LineageItem(string Id, LineageItemKind Kind, string Name, string Digest, string License)
{
    /// <summary>Of a checkpoint: whether the hub holds it.</summary>
    public bool IsInHub { get; init; }

    /// <summary>Of a data set; "" when unknown.</summary>
    public string Version { get; init; } = "";

    /// <summary>Of a checkpoint in the hub.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Of a checkpoint in the hub: the one number that tells most, on what was held out; null when none was measured.</summary>
    public MeasuredValue? Worth { get; init; }

    /// <summary>Of a checkpoint in the hub: what it was made with; null in early versions and for imported weights.</summary>
    public TrainingRecord? Training { get; init; }
}

/// <summary>One part that a parent had in its child; a parent with two of them has two links.</summary>
/// <param name="Role">
/// Of a checkpoint <see cref="ParentCheckpoint.Role"/>: "init", "labels", "crop". Of a data set "trained on", or
/// "unlabeled" where its images alone were used. Of a file "imported from". "further back": an ancestor through what the
/// hub lacks.
/// </param>
/// <param name="BackboneCoverage">Share (0 to 1) of the backbone's parameters that came from the parent; null when unknown or of another role.</param>
/// <param name="Samples">Of a data set: how many images were used so; 0 when unknown.</param>
public sealed record LineageLink(string Parent, string Child, string Role, double? BackboneCoverage = null, int Samples = 0)
{
    internal const string TrainedOn = "trained on";

    /// <summary>What the parent was worth to the child; null when no experiment has measured it.</summary>
    public ParentWorth? Worth { get; init; }
}

/// <summary>
/// What a checkpoint came from and, on demand, what was made from it: the manifests' parents, followed as far as the hub
/// holds them. Digests can't form a circle, but manifests are not trusted to keep to that: a link back is left out, and
/// depth and size are bounded.
/// </summary>
/// <param name="Root">Id of the checkpoint that was asked for.</param>
/// <param name="Items">The root first; each after one that it is linked to.</param>
/// <param name="IsComplete">False when something was left out at the bounds.</param>
public sealed record LineageGraph(string Root, IReadOnlyList<LineageItem> Items, IReadOnlyList<LineageLink> Links, bool IsComplete)
{
    /// <summary>Throws <see cref="MarrowException"/> as <see cref="LocalHub.Find"/> does.</summary>
    /// <param name="descendants">Add the hub's checkpoints that came from it.</param>
    public static LineageGraph Of(LocalHub hub, string reference, bool descendants = false)
    {
        var root = hub.Find(reference);
        var entries = new Lazy<List<HubEntry>>(() => [.. hub.List().Where(e => e.Problem is null)]);
        var folders = new Lazy<Dictionary<string, string>>(() => entries.Value.DistinctBy(e => e.Digest).ToDictionary(e => e.Digest, e => e.Folder));
        var builder = new LineageBuilder(digest => folders.Value.TryGetValue(digest, out var folder) ? LineageSource.TryRead(folder) : null);
        builder.AddAncestors(LineageSource.Read(root.Folder));
        if (descendants)
            builder.AddDescendants(root.Digest, Descendants(entries.Value, root.Digest));
        return builder.Build(root.Digest);
    }

    /// <summary>Children, their children and so on: not every manifest tells more than its parents.</summary>
    private static IEnumerable<string> Descendants(IReadOnlyList<HubEntry> entries, string root)
    {
        var children = entries.SelectMany(e => e.AncestorDigests.Select(parent => (parent, e.Digest))).ToLookup(p => p.parent, p => p.Digest);
        var (found, open) = (new HashSet<string>(StringComparer.Ordinal) { root }, new Queue<string>([root]));
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in children[parent].Where(found.Add))
                open.Enqueue(child);
        }
        return found.Where(digest => digest != root);
    }

    public LineageItem this[string id] => Items.First(i => i.Id == id);

    /// <summary>The links to what an item came from.</summary>
    public IEnumerable<LineageLink> ParentsOf(string id) => Links.Where(l => l.Child == id);

    /// <summary>The same by parent, each with all its parts.</summary>
    internal IEnumerable<IReadOnlyList<LineageLink>> ParentParts(string id) => ParentsOf(id).GroupBy(l => l.Parent).Select(parts => parts.ToList());

    /// <summary>The links to what was made from an item, by child.</summary>
    internal IEnumerable<IReadOnlyList<LineageLink>> ChildParts(string id) => ChildrenOf(id).GroupBy(l => l.Child).Select(parts => parts.ToList());

    /// <summary>The links to what was made from an item.</summary>
    public IEnumerable<LineageLink> ChildrenOf(string id) => Links.Where(l => l.Parent == id);
}
