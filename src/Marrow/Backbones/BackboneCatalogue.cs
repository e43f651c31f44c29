namespace Marrow.Backbones;

/// <summary>Every backbone by name. A new one is a file and a line here; each task has an architecture of it.</summary>
internal static class BackboneCatalogue
{
    /// <summary>
    /// Of DenseNet's: Huang et al. 2017, table 1; densenet-mini is Marrow's own, for CPUs (0.2 M parameters). Of
    /// ResNet's: He et al. 2016, table 1; resnet18-mlnet is what ML.NET calls ResNet18, with one block more in the last
    /// layer.
    /// </summary>
    internal static readonly IReadOnlyDictionary<string, BackboneShape> All = new Dictionary<string, BackboneShape>
    {
        ["densenet121"] = new DenseNetShape(64, 32, 4, [6, 12, 24, 16]),
        ["densenet169"] = new DenseNetShape(64, 32, 4, [6, 12, 32, 32]),
        ["densenet201"] = new DenseNetShape(64, 32, 4, [6, 12, 48, 32]),
        ["densenet-mini"] = new DenseNetShape(32, 16, 4, [2, 4, 6, 4]),
        ["resnet18"] = new ResNetShape([2, 2, 2, 2]),
        ["resnet34"] = new ResNetShape([3, 4, 6, 3]),
        ["resnet50"] = new ResNetShape([3, 4, 6, 3], bottlenecks: true),
        ["resnet18-mlnet"] = new ResNetShape([2, 2, 2, 3], padding: StridePadding.SameLower),
    };

    /// <summary>Every name there is, "densenet121" first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Keys];

    /// <summary>The kinds of backbones, in the catalogue's order.</summary>
    internal static IReadOnlyList<BackboneSpelling> Kinds { get; } =
        [.. All.Values.Select(shape => shape.Spelling).Distinct()];

    /// <summary>
    /// A new backbone with random weights, drawn from torch's global generator; the caller disposes it. Throws
    /// <see cref="MarrowException"/> for an unknown name and for less than 1 channel.
    /// </summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="channels">Of the images.</param>
    public static Backbone Create(string name, int channels)
    {
        var shape = Get(name);
        if (channels < 1)
            throw new MarrowException($"{name}: expected at least 1 channel, found {channels}.");
        return shape.Build(channels);
    }

    /// <summary>Throws <see cref="MarrowException"/> for an unknown name.</summary>
    internal static BackboneShape Get(string name) => All.TryGetValue(name, out var shape)
        ? shape
        : throw MarrowException.Bad("backbone", $"one of {string.Join(", ", Names)}", $"'{name}'", "Correct it.");
}
