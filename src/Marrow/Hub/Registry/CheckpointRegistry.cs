using System.Text.Json.Serialization;
using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>One checkpoint that was pushed.</summary>
public sealed class PushedCheckpoint
{
    internal PushedCheckpoint(
        string reference, string name, string digest, string manifest, string license, int files, int filesSent,
        long bytes, long bytesSent, string? replaced) =>
        (
            Reference, Name, Digest, Manifest, License, Files, FilesSent, Bytes, BytesSent, Replaced) = (
            reference, name, digest, manifest, license, files, filesSent, bytes, bytesSent, replaced);

    /// <summary>Under which it can be pulled.</summary>
    public string Reference { get; }

    public string Name { get; }

    public string Digest { get; }

    /// <summary>Digest of its manifest: the registry's name for exactly this.</summary>
    public string Manifest { get; }

    /// <summary>Under which it was pushed.</summary>
    public string License { get; }

    public int Files { get; }

    /// <summary>The others were in the repository.</summary>
    public int FilesSent { get; }

    /// <summary>Of the files and the config blob.</summary>
    public long Bytes { get; }

    public long BytesSent { get; }

    /// <summary>Digest of the manifest that the tag named before; null when it is new or the same.</summary>
    public string? Replaced { get; }
}

/// <summary>One checkpoint that was pulled, or found in the hub.</summary>
public sealed class PulledCheckpoint
{
    internal PulledCheckpoint(
        string reference, string name, string digest, string manifest, string license, string folder, int files,
        int filesFetched, long bytes, long bytesFetched, bool wasThere) =>
        (
            Reference, Name, Digest, Manifest, License, Folder, Files, FilesFetched, Bytes, BytesFetched, WasThere) = (
            reference, name, digest, manifest, license, folder, files, filesFetched, bytes, bytesFetched, wasThere);

    public string Reference { get; }

    public string Name { get; }

    public string Digest { get; }

    [JsonInclude] internal string Manifest { get; }

    /// <summary>Under which the registry's manifest passes it on.</summary>
    public string License { get; }

    public string Folder { get; }

    public int Files { get; }

    public int FilesFetched { get; }

    public long Bytes { get; }

    public long BytesFetched { get; }

    /// <summary>True when the hub had it already.</summary>
    public bool WasThere { get; }
}

/// <summary>
/// Checkpoints in OCI registries (distribution specification v1.1): the same folder goes in and comes out, byte for
/// byte, so its digest is the same in every hub. Only what is missing travels; what is broken off goes on later;
/// whatever a registry answers is bounded and checked before it is kept. Credentials come from the standard Docker
/// file.
/// </summary>
public sealed class CheckpointRegistry(RegistryOptions? options = null)
{
    private readonly RegistryOptions _options = options ?? new();

    /// <summary>
    /// Pushes a checkpoint, its ancestors first where asked. Throws <see cref="MarrowException"/> when its licence does
    /// not keep an ancestor's terms, when the hub lacks an ancestor that is to come along, or when the registry
    /// refuses.
    /// </summary>
    /// <param name="hub">Where the ancestors are.</param>
    /// <param name="license">Pass it on under these terms; null: under its own.</param>
    /// <param name="progress">Called from any thread.</param>
    /// <returns>Oldest first; the last is the checkpoint itself.</returns>
    public async Task<IReadOnlyList<PushedCheckpoint>> PushAsync(
        LocalHub hub, Checkpoint checkpoint, OciReference target, bool withParents = false, string? license = null,
        Action<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var plan = PushPlan.Of(hub, checkpoint, target, withParents, license);
        using var client = await RegistryClient.OpenAsync(target, _options, cancellation).ConfigureAwait(false);
        return await new CheckpointPush(client, progress).RunAsync(plan, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Pulls a checkpoint into the hub, its ancestors first where asked. Throws <see cref="MarrowException"/> when the
    /// registry has none of that name (its tags are listed) or what it sends is not what it promises; the hub is then
    /// as it was.
    /// </summary>
    /// <param name="progress">Called from any thread.</param>
    /// <returns>Oldest first; the last is the checkpoint itself.</returns>
    public async Task<IReadOnlyList<PulledCheckpoint>> PullAsync(
        LocalHub hub, OciReference source, bool withParents = false, Action<Progress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var client = await RegistryClient.OpenAsync(source, _options, cancellation).ConfigureAwait(false);
        return await new CheckpointPull(client, hub, withParents, progress)
            .RunAsync(cancellation)
            .ConfigureAwait(false);
    }
}
