using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>
/// Pushes checkpoints to OCI registries and pulls them (distribution specification v1.1). The folder arrives byte for
/// byte, so its digest is the same in every hub. Only missing files are transferred, and an interrupted transfer is
/// resumed later. Everything that a registry sends is limited in size and checked before it is kept. Credentials come
/// from the standard Docker file. The place of a checkpoint is written <c>oci://host[:port]/repository:tag</c> or
/// <c>oci://host[:port]/repository@sha256:...</c>.
/// </summary>
public sealed class CheckpointRegistry
{
    /// <summary>The number of files that are transferred at once by default.</summary>
    public const int DefaultParallel = 4;

    private readonly RegistryOptions _options;

    /// <param name="plainHttp">
    /// True to use plain HTTP with a registry on another machine. Anybody on the network path can then read and change
    /// what is transferred.
    /// </param>
    /// <param name="parallel">The number of files that are transferred at once, 1 to 32.</param>
    /// <param name="note">
    /// Called with a line of text when a registry is silent or a request is repeated; may be null.
    /// </param>
    public CheckpointRegistry(
        bool plainHttp = false, int parallel = DefaultParallel, Action<string>? note = null)
        : this(new RegistryOptions { PlainHttp = plainHttp, Parallel = parallel, Note = note })
    {
    }

    internal CheckpointRegistry(RegistryOptions options) => _options = options;

    /// <summary>Returns true for text that is meant as a place in a registry, even when it is badly formed.</summary>
    public static bool IsReference(string text) => OciReference.IsOne(text);

    /// <summary>
    /// Returns the usual spelling of a place in a registry. Throws <see cref="MarrowException"/> when the text names
    /// none.
    /// </summary>
    public static string Normalize(string reference) => OciReference.Parse(reference).ToString();

    /// <summary>
    /// Pushes a checkpoint, after its ancestors when they are asked for. Throws <see cref="MarrowException"/> when its
    /// licence does not keep an ancestor's terms, when the hub lacks an ancestor that has to be pushed too, and when
    /// the registry refuses.
    /// </summary>
    /// <param name="hub">The hub that holds the ancestors.</param>
    /// <param name="target">The place to push to, with a tag.</param>
    /// <param name="license">The licence under which the checkpoint is passed on; null for its own.</param>
    /// <param name="progress">Called from any thread.</param>
    public async Task<MovedCheckpoints> PushAsync(
        LocalHub hub, Checkpoint checkpoint, string target, bool withParents = false, string? license = null,
        Action<Progress>? progress = null, CancellationToken cancellation = default) =>
        MovedCheckpoints.Of(
            await PushAsync(
                    hub, checkpoint, OciReference.Parse(target), withParents, license, progress, cancellation)
                .ConfigureAwait(false));

    /// <summary>
    /// Pushes in the same way, and returns each pushed checkpoint. The oldest ancestor is first, the checkpoint itself
    /// last.
    /// </summary>
    internal async Task<IReadOnlyList<PushedCheckpoint>> PushAsync(
        LocalHub hub, Checkpoint checkpoint, OciReference target, bool withParents = false, string? license = null,
        Action<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var plan = PushPlan.Of(hub, checkpoint, target, withParents, license);
        using var client = await RegistryClient.OpenAsync(target, _options, cancellation).ConfigureAwait(false);
        return await new CheckpointPush(client, progress).RunAsync(plan, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Pulls a checkpoint into the hub, after its ancestors when they are asked for. Throws
    /// <see cref="MarrowException"/>, leaving the hub as it was, when the registry has no such checkpoint (the message
    /// lists its tags) and when it sends something else than it announced.
    /// </summary>
    /// <param name="progress">Called from any thread.</param>
    public async Task<MovedCheckpoints> PullAsync(
        LocalHub hub, string source, bool withParents = false, Action<Progress>? progress = null,
        CancellationToken cancellation = default) =>
        MovedCheckpoints.Of(
            await PullAsync(hub, OciReference.Parse(source), withParents, progress, cancellation)
                .ConfigureAwait(false),
            hub);

    /// <summary>
    /// Pulls in the same way, and returns each pulled checkpoint. The oldest ancestor is first, the checkpoint itself
    /// last.
    /// </summary>
    internal async Task<IReadOnlyList<PulledCheckpoint>> PullAsync(
        LocalHub hub, OciReference source, bool withParents = false, Action<Progress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var client = await RegistryClient.OpenAsync(source, _options, cancellation).ConfigureAwait(false);
        return await new CheckpointPull(client, hub, withParents, progress)
            .RunAsync(cancellation)
            .ConfigureAwait(false);
    }
}
