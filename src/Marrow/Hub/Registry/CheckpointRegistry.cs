using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>
/// Checkpoints in OCI registries (distribution specification v1.1): the same folder goes in and comes out, byte for
/// byte, so its digest is the same in every hub. Only what is missing travels; what is broken off goes on later;
/// whatever a registry answers is bounded and checked before it is kept. Credentials come from the standard Docker
/// file. A checkpoint's place is written <c>oci://host[:port]/repository:tag</c> or
/// <c>oci://host[:port]/repository@sha256:...</c>.
/// </summary>
public sealed class CheckpointRegistry
{
    /// <summary>Files that travel at once where nothing else is asked for.</summary>
    public const int DefaultParallel = 4;

    private readonly RegistryOptions _options;

    /// <param name="plainHttp">
    /// Speak plain HTTP to a registry though it is not on this machine: whoever is between can read and change what
    /// goes by.
    /// </param>
    /// <param name="parallel">Files that travel at once, 1 to 32.</param>
    /// <param name="note">
    /// Told in a line when a registry is silent or another attempt is made; null when nobody is to be told.
    /// </param>
    public CheckpointRegistry(
        bool plainHttp = false, int parallel = DefaultParallel, Action<string>? note = null)
        : this(new RegistryOptions { PlainHttp = plainHttp, Parallel = parallel, Note = note })
    {
    }

    internal CheckpointRegistry(RegistryOptions options) => _options = options;

    /// <summary>True for what names a place in a registry, well written or not.</summary>
    public static bool IsReference(string text) => OciReference.IsOne(text);

    /// <summary>
    /// The usual spelling of a place in a registry. Throws <see cref="MarrowException"/> for what names none.
    /// </summary>
    public static string Normalize(string reference) => OciReference.Parse(reference).ToString();

    /// <summary>
    /// Pushes a checkpoint, its ancestors first where asked. Throws <see cref="MarrowException"/> when its licence does
    /// not keep an ancestor's terms, when the hub lacks an ancestor that is to come along, or when the registry
    /// refuses.
    /// </summary>
    /// <param name="hub">Where the ancestors are.</param>
    /// <param name="target">Where to, with a tag.</param>
    /// <param name="license">Pass it on under these terms; null: under its own.</param>
    /// <param name="progress">Called from any thread.</param>
    public async Task<MovedCheckpoints> PushAsync(
        LocalHub hub, Checkpoint checkpoint, string target, bool withParents = false, string? license = null,
        Action<Progress>? progress = null, CancellationToken cancellation = default) =>
        MovedCheckpoints.Of(
            await PushAsync(
                    hub, checkpoint, OciReference.Parse(target), withParents, license, progress, cancellation)
                .ConfigureAwait(false));

    /// <summary>The same; each that was pushed, the oldest first, the last is the checkpoint itself.</summary>
    internal async Task<IReadOnlyList<PushedCheckpoint>> PushAsync(
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
    public async Task<MovedCheckpoints> PullAsync(
        LocalHub hub, string source, bool withParents = false, Action<Progress>? progress = null,
        CancellationToken cancellation = default) =>
        MovedCheckpoints.Of(
            await PullAsync(hub, OciReference.Parse(source), withParents, progress, cancellation)
                .ConfigureAwait(false),
            hub);

    /// <summary>The same; each that was pulled, the oldest first, the last is the checkpoint itself.</summary>
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
