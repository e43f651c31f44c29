using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Hub.Registry;

namespace Marrow.Cli;

/// <summary>
/// Checkpoints by every way of naming one. What the hub knows is local; <c>oci://...</c> asks the registry what the
/// name means now and pulls it into the hub where it is not there yet, with a note on standard error.
/// </summary>
internal sealed class CheckpointReferences(LocalHub hub, Output output, CancellationToken cancellation)
{
    // what a name meant stays so in one command
    private readonly Dictionary<string, string> _pulled = new(StringComparer.Ordinal);

    public LocalHub Hub => hub;

    public static bool IsRemote(string reference) => CheckpointRegistry.IsReference(reference);

    /// <summary>The checkpoint that a reference means; the caller disposes it.</summary>
    public Checkpoint Resolve(string reference) => hub.Resolve(Local(reference), cancellation);

    /// <summary>The same checkpoint as the hub itself names it.</summary>
    public string Local(string reference)
    {
        if (!IsRemote(reference))
            return reference;
        if (!_pulled.TryGetValue(reference, out var local))
            _pulled[reference] = local = Pull(CheckpointRegistry.Normalize(reference));
        return local;
    }

    private string Pull(string source)
    {
        try
        {
            var noted = 0;
            void Note(Progress at)
            {
                if (Interlocked.Exchange(ref noted, 1) == 0)
                    output.Note($"pulling {source}: {NumberText.MiB(at.Total)} MiB into {hub.Folder}");
            }
            var local = new CheckpointRegistry(note: output.Note)
                .PullAsync(hub, source, progress: Note, cancellation: cancellation)
                .GetAwaiter()
                .GetResult()
                .Reference;
            output.Note($"{source} is {local}");
            return local;
        }
        catch (MarrowException e)
        {
            throw new MarrowException(
                $"{e.Message} What was pulled before is in the hub {hub.Folder} under its own name (marrow hub list).",
                e);
        }
    }
}
