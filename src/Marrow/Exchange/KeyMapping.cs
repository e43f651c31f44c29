using Marrow.Backbones;
using Marrow.Weights;
using Marrow.Weights.PyTorch;

namespace Marrow.Exchange;

/// <summary>
/// Matches the keys of a file with those of Marrow's classifier on the backbone that was found in it. The shapes tell
/// which architecture it is.
/// </summary>
internal static class KeyMapping
{
    private const int NamedKeys = 5; // in an error; the rest is counted
    private const string Uncounted = "num_batches_tracked";

    /// <summary>
    /// Returns the entries by the keys that they have in the model, without those that stand beside it. Throws
    /// <see cref="MarrowException"/> when two entries get the same key.
    /// </summary>
    public static Dictionary<string, WeightEntry> Of(
        WeightFile file, IEnumerable<WeightEntry> entries, ForeignKeys keys)
    {
        var byKey = new Dictionary<string, WeightEntry>(StringComparer.Ordinal);
        foreach (var entry in entries.Where(e => !keys.IsBeside(e.Name)))
        {
            var key = keys.InClassifier(entry.Name);
            if (!byKey.TryAdd(key, entry))
                throw MarrowException.Bad(file.Path, $"one tensor for '{PickleReader.Shown(key)}'",
                    $"'{PickleReader.Shown(byKey[key].Name)}' and '{PickleReader.Shown(entry.Name)}'",
                    "Save the weights of one model alone.");
        }
        return byKey;
    }

    /// <summary>
    /// Returns the backbone of the catalogue that has these shapes. Throws <see cref="MarrowException"/> when none has
    /// them.
    /// </summary>
    public static string Architecture(ImportSource source, WeightFile file)
    {
        var kind = source.Kind;
        var shapes = source.Entries.Where(e => e.Key.StartsWith(ForeignKeys.OwnBackbone, StringComparison.Ordinal))
            .ToDictionary(e => e.Key[ForeignKeys.OwnBackbone.Length..], e => e.Value.Shape, StringComparer.Ordinal);
        var known = BackboneCatalogue.All.Where(backbone => backbone.Value.Spelling == kind).ToList();
        return known.Where(backbone => backbone.Value.Fits(shapes)).Select(backbone => backbone.Key).FirstOrDefault()
            ?? throw MarrowException.Bad(
                file.Path,
                $"the weights of {string.Join(", ", known.Select(backbone => backbone.Key))}",
                kind.Describe(shapes),
                "Name the file of such a model; others can warm-start nothing here." + source.AboutOthers);
    }

    /// <summary>
    /// Assigns an entry to each key of the model. The entry is null when the file lacks a key that does not matter.
    /// Throws <see cref="MarrowException"/> when a key is missing or has another shape, or when entries are left over;
    /// the message names all of them.
    /// </summary>
    public static Dictionary<string, WeightEntry?> Fit(
        IReadOnlyDictionary<string, long[]> model, ImportSource source, WeightFile file)
    {
        var (map, entries) = (source.Map, source.Entries);
        if ((LostNorms.ByNames(file.Path, entries.Values) ?? LostNorms.ByKeys(file.Path, model, entries)) is { } lost)
            throw lost;
        var dropped = map.Dropped.Select(d => d.Key).ToHashSet(StringComparer.Ordinal);
        var missing = model.Keys.Where(k => !entries.ContainsKey(k) && !k.EndsWith(Uncounted, StringComparison.Ordinal))
            .Select(k => $"'{k}' is missing");
        var left = entries.Where(e => !model.ContainsKey(e.Key) && !dropped.Contains(e.Key))
            .Select(e => $"'{PickleReader.Shown(e.Value.Name)}' has no place in the model").ToList();
        var other = entries
            .Where(e => model.TryGetValue(e.Key, out var shape) && !shape.AsSpan().SequenceEqual(e.Value.Shape))
            .Select(e =>
                $"'{PickleReader.Shown(e.Value.Name)}' is {ShapeText.Of(e.Value.Shape)} instead of "
                    + ShapeText.Of(model[e.Key])
                    + (e.Value.Shape.Length == 2 && e.Value.Shape.Reverse().SequenceEqual(model[e.Key])
                        ? ", a transposed matrix: say so in a map of keys (--keys)"
                        : "")
            );
        List<string> faults = [.. missing, .. left, .. other];
        if (faults.Count > 0)
        {
            var more = faults.Count > NamedKeys ? $"; and {faults.Count - NamedKeys} more" : "";
            throw MarrowException.Bad(file.Path, $"each weight of the model once, by the map {map.Name}",
                string.Join("; ", faults.Take(NamedKeys)) + more,
                $"Name another map ({string.Join(", ", ImportMaps.All.Keys)}), "
                    + (left.Count > 0
                        ? "leave out what is no part of the model by a map of keys (\"drop\", --keys) or by naming the "
                            + "part that is (--part), "
                        : "")
                    + $"or take over what fits by a warm start: init: {file.Reference}."
                    + LostNorms.AboutMatrices(entries.Values)
                    + source.AboutOthers
            );
        }
        return model.Keys.ToDictionary(k => k, k => entries.GetValueOrDefault(k), StringComparer.Ordinal);
    }
}
