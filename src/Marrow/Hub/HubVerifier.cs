using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>
/// Reads every byte of a hub's checkpoints on all cores and compares it with the manifests, and looks whether their
/// decoding still gives the finding that was recorded. What seems damaged is looked at again under the hub's lock, so
/// that a checkpoint that another process adds or removes is not taken for a damaged one.
/// </summary>
internal static class HubVerifier
{
    public static HubVerification Run(
        LocalHub hub, string? reference, Action<Progress>? progress, CancellationToken cancellation)
    {
        if (reference is null)
            RequireHub(hub.Folder);
        var entries = reference is null ? hub.List() : hub.Matching(reference);
        var meter = new ByteMeter("verifying", entries.Sum(e => e.Bytes), progress);
        var verified = new VerifiedCheckpoint?[entries.Count];
        Parallel.For(
            0,
            entries.Count,
            new ParallelOptions
            {
                CancellationToken = cancellation,
                MaxDegreeOfParallelism = Environment.ProcessorCount,
            },
            i => verified[i] = Confirmed(hub, entries[i], meter.Move, cancellation));
        var strays = reference is null ? Strays(hub.Folder) : [];
        HubDisk.Sweep(hub.Folder);
        return new(hub.Folder, [.. verified.OfType<VerifiedCheckpoint>()], strays);
    }

    /// <summary>
    /// Throws for a folder that is not a hub, since verifying it would find no faults and mean nothing.
    /// </summary>
    private static void RequireHub(string folder)
    {
        if (HubMark.LooksLikeHub(folder))
            return;
        var found = !Path.Exists(folder) ? "nothing of that name"
            : !Directory.Exists(folder) ? "a file"
            : IsEmpty(folder) ? "an empty folder"
            : "a folder that is none";
        throw MarrowException.NotFound(
            folder,
            "a hub of checkpoints",
            found,
            "Name the hub's folder with --hub or MARROW_HUB; marrow run, hub import and hub pull make one.");
    }

    private static bool IsEmpty(string folder)
    {
        try
        {
            return !Directory.EnumerateFileSystemEntries(folder).Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{folder}: can't be listed ({e.Message}). Check its permissions.", e);
        }
    }

    /// <summary>Returns the verified checkpoint; null when it was removed in the meantime.</summary>
    private static VerifiedCheckpoint? Confirmed(
        LocalHub hub,
        HubEntry entry,
        Action<long> read,
        CancellationToken cancellation)
    {
        var first = Verify(entry, read, cancellation);
        if (first.Faults.Count == 0)
            return first;
        try
        {
            using (FolderLock.Take(hub.Folder))
                return Directory.Exists(entry.Folder) ? Verify(entry, _ => { }, cancellation) : null;
        }
        catch (MarrowException)
        {
            return first; // A hub that can't be written is changed by nobody.
        }
    }

    private static VerifiedCheckpoint Verify(HubEntry entry, Action<long> read, CancellationToken cancellation)
    {
        var (faults, bytes, files) = (new List<HubFault>(), 0L, 0);
        var manifestPath = Path.Combine(entry.Folder, CheckpointManifest.FileName);
        try
        {
            var manifest = CheckpointManifest.Read(entry.Folder);
            Count(manifestPath);
            if (manifest.Name != entry.Name)
                faults.Add(
                    new(
                        entry.Folder,
                        $"lies in the folder of {entry.Name}, but its name is {manifest.Name}. Move it to its own "
                            + $"name's folder."
                    ));
            foreach (var file in manifest.Files)
            {
                cancellation.ThrowIfCancellationRequested();
                Try(Path.Combine(entry.Folder, file.Path), () =>
                    CheckpointManifest.VerifyFile(entry.Folder, file, cancellation));
                Count(Path.Combine(entry.Folder, file.Path));
            }
            if (faults.Count == 0)
            {
                var golden = Path.Combine(entry.Folder, Checkpoint.GoldenFile);
                Try(golden, () => GoldenFinding.VerifyStored(entry.Folder, manifest));
            }
            foreach (var stray in manifest.Strays(entry.Folder))
                faults.Add(
                    new(
                        Path.Combine(entry.Folder, stray),
                        $"{CheckpointManifest.FileName} does not list it. Remove it."));
        }
        catch (Exception e) when (e is MarrowException or IOException or UnauthorizedAccessException)
        {
            Blame(manifestPath, e); // Without it, what the others should be is not known.
        }
        return new(entry.Name, entry.Digest, entry.Folder, files, bytes, faults);

        void Try(string path, Action check)
        {
            try
            {
                check();
            }
            catch (MarrowException e)
            {
                Blame(path, e);
            }
        }

        // The message names the file itself.
        void Blame(string path, Exception e) =>
            faults.Add(
                new(
                    path,
                    e.Message.StartsWith(path + ": ", StringComparison.Ordinal)
                        ? e.Message[(path.Length + 2)..]
                        : e.Message));

        void Count(string path)
        {
            var length = new FileInfo(path) is { Exists: true } file ? file.Length : 0;
            (bytes, files) = (bytes + length, files + 1);
            read(length);
        }
    }

    /// <summary>
    /// Returns files and folders in places where only names and digests should be. Names that begin with a dot, and
    /// files directly in the hub's folder, are ignored.
    /// </summary>
    private static List<HubFault> Strays(string hub)
    {
        var strays = new List<HubFault>();
        foreach (var home in Undotted(hub).Where(Directory.Exists))
        {
            if (!CheckpointName.IsValid(Path.GetFileName(home)))
            {
                if (Undotted(home).Any(f => File.Exists(Path.Combine(f, CheckpointManifest.FileName))))
                    strays.Add(
                        new(
                            home,
                            "holds checkpoints, but is no checkpoint's name: they are not listed. Rename it to the "
                                + "name that they have."
                        ));
                continue;
            }
            foreach (var path in Undotted(home))
            {
                // What was just removed is neither file nor folder.
                if (Digest.IsHex(Path.GetFileName(path)) ? File.Exists(path) : Path.Exists(path))
                    strays.Add(
                        new(
                            path,
                            "is no digest: 64 lower-case hexadecimal digits. Rename it to the digest in its "
                                + "checkpoint.json, or remove it."
                        ));
            }
        }
        return strays;
    }

    private static IEnumerable<string> Undotted(string folder)
    {
        try
        {
            return
            [
                .. Directory
                    .GetFileSystemEntries(folder)
                    .Where(path => !Path.GetFileName(path).StartsWith('.'))
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Removed meanwhile, or not ours to read: listing said so already.
        }
    }
}
