namespace Marrow.Hub;

/// <summary>
/// Takes a checkpoint out of a hub: one rename into the trash under the hub's lock, then its files are deleted. Where a
/// process dies in between, the rest is deleted by the next removal or verification.
/// </summary>
internal static class HubRemoval
{
    private const int DescendantsShown = 10;

    public static HubEntry Run(LocalHub hub, string reference, bool force)
    {
        var entry = hub.Matching(reference) switch
        {
            [] => throw MarrowException.NotFound(
                reference,
                "a checkpoint",
                "none of that name",
                "Nothing is there to remove."),
            [var one] => one,
            var several => throw MarrowException.Conflict(
                reference,
                "one checkpoint",
                $"{several.Count} of that name",
                $"Name one by its digest: {string.Join(", ", several.Select(e => e.Reference))}."),
        };
        var home = Path.Combine(hub.Folder, entry.Name);
        if (Path.GetFullPath(entry.Folder) != Path.GetFullPath(Path.Combine(home, Path.GetFileName(entry.Folder))))
            throw MarrowException.NotFound(
                reference,
                $"a checkpoint of the hub {hub.Folder}",
                "one elsewhere",
                "Name its hub with --hub, or delete the folder.");
        HubDisk.TryDelete(Take(hub, entry, home, force));
        HubDisk.Sweep(hub.Folder);
        return entry;
    }

    private static string Take(LocalHub hub, HubEntry entry, string home, bool force)
    {
        using (FolderLock.Take(hub.Folder))
        {
            if (!Directory.Exists(entry.Folder))
                throw MarrowException.NotFound(
                    entry.Folder,
                    "a checkpoint",
                    "none any more",
                    "Another process has removed it.");
            if (!force)
                RefuseWhileNeeded(hub, entry);
            try
            {
                if (HubMark.IsHub(hub.Folder))
                    HubMark.Give(hub.Folder); // One of an earlier version, which may be empty in a moment.
                var trash = HubDisk.MoveToTrash(hub.Folder, entry.Folder);
                if (!Directory.EnumerateFileSystemEntries(home).Any())
                    Directory.Delete(home);
                Disk.FlushFolder(hub.Folder);
                return trash;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MarrowException(
                    $"{entry.Folder}: can't be removed ({e.Message}). Check the hub's permissions, and that no other "
                        + $"program has its files open.",
                    e);
            }
        }
    }

    private static void RefuseWhileNeeded(LocalHub hub, HubEntry entry)
    {
        // Not the index: a wrong one must not let go of what is needed.
        var descendants = HubScan
            .Unindexed(hub.Folder)
            .Where(e => e.AncestorDigests.Contains(entry.Digest))
            .Select(e => e.Reference)
            .ToList();
        if (descendants.Count == 0)
            return;
        var shown =
            string.Join(", ", descendants.Take(DescendantsShown))
            + (descendants.Count > DescendantsShown ? $" and {descendants.Count - DescendantsShown} more" : "");
        throw MarrowException.Conflict(
            entry.Reference,
            "a checkpoint that none of the hub came from",
            $"{descendants.Count} that did: {shown}",
            "Remove those first, or use --force: they stay usable, but what they came from can no longer be looked at."
        );
    }
}
