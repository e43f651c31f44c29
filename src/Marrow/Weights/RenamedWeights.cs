using TorchSharp;

namespace Marrow.Weights;

/// <summary>Where a tensor of a file goes: its new key, and the order in which its axes are taken.</summary>
/// <param name="Key">The key that it gets; null for a tensor that is left out.</param>
/// <param name="Axes">For each axis of the new tensor the axis of the old one; null to leave them in order.</param>
internal sealed record RenamedKey(string? Key, IReadOnlyList<int>? Axes = null)
{
    /// <summary>The transpose of a matrix.</summary>
    public static readonly IReadOnlyList<int> Transpose = [1, 0];
}

/// <summary>
/// The weights of a file under other keys, some of them with their axes in another order. Tensors that the map does not
/// name keep their keys. Disposing it closes the file.
/// </summary>
internal sealed class RenamedWeights : WeightFile
{
    private readonly WeightFile _inner;
    private readonly Dictionary<string, (string Name, IReadOnlyList<int>? Axes)> _sources;

    private RenamedWeights(
        WeightFile inner,
        IReadOnlyList<WeightEntry> entries,
        Dictionary<string, (string Name, IReadOnlyList<int>? Axes)> sources)
        : base(inner.Path, inner.Files, entries)
    {
        (_inner, Entries, _sources) = (inner, entries, sources);
        (Part, KeyPart) = (inner.Part, inner.KeyPart);
    }

    internal override IReadOnlyList<WeightEntry> Entries { get; }

    internal override IReadOnlyDictionary<string, string> Notes => _inner.Notes;

    internal override string Place => _inner.Place;

    internal override IReadOnlyList<string> Others => _inner.Others;

    internal override IReadOnlyList<string> OtherParts => _inner.OtherParts;

    /// <summary>
    /// Returns the file under the keys of a map. Throws <see cref="MarrowException"/> when the file lacks a key of the
    /// map, when two tensors get one key, and when axes do not fit their tensor.
    /// </summary>
    /// <param name="map">What becomes of each tensor, by its key in the file.</param>
    /// <param name="mapPath">The path of the map, for messages.</param>
    public static RenamedWeights Of(WeightFile file, IReadOnlyDictionary<string, RenamedKey> map, string mapPath)
    {
        if (map.Keys.FirstOrDefault(key => !file.Contains(key)) is { } unknown)
            throw MarrowException.Bad(
                mapPath,
                $"keys that {file.Path} has",
                $"'{Shown(unknown)}'",
                $"The nearest: {string.Join(", ", NearestNames.Of(unknown, file.Entries.Select(e => e.Name), 3))}.");
        var entries = new List<WeightEntry>();
        var sources = new Dictionary<string, (string Name, IReadOnlyList<int>? Axes)>(StringComparer.Ordinal);
        foreach (var entry in file.Entries)
        {
            var (key, axes) = map.GetValueOrDefault(entry.Name) is { } renamed
                ? (renamed.Key, renamed.Axes)
                : (entry.Name, null);
            if (key is null)
                continue;
            if (!sources.TryAdd(key, (entry.Name, axes)))
                throw MarrowException.Bad(
                    mapPath,
                    $"one tensor for the key '{Shown(key)}'",
                    $"'{Shown(sources[key].Name)}' and '{Shown(entry.Name)}'",
                    "Give each a key of its own, or leave one out (\"drop\").");
            if (axes is not null && !axes.Order().SequenceEqual(Enumerable.Range(0, entry.Shape.Length)))
                throw MarrowException.Bad(
                    mapPath,
                    $"each axis of '{Shown(entry.Name)}' {ShapeText.Of(entry.Shape)} once",
                    $"[{string.Join(", ", axes)}]",
                    "A transpose is [1, 0], of matrices only; name as many axes as the tensor has.");
            entries.Add(new RenamedEntry(key, entry.Type, axes is null
                ? entry.Shape
                : [.. axes.Select(axis => entry.Shape[axis])]));
        }
        return new(file, entries, sources);
    }

    internal override torch.Tensor Read(string name)
    {
        Find(name);
        var (source, axes) = _sources[name];
        var stored = _inner.Read(source);
        if (axes is null)
            return stored;
        using (stored)
        using (var turned = stored.permute([.. axes.Select(axis => (long)axis)]))
            return turned.contiguous();
    }

    private static string Shown(string text) => PyTorch.PickleReader.Shown(text);

    private sealed record RenamedEntry(string Name, torch.ScalarType Type, long[] Shape)
        : WeightEntry(Name, Type, Shape);
}
