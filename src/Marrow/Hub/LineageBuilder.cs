using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>
/// What a lineage takes from a checkpoint's folder; every byte of it is checked, the weights are not looked at.
/// </summary>
/// <param name="ReceiptSource">The digest of the checkpoint from which it was warm-started.</param>
internal sealed record LineageSource(
    CheckpointManifest Manifest,
    MeasuredValue? MainMetric = null,
    string? ReceiptSource = null,
    double? Coverage = null)
{
    private sealed record ReceiptHead(string SourceDigest, double BackboneCoverage);

    public static LineageSource Read(string folder)
    {
        var manifest = CheckpointManifest.Read(folder);
        var metrics = manifest.ReadListed<List<MeasuredValue>>(folder, Checkpoint.MetricsFile) ?? [];
        var receipt = manifest.ReadListed<ReceiptHead>(folder, Checkpoint.ReceiptFile);
        return new(manifest, MeasuredValue.MainOf(metrics), receipt?.SourceDigest, receipt?.BackboneCoverage);
    }

    /// <summary>Reads the folder of a checkpoint; null when the checkpoint is damaged.</summary>
    public static LineageSource? TryRead(string folder)
    {
        try
        {
            return Read(folder);
        }
        catch (MarrowException)
        {
            return null;
        }
    }
}

/// <summary>Collects the items and links of a lineage, given where to find a digest's checkpoint.</summary>
internal sealed class LineageBuilder(Func<string, LineageSource?> find)
{
    public const int MostGenerations = 64,
        MostItems = 2000,
        MostLinks = 4 * MostItems; // far over any real lineage, and still drawn within seconds

    private readonly Dictionary<string, LineageItem> _items = [];
    private readonly List<LineageLink> _links = [];
    private readonly HashSet<(string Parent, string Child, string Role)> _linked = [];
    private bool _isComplete = true;

    public LineageGraph Build(string root) => new(root, [.. _items.Values], _links, _isComplete);

    public void AddAncestors(LineageSource root)
    {
        Add(Describe(root));
        Ancestors(root, [root.Manifest.Digest]);
    }

    /// <param name="digests">
    /// The digests of all descendants, in any order. One that is already among the ancestors stays there and is not
    /// added again.
    /// </param>
    public void AddDescendants(string root, IEnumerable<string> digests)
    {
        var near = new HashSet<string>(StringComparer.Ordinal) { root };
        var left = digests
            .Distinct()
            .Where(d => !_items.ContainsKey(d))
            .Take(MostItems)
            .Select(find)
            .OfType<LineageSource>()
            .ToDictionary(s => s.Manifest.Digest.ToString(), StringComparer.Ordinal);
        // Each after its parents; what is in a circle never gets its turn.
        while (
            left.Values.FirstOrDefault(s => Near(s).All(p => !left.ContainsKey(p.Digest))) is { } next
            && Add(Describe(next)))
        {
            var id = next.Manifest.Digest;
            var parents = Near(next).ToList();
            foreach (var parent in parents)
                Link(new(parent.Digest, id, parent.Role, CoverageFrom(next, parent)) { Worth = parent.Worth });
            if (parents.Count == 0)
                Link(new(root, id, "further back"));
            near.Add(id);
            left.Remove(id);
        }
        _isComplete &= left.Count == 0;

        IEnumerable<ParentCheckpoint> Near(LineageSource source) =>
            source.Manifest.Parents.Checkpoints.Where(p => near.Contains(p.Digest) || left.ContainsKey(p.Digest));
    }

    private void Ancestors(LineageSource child, List<string> way)
    {
        var (parents, id) = (child.Manifest.Parents, child.Manifest.Digest);
        foreach (var data in parents.Datasets)
        {
            var item = new LineageItem(
                DataId(data.Name, data.FilesDigest, data.License),
                LineageKind.Dataset,
                data.Name,
                data.FilesDigest,
                data.License)
            {
                Version = data.Version,
            };
            if (Add(item))
                Link(
                    new(
                        item.Id,
                        id,
                        data.Role == ParentDataset.Unlabeled ? ParentDataset.Unlabeled : LineageLink.TrainedOn,
                        samples: data.Samples));
        }
        if (parents.Imported is { } file)
        {
            var item = new LineageItem(
                FileId(file.Digest),
                LineageKind.ImportedFile,
                file.Name,
                file.Digest,
                file.License);
            if (Add(item))
                Link(new(item.Id, id, "imported from"));
        }
        string? absent = null;
        foreach (var parent in parents.Checkpoints)
        {
            if (way.Contains(parent.Digest) || way.Count > MostGenerations)
            {
                _isComplete = false;
                continue;
            }
            var isNew = !_items.ContainsKey(parent.Digest);
            var source = isNew ? find(parent.Digest) : null;
            if (
                !Add(
                    source is null
                        ? new(parent.Digest, LineageKind.Checkpoint, parent.Name, parent.Digest, parent.License)
                        : Describe(source)))
                continue;
            Link(new(parent.Digest, id, parent.Role, CoverageFrom(child, parent)) { Worth = parent.Worth });
            if (source is not null)
                Ancestors(source, [.. way, parent.Digest]);
            else if (isNew)
                absent ??= parent.Digest;
        }
        if (absent is not null)
            FurtherBack(parents, absent);
    }

    /// <summary>
    /// Attaches what the parents inherited to the first parent that the hub lacks. Only that parent's manifest would
    /// tell the true links.
    /// </summary>
    private void FurtherBack(CheckpointParents parents, string absent)
    {
        foreach (var ancestor in parents.Inherited.Where(a => a.Digest != absent))
        {
            var id = ancestor.Kind switch
            {
                LineageKind.ImportedFile => FileId(ancestor.Digest),
                LineageKind.Checkpoint when ancestor.Digest.Length > 0 => ancestor.Digest,
                _ => DataId(ancestor.Name, ancestor.Digest, ancestor.License),
            };
            if (ancestor.Kind != LineageKind.Dataset && _items.ContainsKey(id))
                continue;
            if (Add(new(id, ancestor.Kind, ancestor.Name, ancestor.Digest, ancestor.License)))
                Link(new(id, absent, "further back"));
        }
    }

    private static LineageItem Describe(LineageSource source) =>
        new(
            source.Manifest.Digest,
            LineageKind.Checkpoint,
            source.Manifest.Name,
            source.Manifest.Digest,
            source.Manifest.License)
        {
            IsInHub = true,
            Created = source.Manifest.Created,
            MainMetric = source.MainMetric,
            Training = source.Manifest.Origin?.Training,
        };

    /// <summary>
    /// Returns the share of weights that came by a warm start. Giving labels or crops does not count as giving weights.
    /// </summary>
    private static double? CoverageFrom(LineageSource child, ParentCheckpoint parent) =>
        child.ReceiptSource == parent.Digest && !ParentCheckpoint.RolesWithoutWeights.Contains(parent.Role)
            ? child.Coverage
            : null;

    /// <summary>Adds an item. Returns false when the graph has reached its largest size.</summary>
    private bool Add(LineageItem item)
    {
        if (_items.ContainsKey(item.Id))
            return true;
        if (_items.Count >= MostItems)
            return _isComplete = false;
        _items.Add(item.Id, item);
        return true;
    }

    private void Link(LineageLink link)
    {
        if (_links.Count >= MostLinks)
            _isComplete = false;
        else if (link.Parent != link.Child && _linked.Add((link.Parent, link.Child, link.Role)))
            _links.Add(link);
    }

    private static string FileId(string digest) => $"file:{digest}";

    private static string DataId(string name, string digest, string license) => $"data:{name}:{digest}:{license}";
}
