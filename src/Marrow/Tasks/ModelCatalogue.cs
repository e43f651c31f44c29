using Marrow.Backbones;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using Marrow.Tasks.Pretrain;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>Every architecture by name: a backbone alone (a classifier), or with the head of another task in front.</summary>
public static class ModelCatalogue
{
    /// <summary>Huang et al. 2017, table 1; densenet-mini is Marrow's own, for CPUs (0.2 M parameters).</summary>
    public static readonly IReadOnlyDictionary<string, DenseNetShape> Backbones = new Dictionary<string, DenseNetShape>
    {
        ["densenet121"] = new(64, 32, 4, [6, 12, 24, 16]),
        ["densenet169"] = new(64, 32, 4, [6, 12, 32, 32]),
        ["densenet201"] = new(64, 32, 4, [6, 12, 48, 32]),
        ["densenet-mini"] = new(32, 16, 4, [2, 4, 6, 4]),
    };

    private sealed record Head(string BackbonePrefix, Func<DenseNetShape, ModelSpec, Module> Build);

    /// <summary>By what stands before the backbone's name.</summary>
    private static readonly Dictionary<string, Head> Heads = new()
    {
        [""] = new("features.", (shape, spec) => new DenseNet(shape, spec.Channels, spec.Outputs)),
        ["retinanet-"] = new("backbone.body.", (shape, spec) => new RetinaNet(shape, spec.Channels, spec.Detector ?? new())),
        ["regress-"] = new("features.", (shape, spec) => new NumberRegressor(shape, spec.Channels, spec.Outputs)),
        ["points-"] = new("features.", (shape, spec) => new PointLocator(shape, spec.Channels, spec.Outputs)),
        ["cobb-"] = new("features.", (shape, spec) => new CobbRegressor(shape, spec.Channels, spec.Outputs)),
        ["segment-"] = new("features.", (shape, spec) => new SegmentationNet(shape, spec.Channels, spec.Outputs)),
        ["pretrain-"] = new("features.", (shape, spec) => new MaskedAutoencoder(shape, spec.Channels)),
    };

    /// <summary>Every architecture name there is.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Heads.Keys.SelectMany(head => Backbones.Keys.Select(b => head + b))];

    /// <summary>
    /// A new model with random weights, drawn from torch's global generator; the caller disposes it. Throws
    /// <see cref="MarrowException"/> for an unknown architecture and for a module of the user's own.
    /// </summary>
    public static Module Create(ModelSpec spec)
    {
        if (spec.BackbonePrefix is not null)
            throw new MarrowException($"{spec.Architecture}: expected an architecture of the catalogue, found a module of its maker's own. Build it with the maker's code.");
        var (head, backbone) = Find(spec.Architecture);
        if (spec.Channels < 1 || spec.Outputs < 1)
            throw new MarrowException($"{spec.Architecture}: expected at least 1 channel and 1 output, found {spec.Channels} and {spec.Outputs}.");
        return head.Build(Backbones[backbone], spec);
    }

    /// <summary>What the backbone's keys start with: "features." or, in a RetinaNet, "backbone.body.".</summary>
    public static string BackbonePrefix(string architecture) => Find(architecture).Head.BackbonePrefix;

    /// <summary>The same, also of a module of the user's own.</summary>
    public static string BackbonePrefix(ModelSpec spec) => spec.BackbonePrefix ?? BackbonePrefix(spec.Architecture);

    /// <summary>"densenet121" of "retinanet-densenet121".</summary>
    public static string BackboneName(string architecture) => Find(architecture).Backbone;

    private static (Head Head, string Backbone) Find(string architecture)
    {
        foreach (var (prefix, head) in Heads)
        {
            if (architecture.StartsWith(prefix, StringComparison.Ordinal) && Backbones.ContainsKey(architecture[prefix.Length..]))
                return (head, architecture[prefix.Length..]);
        }
        throw new MarrowException($"Unknown architecture '{architecture}'. Known: {string.Join(", ", Names)}; for a module of your own give its {nameof(ModelSpec.BackbonePrefix)}.");
    }
}
