using Marrow.Backbones;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// Every architecture by name: a backbone alone (a classifier), or with the head of another task in front.
/// </summary>
internal static class ModelCatalogue
{
    /// <summary>Every architecture name there is.</summary>
    public static IReadOnlyList<string> Names => [.. TaskCatalogue.All.SelectMany(task => task.Architectures)];

    /// <summary>
    /// A new model with random weights, drawn from torch's global generator; the caller disposes it. Throws
    /// <see cref="MarrowException"/> for an unknown architecture and for a module of the user's own.
    /// </summary>
    public static Module Create(ModelSpec spec)
    {
        if (spec.BackbonePrefix is not null && !IsKnown(spec.Architecture))
            throw new MarrowException(
                $"{spec.Architecture}: expected an architecture of the catalogue, found a module of its maker's own. "
                    + $"Build it with the maker's code."
            );
        var (task, backbone) = Find(spec.Architecture);
        if (spec.Channels < 1 || spec.Outputs < 1)
            throw new MarrowException(
                $"{spec.Architecture}: expected at least 1 channel and 1 output, found {spec.Channels} and "
                    + $"{spec.Outputs}."
            );
        var features = BackboneCatalogue.Create(backbone, spec.Channels);
        try
        {
            return task.Build(features, spec);
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }

    /// <summary>What the backbone's keys start with: "features." or, in a RetinaNet, "backbone.body.".</summary>
    public static string BackbonePrefix(string architecture) => Find(architecture).Task.BackbonePrefix;

    /// <summary>The same, also of a module of the user's own.</summary>
    public static string BackbonePrefix(ModelSpec spec) => spec.BackbonePrefix ?? BackbonePrefix(spec.Architecture);

    /// <summary>
    /// How many numbers a model has at least. It is held against a file of weights before anything is built: a config
    /// of a few bytes can name a model that no memory holds. 0 for a module of the user's own.
    /// </summary>
    internal static long LeastElements(ModelSpec spec) =>
        spec.BackbonePrefix is null ? Find(spec.Architecture).Task.LeastElements(spec) : 0;

    /// <summary>The task that models of this architecture are for.</summary>
    internal static string TaskOf(string architecture) => Find(architecture).Task.Name;

    /// <summary>"densenet121" of "retinanet-densenet121".</summary>
    public static string BackboneName(string architecture) => Find(architecture).Backbone;

    /// <summary>Whether it is an architecture of the catalogue, or of what was added to it.</summary>
    internal static bool IsKnown(string architecture) => TryFind(architecture) is not null;

    private static (TaskDescriptor Task, string Backbone) Find(string architecture) =>
        TryFind(architecture)
        ?? throw new MarrowException(
            $"Unknown architecture '{architecture}'. Known: {string.Join(", ", Names)}; for a module of your own give "
                + $"its {nameof(ModelSpec.BackbonePrefix)}."
        );

    private static (TaskDescriptor Task, string Backbone)? TryFind(string architecture)
    {
        foreach (var task in TaskCatalogue.All)
        {
            var prefix = task.ArchitecturePrefix;
            if (architecture.StartsWith(prefix, StringComparison.Ordinal)
                && BackboneCatalogue.All.ContainsKey(architecture[prefix.Length..]))
                return (task, architecture[prefix.Length..]);
        }
        return null;
    }
}
