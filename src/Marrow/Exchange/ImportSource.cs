using System.Globalization;
using Marrow.Backbones;
using Marrow.Checkpoints.Transfer;
using Marrow.Computing;
using Marrow.Weights;
using Marrow.Weights.PyTorch;
using static TorchSharp.torch;

namespace Marrow.Exchange;

/// <summary>
/// What was recognised in a file of weights: its kind of backbone, its import map, and its entries by Marrow's keys.
/// </summary>
internal sealed class ImportSource
{
    private readonly string _firstConvolution;

    private ImportSource(
        ImportMap map, ForeignKeys keys, Dictionary<string, WeightEntry> entries, int channels, int outputs)
    {
        (Map, Kind, Entries, Channels, Outputs) = (map, keys.Kind, entries, channels, outputs);
        _firstConvolution = ForeignKeys.OwnBackbone + Kind.FirstConvolution;
    }

    public ImportMap Map { get; }

    /// <summary>
    /// True when nothing in the file tells its source, so that the map of torchvision's models of the same kind was
    /// taken.
    /// </summary>
    public bool IsGuessed { get; private init; }

    public BackboneSpelling Kind { get; }

    public IReadOnlyDictionary<string, WeightEntry> Entries { get; }

    /// <summary>
    /// What was left in the file beside the model, for the reader: keys, and parts with the number of their tensors.
    /// </summary>
    public IReadOnlyList<string> Left { get; private init; } = [];

    /// <summary>The parts of the file that have further weights; each can be asked for by its name.</summary>
    public IReadOnlyList<string> OtherParts { get; private init; } = [];

    /// <summary>Says how those parts are named, for errors about what was read; "" when all was.</summary>
    public string AboutOthers { get; private init; } = "";

    /// <summary>The number of input channels of the first convolution; 0 when it was not found.</summary>
    public int Channels { get; }

    /// <summary>The number of outputs of the classifier; 0 when it was not found.</summary>
    public int Outputs { get; }

    /// <summary>
    /// Recognises the source of a file. Throws <see cref="MarrowException"/> when the file has no known backbone, and
    /// when it has no classifier.
    /// </summary>
    /// <param name="given">The map that the user asked for; null to recognise it.</param>
    public static ImportSource Of(WeightFile file, ImportMap? given)
    {
        var asked = ForeignKeys.Asked(file);
        if (ForeignKeys.Of(asked.Select(e => e.Name).ToHashSet(StringComparer.Ordinal)) is not { } keys)
            throw ArchitectureGuess.Unknown(file);
        var entries = KeyMapping.Of(file, asked, keys);
        var channels = Side(entries, ForeignKeys.OwnBackbone + keys.Kind.FirstConvolution, 1);
        var outputs = OutputsOf(entries);
        var names = asked.Select(e => ForeignKeys.Unwrap(e.Name)).ToHashSet(StringComparer.Ordinal);
        var facts = new SourceFacts(keys.Kind.Kind, names, channels, outputs, file.Notes);
        var map = given ?? ImportMaps.All.Values.FirstOrDefault(
            m => (m.Kind ?? facts.Kind) == facts.Kind && m.Recognises(facts));
        if (keys.Head is null && map?.IsWithoutHead != true)
            throw ArchitectureGuess.Unknown(file, keys);
        var isGuessed = map is null;
        map ??= ImportMaps.Like(keys.Kind)
            ?? throw MarrowException.Bad(file.Path,
                $"weights of a known source ({string.Join(", ", ImportMaps.All.Keys)})",
                $"{channels} input channels, {outputs} outputs and keys such as "
                    + $"{string.Join(", ", names.Take(3).Select(PickleReader.Shown))}",
                "Name the map that they are closest to (--map), with the classes (--classes).");
        if (map.Kind is { } kind && kind != facts.Kind)
            throw MarrowException.Bad(file.Path, $"a {kind}, which the map {map.Name} is for", $"a {facts.Kind}",
                $"Name another map ({string.Join(", ", ImportMaps.All.Keys)}), or none.");
        var others = ForeignKeys.OthersIn(file, keys);
        return new(map, keys, entries, channels, outputs)
        {
            IsGuessed = isGuessed,
            Left = LeftOf(file, entries),
            OtherParts = others,
            AboutOthers = file.AboutOthers(others),
        };
    }

