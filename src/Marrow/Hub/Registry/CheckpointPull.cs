using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>
/// Pulls one checkpoint and, where asked, its ancestors first: manifest; checkpoint.json, whose list of files must be
/// the manifest's; the files, those that the hub has under whatever checkpoint from there; then a staged folder that
/// the hub checks once more and moves to its place.
/// </summary>
internal sealed class CheckpointPull(RegistryClient client, LocalHub hub, bool withParents, Action<Progress>? progress)
{
    private const int MostAncestors = 256;

    private readonly BlobParts _parts = new(hub.Folder);
    private readonly List<PulledCheckpoint> _pulled = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly Lock _turn = new();
    private Dictionary<string, string>? _atHand;

    public async Task<IReadOnlyList<PulledCheckpoint>> RunAsync(CancellationToken cancellation)
    {
        await PullAsync(client.Reference, null, cancellation).ConfigureAwait(false);
        return _pulled;
    }

    private async Task PullAsync(OciReference source, ParentCheckpoint? wanted, CancellationToken cancellation)
    {
        var artifact = await FindAsync(source, wanted, cancellation).ConfigureAwait(false);
        if (wanted is not null && artifact.Digest != wanted.Digest)
            throw MarrowException.Damaged(
                source.ToString(),
                $"the parent {wanted.Name}@{wanted.Digest}",
                artifact.Digest,
                "The registry holds another checkpoint there: push the child again with --with-parents.");
        if (!_seen.Add(artifact.Digest))
            return;
        if (_seen.Count > MostAncestors)
            throw MarrowException.Bad(
                client.Reference.ToString(),
                $"at most {MostAncestors} ancestors",
                "more",
                "Pull without --with-parents.");
        if (InHub(artifact) is var (present, folder))
        {
            await PullParentsAsync(present, artifact, cancellation).ConfigureAwait(false);
            Report(source, artifact, folder, 0, 0, wasThere: true);
            return;
        }
        var staged = hub.CreateStagingFolder();
        try
        {
            await FillAsync(staged, source, artifact, cancellation).ConfigureAwait(false);
        }
        finally
        {
            HubDisk.TryDelete(staged);
        }
    }

    private async Task FillAsync(
        string staged,
        OciReference source,
        CheckpointArtifact artifact,
        CancellationToken cancellation)
    {
        var meter = new ByteMeter(artifact.Name, artifact.Bytes, progress);
        var download = new BlobDownload(client, _parts, meter, AtHand);
        var own = artifact.Layers.Single(l => l.File == CheckpointManifest.FileName);
        await download.FetchAsync(own, cancellation).ConfigureAwait(false);
        await StageAsync(own).ConfigureAwait(false);
        var manifest = CheckpointManifest.Read(staged);
        RequireSame(manifest, artifact, source);
        await PullParentsAsync(manifest, artifact, cancellation).ConfigureAwait(false);

        var rest = artifact.Layers.Where(l => l != own).ToList();
        _parts.RequireRoom(rest);
        // Files of equal content share one blob, which is fetched once.
        await Parallel.ForEachAsync(rest.DistinctBy(l => l.Digest).OrderByDescending(l => l.Bytes),
            new ParallelOptions { MaxDegreeOfParallelism = client.Options.Parallel, CancellationToken = cancellation },
            async (layer, stop) => await download.FetchAsync(layer, stop).ConfigureAwait(false)).ConfigureAwait(false);
        var staging = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var layer in rest)
        {
            if (staging.TryGetValue(layer.Digest, out var twin))
                Disk.CopyFile(twin, Path.Combine(staged, layer.File));
            else
                staging[layer.Digest] = await StageAsync(layer).ConfigureAwait(false);
        }
        var entry = hub.Add(staged);
        Report(source, artifact, entry.Folder, download.Fetched, meter.Moved, wasThere: false);

