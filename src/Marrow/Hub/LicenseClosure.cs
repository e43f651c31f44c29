using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>
/// Collects the licences of everything from which a checkpoint was made. They are read from the checkpoint's own
/// manifest, which names its parents and all that these inherited, and from the manifests of those ancestors that the
/// hub holds. So the terms of grandparents are known when the hub lacks them, and an incomplete manifest does not hide
/// them.
/// </summary>
internal static class LicenseClosure
{
    /// <summary>
    /// Returns every ancestor and its licence once, the nearest first; none for bare weights. Reads manifests, not the
    /// hub's index.
    /// </summary>
    public static IReadOnlyList<LicensedAncestor> Ancestors(LocalHub hub, Checkpoint checkpoint) =>
        checkpoint.WeightsOnly ? [] : Ancestors(hub, CheckpointManifest.Read(checkpoint.Path));

    /// <summary>Returns the ancestors of the checkpoint that a manifest describes.</summary>
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