    /// <summary>Returns the map of that name. Throws <see cref="MarrowException"/> when there is none.</summary>
    public static ImportMap Named(string name) => ImportMaps.All.TryGetValue(name, out var map)
        ? map
        : throw new MarrowException($"Unknown map '{name}'. Known: {string.Join(", ", ImportMaps.All.Keys)}.");

    /// <summary>
    /// Returns the names that the source gives its outputs; empty when it has no names, and when the source is not
    /// known: as many outputs as ImageNet has classes are not yet those.
    /// </summary>
    public IReadOnlyList<string> NamesOf(int outputs) => Map.IsWithoutHead
        ? [.. Enumerable.Range(0, outputs).Select(i => $"feature-{i.ToString("0000", CultureInfo.InvariantCulture)}")]
        : IsGuessed ? [] : Map.Classes;

    /// <summary>Returns the shapes that the file must have to fit a model with these shapes.</summary>
    public IReadOnlyDictionary<string, long[]> ShapesIn(IReadOnlyDictionary<string, long[]> model) => model
        .Where(shape => !Map.IsWithoutHead || !shape.Key.StartsWith(ForeignKeys.OwnHead, StringComparison.Ordinal))
        .ToDictionary(shape => shape.Key, shape => Map.GreyFactor is not null && shape.Key == _firstConvolution
            ? [shape.Value[0], Channels, .. shape.Value[2..]]
            : shape.Value, StringComparer.Ordinal);

    /// <summary>
    /// Converts the first convolution to grey images when the map asks for that. Returns every other tensor unchanged.
    /// </summary>
    public Tensor Grey(string key, Tensor weights)
    {
        if (Map.GreyFactor is not { } factor || key != _firstConvolution)
            return weights;
        using var grey = WarmStart.AdaptChannels(weights, 1);
        return grey * Scalars.Of(factor);
    }

    /// <summary>
    /// Returns the identity as the last layer when the source has no classifier, and otherwise nothing.
    /// </summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Head(int outputs) =>
        Map.IsWithoutHead
            ?
            [
                new($"{ForeignKeys.OwnHead}weight", eye(outputs, device: CPU)),
                new($"{ForeignKeys.OwnHead}bias", zeros(outputs, device: CPU)),
            ]
            : [];

    /// <summary>
    /// Returns the number of outputs of the last layer. The bias tells it where the weights are a transposed matrix, so
    /// that the error names the transpose and not a number of classes that nobody has.
    /// </summary>
    private static int OutputsOf(IReadOnlyDictionary<string, WeightEntry> entries)
    {
        var (rows, columns, biases) = (
            Side(entries, $"{ForeignKeys.OwnHead}weight", 0),
            Side(entries, $"{ForeignKeys.OwnHead}weight", 1),
            Side(entries, $"{ForeignKeys.OwnHead}bias", 0));
        return rows > 0 && biases > 0 && rows != biases && columns == biases ? biases : rows;
    }

    /// <summary>Names the tensors that are no part of the model, those of one field together.</summary>
    private static List<string> LeftOf(WeightFile file, Dictionary<string, WeightEntry> entries)
    {
        var taken = entries.Values.ToHashSet();
        return
        [
            .. file.Entries.Where(e => !taken.Contains(e)).GroupBy(e => e.Name.Split('.')[0])
                .Select(field => field.Count() == 1
                    ? PickleReader.Shown(field.First().Name)
                    : $"{PickleReader.Shown(field.Key)} ({field.Count()} tensors)"),
        ];
    }

    private static int Side(IReadOnlyDictionary<string, WeightEntry> entries, string key, int axis) =>
        entries.TryGetValue(key, out var entry) && entry.Shape.Length > axis
            ? (int)Math.Min(entry.Shape[axis], int.MaxValue)
            : 0;
}
