using System.Net;
using System.Net.Http.Headers;

namespace Marrow.Hub.Registry;

/// <summary>
/// Pushes planned checkpoints one after the other: the files that the repository lacks, at once; then the manifest.
/// </summary>
internal sealed class CheckpointPush(RegistryClient client, Action<Progress>? progress)
{
    // of what was pushed, by the checkpoint's digest
    private readonly Dictionary<string, string> _manifests = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<PushedCheckpoint>> RunAsync(
        IReadOnlyList<PlannedPush> plan,
        CancellationToken cancellation)
    {
        var pushed = new List<PushedCheckpoint>();
        foreach (var planned in plan)
            pushed.Add(await PushAsync(planned, cancellation).ConfigureAwait(false));
        return pushed;
    }

    private async Task<PushedCheckpoint> PushAsync(PlannedPush planned, CancellationToken cancellation)
    {
        var packed = Pack(planned, cancellation);
        var artifact = packed.Artifact;
        _manifests[artifact.Digest] = artifact.Manifest;
        var target = client.Reference.WithTag(planned.Tag);
        var before = await TaggedAsync(planned.Tag, cancellation).ConfigureAwait(false);
        var (filesSent, bytesSent) = (0, 0L);
        await new Attempts(client.Options, target.ToString()).RunAsync(async () =>
        {
            var (files, bytes) = await SendFilesAsync(packed, cancellation).ConfigureAwait(false);
            (filesSent, bytesSent) = (filesSent + files, bytesSent + bytes);
            return await PutManifestAsync(packed, planned.Tag, cancellation).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
        return new(target.ToString(), artifact.Name, artifact.Digest, artifact.Manifest, artifact.License,
            artifact.Layers.Count,
            filesSent,
            artifact.Bytes + packed.Config.Length,
            bytesSent,
            before == artifact.Manifest ? null : before);
    }

    /// <summary>
    /// Sends the files and the config that the repository lacks. Returns how many files and bytes were sent.
    /// </summary>
    private async Task<(int Files, long Bytes)> SendFilesAsync(PackedCheckpoint packed, CancellationToken cancellation)
    {
        var artifact = packed.Artifact;
        var meter = new ByteMeter(artifact.Name, artifact.Bytes + packed.Config.Length, progress);
        var upload = new BlobUpload(client, meter);
        var sent = 0;
        await Parallel.ForEachAsync(artifact.Layers.DistinctBy(l => l.Digest).OrderByDescending(l => l.Bytes),
            new ParallelOptions { MaxDegreeOfParallelism = client.Options.Parallel, CancellationToken = cancellation },
            async (layer, stop) =>
            {
                if (await upload.SendAsync(Path.Combine(packed.Folder, layer.File), layer, stop).ConfigureAwait(false))
                    Interlocked.Increment(ref sent);
            }).ConfigureAwait(false);
        await upload.SendAsync("the config", packed.Config, packed.ConfigDigest, cancellation).ConfigureAwait(false);
        return (sent, meter.Moved);
    }

    /// <summary>Loads a checkpoint, which verifies every byte, so that nothing damaged is pushed.</summary>
    private PackedCheckpoint Pack(PlannedPush planned, CancellationToken cancellation)
    {
        using var checkpoint = HubDisk.Load(planned.Folder, cancellation);
        var parents = planned
            .Manifest.Parents.Checkpoints.Select(p => new OciParent(
                p.Name,
                p.Digest,
                p.License,
                _manifests.GetValueOrDefault(p.Digest)))
            .ToList();
        return ArtifactWriter.Pack(checkpoint, planned.Manifest, planned.License, parents);
    }

    /// <summary>
    /// Returns the digest of the manifest to which the tag points now; null when there is none or the registry does not
    /// tell.
    /// </summary>
    private async Task<string?> TaggedAsync(string tag, CancellationToken cancellation)
    {
        using var head = await client
            .SendAsync(
                new(HttpMethod.Head, client.Address($"manifests/{tag}")) { Accept = OciFormat.Manifest },
                cancellation)
            .ConfigureAwait(false);
        return head.StatusCode == HttpStatusCode.OK ? RegistryText.ContentDigest(head) : null;
    }

    /// <summary>
    /// Throws <see cref="TransientFailure"/> when the registry misses a file that it said it has: it was deleted
    /// meanwhile, or another process is sending the same file just now and the registry is between two writes.
    /// </summary>
    private async Task<bool> PutManifestAsync(PackedCheckpoint packed, string tag, CancellationToken cancellation)
    {
        using var answer = await client
            .SendAsync(new(HttpMethod.Put, client.Address($"manifests/{tag}")) { Content = Content }, cancellation)
            .ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            var problem = await client.DescribeAsync(answer, cancellation).ConfigureAwait(false);
            if (problem.Contains("BLOB_UNKNOWN", StringComparison.Ordinal))
                throw new TransientFailure($"the manifest was answered by {problem}");
            throw RegistryClient.Unexpected($"{client.Reference}: the manifest", HttpStatusCode.Created, problem);
        }
        if (RegistryText.ContentDigest(answer) is { } digest && digest != packed.Artifact.Manifest)
            throw MarrowException.Unsupported(
                client.Reference.ToString(),
                $"the manifest {packed.Artifact.Manifest} to be kept as it is",
                digest,
                "The registry changes manifests: use another.");
        return true;

        HttpContent Content() =>
            new ByteArrayContent(packed.Manifest)
            {
                Headers = { ContentType = new MediaTypeHeaderValue(OciFormat.Manifest) },
            };
    }
}
