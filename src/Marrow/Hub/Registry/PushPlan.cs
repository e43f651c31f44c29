using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>A checkpoint that is going to be pushed.</summary>
internal sealed record PlannedPush(string Folder, CheckpointManifest Manifest, string License, string Tag);

/// <summary>
/// Lists what a push sends, parents before their children, each with its tag. Everything that can be refused without
/// the registry is refused here: missing parents and licence terms that are not kept.
/// </summary>
internal static class PushPlan
{
    public static IReadOnlyList<PlannedPush> Of(
        LocalHub hub,
        Checkpoint checkpoint,
        OciReference target,
        bool withParents,
        string? license)
    {
        if (target.Tag is not { } tag)
            throw MarrowException.Bad(
                target.ToString(),
                "a tag to push to",
                "a digest",
                "The digest is what comes of a push. Name a tag.");
        if (checkpoint.WeightsOnly)
            throw MarrowException.Bad(
                checkpoint.Path,
                "a checkpoint with its config.json",
                "weights alone",
                "Push a whole checkpoint: import the file first.");
        var manifest = CheckpointManifest.Read(checkpoint.Path);
        var terms = license ?? manifest.License;
        LicenseClosure.Require(hub, manifest, terms);
        var plan = new List<PlannedPush>();
        if (withParents)
            AddParents(manifest, hub, plan, []);
        plan.Add(new(checkpoint.Path, manifest, terms, tag));
        return plan;
    }

    private static void AddParents(CheckpointManifest child, LocalHub hub, List<PlannedPush> plan, HashSet<string> seen)
    {
        foreach (var parent in child.Parents.Checkpoints.Where(p => seen.Add(p.Digest)))
        {
            var entry = hub.FindDigest(parent.Digest)
                ?? throw MarrowException.NotFound(
                    $"{child.Name}@{child.Digest}",
                    $"its parent {parent.Name}@{parent.Digest} in the hub {hub.Folder}",
                    "none",
                    "Pull or train that one first, or push without --with-parents.");
            var manifest = CheckpointManifest.Read(entry.Folder);
            LicenseClosure.Require(hub, manifest, manifest.License);
            AddParents(manifest, hub, plan, seen);
            plan.Add(new(entry.Folder, manifest, manifest.License, OciFormat.ParentTag(manifest.Digest)));
        }
    }
}
