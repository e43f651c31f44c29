using System.Globalization;
using System.Text.RegularExpressions;
using Marrow.Backbones;
using Marrow.Weights;
using Marrow.Weights.PyTorch;

namespace Marrow.Exchange;

/// <summary>
/// Keys of a file to keys of a DenseNet: wrappers' prefixes off, dense layers spelled as torchvision does, the map's own
/// renames. The architecture is told by the layers of each block and the widths of the first convolutions.
/// </summary>
internal static partial class KeyMapping
{
    private const int NamedKeys = 5; // in an error; the rest is counted
    private const string Uncounted = "num_batches_tracked";

    /// <summary>Without the wrappers' prefixes, however deep they are nested.</summary>
    public static string Unwrap(string key)
    {
        while (ImportMaps.Wrappers.FirstOrDefault(w => key.StartsWith(w, StringComparison.Ordinal)) is { } wrapper)
            key = key[wrapper.Length..];
        return key;
    }

    public static string Rename(string key, ImportMap map)
    {
        key = DenseNetSpelling.Modern(Unwrap(key));
        foreach (var rule in map.Renames.Where(r => key.StartsWith(r.From, StringComparison.Ordinal)))
            key = rule.To + key[rule.From.Length..];
        return key;
    }

    /// <summary>The file's entries by their keys in the model. Throws <see cref="MarrowException"/> when two become one.</summary>
    public static Dictionary<string, WeightEntry> Of(WeightFile file, ImportMap map)
    {
        var byKey = new Dictionary<string, WeightEntry>(StringComparer.Ordinal);
        foreach (var entry in file.Entries)
        {
            var key = Rename(entry.Name, map);
            if (!byKey.TryAdd(key, entry))
                throw MarrowException.Bad(file.Path, $"one tensor for '{PickleReader.Shown(key)}'", $"'{PickleReader.Shown(byKey[key].Name)}' and '{PickleReader.Shown(entry.Name)}'", "Save the weights of one model alone.");
        }
        return byKey;
    }

    /// <summary>The backbones that weights from elsewhere can be imported as, by name.</summary>
    public static IReadOnlyDictionary<string, DenseNetShape> DenseNets { get; } =
        BackboneCatalogue.All.Where(entry => entry.Value is DenseNetShape)
            .ToDictionary(entry => entry.Key, entry => (DenseNetShape)entry.Value);

    /// <summary>The backbone whose blocks have these layers. Throws <see cref="MarrowException"/> when none has.</summary>
    public static string Architecture(IReadOnlyDictionary<string, WeightEntry> entries, string path)
    {
        var layers = entries.Keys.Select(k => Layer().Match(k)).Where(m => m.Success)
            .Select(m => (Block: m.Groups[1].Value, Layer: m.Groups[2].Value)).Distinct().CountBy(l => l.Block)
            .OrderBy(b => b.Key.Length).ThenBy(b => b.Key, StringComparer.Ordinal).Select(b => b.Value).ToArray();
        var (stem, growth) = (Side("features.conv0.weight", 0), Side("features.denseblock1.denselayer1.conv2.weight", 0));
        foreach (var (name, shape) in DenseNets)
        {
            if (shape.BlockLayers.SequenceEqual(layers) && shape.StemChannels == stem && shape.Growth == growth)
                return name;
        }
        throw MarrowException.Bad(path, $"the weights of {string.Join(", ", DenseNets.Keys)}",
            layers.Length == 0 ? "no dense blocks" : string.Create(CultureInfo.InvariantCulture, $"dense blocks of {string.Join(", ", layers.Take(8))} layers, {stem} channels in the stem, growth {growth}"),
            "Name the file of such a model; others can warm-start nothing here.");

        long Side(string key, int axis) => entries.TryGetValue(key, out var entry) && entry.Shape.Length > axis ? entry.Shape[axis] : 0;
    }

    /// <summary>
    /// Each key of the model to its entry; null where the file has none and it does not count. Throws
    /// <see cref="MarrowException"/> when a key is missing or of another shape, or an entry is left over: all are named.
    /// </summary>
    public static Dictionary<string, WeightEntry?> Fit(IReadOnlyDictionary<string, long[]> model, IReadOnlyDictionary<string, WeightEntry> entries, ImportMap map, string path)
    {
        var dropped = map.Dropped.Select(d => d.Key).ToHashSet(StringComparer.Ordinal);
        var faults = model.Keys.Where(k => !entries.ContainsKey(k) && !k.EndsWith(Uncounted, StringComparison.Ordinal)).Select(k => $"'{k}' is missing")
            .Concat(entries.Where(e => !model.ContainsKey(e.Key) && !dropped.Contains(e.Key)).Select(e => $"'{PickleReader.Shown(e.Value.Name)}' has no place in the model"))
            .Concat(entries.Where(e => model.TryGetValue(e.Key, out var shape) && !shape.AsSpan().SequenceEqual(e.Value.Shape)).Select(e => $"'{PickleReader.Shown(e.Value.Name)}' is {ShapeText.Of(e.Value.Shape)} instead of {ShapeText.Of(model[e.Key])}"))
            .ToList();
        if (faults.Count > 0)
        {
            throw MarrowException.Bad(path, $"each weight of the model once, by the map {map.Name}", string.Join("; ", faults.Take(NamedKeys)) + (faults.Count > NamedKeys ? $"; and {faults.Count - NamedKeys} more" : ""),
                $"Name another map ({string.Join(", ", ImportMaps.All.Keys)}), or take over what fits by a warm start: init: {System.IO.Path.GetFileName(path)}.");
        }
        return model.Keys.ToDictionary(k => k, k => entries.GetValueOrDefault(k), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^features\.denseblock(\d+)\.denselayer(\d+)\.", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
