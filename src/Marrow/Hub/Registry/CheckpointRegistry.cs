using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>One checkpoint that was pushed.</summary>
/// <param name="Reference">Under which it can be pulled.</param>
/// <param name="Manifest">Digest of its manifest: the registry's name for exactly this.</param>
/// <param name="License">Under which it was pushed.</param>
/// <param name="FilesSent">The others were in the repository.</param>
/// <param name="Bytes">Of the files and the config blob.</param>
/// <param name="Replaced">Digest of the manifest that the tag named before; null when it is new or the same.</param>
public sealed record PushedCheckpoint(
    string Reference, string Name, string Digest, string Manifest, string License, int Files, int FilesSent, long Bytes, long BytesSent, string? Replaced);

/// <summary>One checkpoint that was pulled, or found in the hub.</summary>
/// <param name="License">Under which the registry's manifest passes it on.</param>
/// <param name="WasThere">True when the hub had it already.</param>
public sealed record PulledCheckpoint(
    string Reference, string Name, string Digest, string Manifest, string License, string Folder, int Files, int FilesFetched, long Bytes, long BytesFetched, bool WasThere);

/// <summary>
/// Checkpoints in OCI registries (distribution specification v1.1): the same folder goes in and comes out, byte for byte,
/// so its digest is the same in every hub. Only what is missing travels; what is broken off goes on later; whatever a
/// registry answers is bounded and checked before it is kept. Credentials come from the standard Docker file.
/// </summary>
public sealed class CheckpointRegistry(RegistryOptions? options = null)
{
    private readonly RegistryOptions _options = options ?? new();

    /// <summary>
    /// Pushes a checkpoint, its ancestors first where asked. Throws <see cref="MarrowException"/> when its licence does not
    /// keep an ancestor's terms, when the hub lacks an ancestor that is to come along, or when the registry refuses.
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
    /// registry has none of that name (its tags are listed) or what it sends is not what it promises; the hub is then as it
    /// was.
    /// </summary>
    /// <param name="progress">Called from any thread.</param>
    /// <returns>Oldest first; the last is the checkpoint itself.</returns>
    public async Task<IReadOnlyList<PulledCheckpoint>> PullAsync(
        LocalHub hub, OciReference source, bool withParents = false, Action<Progress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var client = await RegistryClient.OpenAsync(source, _options, cancellation).ConfigureAwait(false);
        return await new CheckpointPull(client, hub, withParents, progress).RunAsync(cancellation).ConfigureAwait(false);
    }
}
