using Marrow.Computing;

namespace Marrow.Backbones;

/// <summary>
/// Every backbone by name. A new one is a file and a line here; each task has an architecture of it. A program that
/// uses Marrow as a library adds its own by <see cref="Add"/>.
/// </summary>
public static class BackboneCatalogue
{
    private const int Levels = 5;

    private static readonly Lock Adding = new();

    /// <summary>
    /// Of DenseNet's: Huang et al. 2017, table 1; densenet-mini is Marrow's own, for CPUs (0.2 M parameters). Of
    /// ResNet's: He et al. 2016, table 1; resnet18-mlnet is what ML.NET calls ResNet18, with one block more in the last
    /// layer. Most of its weights (13 of 16 million) stand in that layer, where a map of 1/32 has little to say of
    /// places: resnet16-mlnet has one block of 256 channels there instead, and is a quarter of the size.
    /// </summary>
    private static readonly Dictionary<string, BackboneShape> BuiltIn = new()
    {
        ["densenet121"] = new DenseNetShape(64, 32, 4, [6, 12, 24, 16]),
        ["densenet169"] = new DenseNetShape(64, 32, 4, [6, 12, 32, 32]),
        ["densenet201"] = new DenseNetShape(64, 32, 4, [6, 12, 48, 32]),
        ["densenet-mini"] = new DenseNetShape(32, 16, 4, [2, 4, 6, 4]),
        ["resnet18"] = new ResNetShape([2, 2, 2, 2]),
        ["resnet34"] = new ResNetShape([3, 4, 6, 3]),
        ["resnet50"] = new ResNetShape([3, 4, 6, 3], bottlenecks: true),
        ["resnet18-mlnet"] = new ResNetShape([2, 2, 2, 3], padding: StridePadding.SameLower),
        ["resnet16-mlnet"] = new ResNetShape([2, 2, 2, 1], padding: StridePadding.SameLower, mostWidth: 256),
    };

    private static volatile IReadOnlyDictionary<string, BackboneShape> _all = BuiltIn;

    /// <summary>Those of Marrow, then those that were added.</summary>
    internal static IReadOnlyDictionary<string, BackboneShape> All => _all;

    /// <summary>Every name there is, "densenet121" first.</summary>
    internal static IReadOnlyList<string> Names => [.. All.Keys];

    /// <summary>The kinds of backbones that other programs have as well, in the catalogue's order.</summary>
    internal static IReadOnlyList<BackboneSpelling> Kinds { get; } =
        [.. BuiltIn.Values.Select(shape => shape.Spelling).OfType<BackboneSpelling>().Distinct()];

    /// <summary>
    /// Adds a backbone of one's own, for as long as the process lives: recipes and checkpoints then know it by its name
    /// and every task has an architecture of it, "points-mynet". Only a process that has added it can use its
    /// checkpoints. Throws <see cref="ArgumentException"/> for a name that is taken or is none, and for a backbone that
    /// has not one map and one stage for each of C1 to C5.
    /// </summary>
    /// <param name="name">Lower-case letters, digits, '-' and '_'.</param>
    /// <param name="create">Images' channels to a new backbone, whose weights are drawn from torch's generator.</param>
    public static void Add(string name, Func<int, Backbone> create)
    {
        using var sample = TorchGenerator.Kept(() => create(1));
        if (!sample.Levels.Select(level => level.Stride).SequenceEqual(Enumerable.Range(1, Levels).Select(l => 1 << l))
            || sample.Stages.Count != Levels)
            throw new ArgumentException(
                $"{name}: expected a map and a stage for each of C1 to C5, of stride 2, 4, 8, 16 and 32; found strides "
                    + $"{string.Join(", ", sample.Levels.Select(level => level.Stride))} and {sample.Stages.Count} "
                    + "stages.",
                nameof(create));
        lock (Adding)
        {
            // "points-mynet" is the architecture of a task on "mynet": a backbone of that name would be taken for it.
            if (!CheckpointName.IsPart(name)
                || Names.Any(other => name == other || EndsWith(name, other) || EndsWith(other, name)))
                throw new ArgumentException(
                    "Expected a name of lower-case letters, digits, '-' and '_' that is not taken and ends with none "
                        + $"of {string.Join(", ", Names)}; found '{name}'.",
                    nameof(name));
            _all = new Dictionary<string, BackboneShape>(_all) { [name] = new AddedShape(sample, create) };
        }

        static bool EndsWith(string whole, string end) => whole.EndsWith("-" + end, StringComparison.Ordinal);
    }

    /// <summary>
    /// A new backbone with random weights, drawn from torch's global generator; the caller disposes it. Throws
    /// <see cref="MarrowException"/> for an unknown name and for less than 1 channel.
    /// </summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="channels">Of the images.</param>
    internal static Backbone Create(string name, int channels)
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

    /// <summary>A backbone that another program added.</summary>
    private sealed class AddedShape(Backbone sample, Func<int, Backbone> create) : BackboneShape
    {
        public override IReadOnlyList<BackboneLevel> Levels { get; } = sample.Levels;

        public override IReadOnlyList<BackboneStage> Stages { get; } = sample.Stages;

        public override Backbone Build(int channels) => create(channels);
    }
}