        async Task<string> StageAsync(ArtifactLayer layer)
        {
            var target = Path.Combine(staged, layer.File);
            while (!_parts.TryTake(layer.Hex, layer.Bytes, target))
            {
                // Another process that pulls the same has taken the part: the hub may have it by now.
                _atHand = null;
                await download.FetchAsync(layer, cancellation).ConfigureAwait(false);
            }
            return target;
        }
    }

    private async Task<CheckpointArtifact> FindAsync(
        OciReference source,
        ParentCheckpoint? wanted,
        CancellationToken cancellation)
    {
        if (await client.GetManifestAsync(source.Name, cancellation).ConfigureAwait(false) is { } answer)
            return ArtifactReader.Read(
                answer.Bytes,
                answer.MediaType,
                answer.Digest,
                source,
                client.Options.MaxCheckpointBytes);
        if (wanted is not null)
            throw MarrowException.NotFound(
                source.ToString(),
                $"the parent {wanted.Name}@{wanted.Digest}",
                "none",
                "Pull without --with-parents, or push the child again with it.");
        var tags = await client.TagsAsync(cancellation).ConfigureAwait(false);
        throw MarrowException.NotFound(source.ToString(), "a checkpoint", "none of that name",
            tags.Count > 0
                ? $"Known tags: {string.Join(", ", tags)}."
                : $"The registry knows no tag of {source.Repository}: check the name.");
    }

    private async Task PullParentsAsync(
        CheckpointManifest manifest,
        CheckpointArtifact artifact,
        CancellationToken cancellation)
    {
        if (!withParents)
            return;
        foreach (var parent in manifest.Parents.Checkpoints.Where(p => !_seen.Contains(p.Digest)))
        {
            if (!Digest.TryParse(parent.Digest, out _))
                throw MarrowException.Bad(
                    $"{manifest.Name}@{manifest.Digest}",
                    "parents by their sha256 digests",
                    "another form",
                    "Pull without --with-parents.");
            var beside = artifact.Parents.FirstOrDefault(p => p.Digest == parent.Digest)?.Manifest;
            await PullAsync(
                    beside is null
                        ? client.Reference.WithTag(OciFormat.ParentTag(parent.Digest))
                        : client.Reference.WithDigest(beside),
                    parent,
                    cancellation)
                .ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Returns the checkpoint in the hub when it is intact and has exactly the files that the registry announces; null
    /// to download it.
    /// </summary>
    private (CheckpointManifest Manifest, string Folder)? InHub(CheckpointArtifact artifact)
    {
        if (hub.FindDigest(artifact.Digest) is not { } entry)
            return null;
        try
        {
            var manifest = CheckpointManifest.Read(entry.Folder);
            manifest.VerifyFiles(entry.Folder);
            return Same(manifest, artifact) ? (manifest, entry.Folder) : null;
        }
        catch (MarrowException)
        {
            return null; // Damaged here: what the registry has is checked by itself.
        }
    }

    private static void RequireSame(CheckpointManifest manifest, CheckpointArtifact artifact, OciReference source)
    {
        if (!Same(manifest, artifact))
            throw MarrowException.Damaged(
                source.ToString(),
                $"the checkpoint {artifact.Name}@{artifact.Digest} with the files of its own "
                    + $"{CheckpointManifest.FileName}",
                $"{manifest.Name}@{manifest.Digest} or other files",
                "It is no checkpoint of Marrow, or was changed on the way.");
    }

    private static bool Same(CheckpointManifest manifest, CheckpointArtifact artifact) =>
        manifest.Digest == artifact.Digest && manifest.Name == artifact.Name
        && artifact
            .Layers.Where(l => l.File != CheckpointManifest.FileName)
            .Select(l => new ManifestFile(l.File, l.Bytes, l.Hex))
            .ToHashSet()
            .SetEquals(manifest.Files);

    /// <summary>Returns the path of a file in the hub with this content; null when there is none.</summary>
    private string? AtHand(ArtifactLayer layer)
    {
        lock (_turn)
            return
                (_atHand ??= Index()).GetValueOrDefault(layer.Hex) is { } path
                && new FileInfo(path) is { Exists: true } file
                && file.Length == layer.Bytes
                ? path
                : null;
    }

    private Dictionary<string, string> Index()
    {
        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in hub.List().Where(e => e.Problem is null))
        {
            try
            {
                foreach (var file in CheckpointManifest.Read(entry.Folder).Files)
                    index.TryAdd(file.Sha256, Path.Combine(entry.Folder, file.Path));
            }
            catch (MarrowException)
            {
                // Removed meanwhile.
            }
        }
        return index;
    }

    private void Report(
        OciReference source,
        CheckpointArtifact artifact,
        string folder,
        int fetched,
        long bytes,
        bool wasThere
    ) =>
        _pulled.Add(
            new(
                source.ToString(),
                artifact.Name,
                artifact.Digest,
                artifact.Manifest,
                artifact.License,
                folder,
                artifact.Layers.Count,
                fetched,
                artifact.Bytes,
                bytes,
                wasThere));
}
