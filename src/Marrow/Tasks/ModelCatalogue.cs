using Marrow.Backbones;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// The catalogue of architectures by name: a backbone alone, which is a classifier, or a backbone with the head of
/// another task, whose prefix precedes the backbone's name.
/// </summary>
internal static class ModelCatalogue
{
    /// <summary>The names of all architectures.</summary>
    public static IReadOnlyList<string> Names => [.. TaskCatalogue.All.SelectMany(task => task.Architectures)];

    /// <summary>
    /// Creates a model with random weights, drawn from torch's global generator. The caller disposes it. Throws
    /// <see cref="MarrowException"/> for an unknown architecture and for a user's own module.
    /// </summary>
    public static Module Create(ModelSpec spec)
    {
        if (spec.BackbonePrefix is not null && !IsKnown(spec.Architecture))
            throw new MarrowException(
                $"{spec.Architecture}: expected an architecture of the catalogue, found a module of its maker's own. "
                    + $"Build it with the maker's code."
            );
        if (spec.Channels < 1 || spec.Outputs < 1)
            throw new MarrowException(
                $"{spec.Architecture}: expected at least 1 channel and 1 output, found {spec.Channels} and "
                    + $"{spec.Outputs}."
            );
        return BuildOn(BackboneCatalogue.Create(BackboneName(spec.Architecture), spec.Channels), spec);
    }

    /// <summary>
    /// Builds a model on a backbone, which the model owns from then on. When that is impossible, the backbone is
    /// disposed.
    /// </summary>
    internal static Module BuildOn(Backbone backbone, ModelSpec spec)
    {
        try
        {
            return Find(spec.Architecture).Task.Build(backbone, spec);
        }
        catch
        {
            backbone.Dispose();
            throw;
        }
    }

    /// <summary>Returns the prefix of the backbone's keys: "features." or, in a RetinaNet, "backbone.body.".</summary>
    public static string BackbonePrefix(string architecture) => Find(architecture).Task.BackbonePrefix;

    /// <summary>Returns the prefix of the backbone's keys, also for a user's own module.</summary>
    public static string BackbonePrefix(ModelSpec spec) => spec.BackbonePrefix ?? BackbonePrefix(spec.Architecture);

    /// <summary>
    /// Returns a lower bound of the number of elements of a model; 0 for a user's own module. It is compared with the
    /// file of weights before anything is built, since a config of a few bytes can describe a model that no memory
    /// could hold.
    /// </summary>
    internal static long LeastElements(ModelSpec spec) =>
        spec.BackbonePrefix is null ? Find(spec.Architecture).Task.LeastElements(spec) : 0;

    /// <summary>Returns the name of the task that an architecture serves.</summary>
    internal static string TaskOf(string architecture) => Find(architecture).Task.Name;

    /// <summary>Returns the name of the backbone, such as "densenet121" for "retinanet-densenet121".</summary>
    public static string BackboneName(string architecture) => Find(architecture).Backbone;

    /// <summary>Returns true when the architecture is in the catalogue, including those of added tasks.</summary>
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
