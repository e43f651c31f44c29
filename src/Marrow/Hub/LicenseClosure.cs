using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>
/// The terms of all that a checkpoint came from. They are taken from its own manifest, which names its parents and what
/// these inherited, and from the manifest of each ancestor that the hub holds; so a checkpoint keeps the terms of its
/// grandparents where these are not at hand, and one whose manifest leaves something out does not escape it.
/// </summary>
internal static class LicenseClosure
{
    /// <summary>
    /// Every ancestor and its terms, each once, the nearest first; none for weights alone. Manifests are read, not the
    /// hub's index.
    /// </summary>
    public static IReadOnlyList<LicensedAncestor> Ancestors(LocalHub hub, Checkpoint checkpoint) =>
        checkpoint.WeightsOnly ? [] : Ancestors(hub, CheckpointManifest.Read(checkpoint.Path));

    /// <summary>The same of a manifest.</summary>
    internal static IReadOnlyList<LicensedAncestor> Ancestors(LocalHub hub, CheckpointManifest manifest)
    {
        var (found, seen) = (
            new List<LicensedAncestor>(),
            new HashSet<string>(StringComparer.Ordinal) { manifest.Digest }
        );
        for (var open = new Queue<CheckpointManifest>([manifest]); open.TryDequeue(out var next);)
        {
            foreach (var ancestor in next.Parents.Ancestors())
            {
                found.Add(ancestor);
                if (
                    ancestor.Kind == LineageKind.Checkpoint
                    && seen.Add(ancestor.Digest)
                    && Find(ancestor.Digest) is { } parent)
                {
                    // Its own manifest is nearer to the truth than what a child says of it.
                    found.Add(new(ancestor.Kind, parent.Name, ancestor.Digest, parent.License));
                    open.Enqueue(parent);
                }
            }
        }
        return LicensedAncestor.EachOnce(found);

        CheckpointManifest? Find(string digest)
        {
            try
            {
                return
                    hub.FindDigest(digest) is { } entry
                    && CheckpointManifest.Read(entry.Folder) is var parent
                    && parent.Digest == digest
                    ? parent
                    : null;
            }
            catch (MarrowException)
            {
                return null; // Removed or damaged meanwhile: what the child says of it counts.
            }
        }
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the checkpoint may not be passed on under this licence: the message
    /// names each ancestor whose terms it does not keep, its licence and the term.
    /// </summary>
    internal static void Require(LocalHub hub, CheckpointManifest manifest, string license)
    {
        var ancestors = Ancestors(hub, manifest);
        var breaches = Licenses.Breaches(license, ancestors);
        if (breaches.Count > 0)
            throw MarrowException.Refused(
                $"{manifest.Name}@{manifest.Digest}",
                "a licence that keeps the terms of all that it came from",
                $"{license}: {string.Join("; ", breaches.Distinct())}",
                $"It can be passed on under {Licenses.Join([license, .. ancestors.Select(a => a.License)])}, to those "
                    + $"who may have it."
            );
    }
}
