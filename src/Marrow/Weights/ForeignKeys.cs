// Names of other programs are understood here and nowhere else: hub import and init: file ask the same. What a kind of
// backbone is called elsewhere stands in Backbones/. Data flow: the keys of a file -> the kind of backbone by its mark
// -> where its keys stand, and where those of a classifier's last layer do.

using Marrow.Backbones;

namespace Marrow.Weights;

/// <summary>Finds the backbone and the last layer of a classifier in a file of another program.</summary>
internal sealed class ForeignKeys
{
    /// <summary>The prefixes of the keys in Marrow's own classifiers.</summary>
    public const string OwnBackbone = "features.", OwnHead = "classifier.";

    /// <summary>
    /// The prefixes that wrappers put in front of every key: DataParallel, Lightning, and modules that hold the model
    /// in a field. They are removed as often as they occur.
    /// </summary>
    public static readonly IReadOnlyList<string> Wrappers = ["module.", "model.", "net.", "network.", "backbone."];

    private readonly string _outer;
    private readonly IReadOnlyDictionary<string, string>? _numbered;

    private ForeignKeys(
        BackboneSpelling kind, string backbone, IReadOnlySet<string> keys,
        IReadOnlyDictionary<string, string>? numbered)
    {
        (Kind, Backbone, _numbered) = (kind, backbone, numbered);
        _outer = backbone.EndsWith(OwnBackbone, StringComparison.Ordinal) ? backbone[..^OwnBackbone.Length] : backbone;
        Head = kind.Heads.Select(head => _outer + head).FirstOrDefault(head => keys.Contains(head + "weight"));
    }

    public BackboneSpelling Kind { get; }

    /// <summary>The prefix of the backbone's keys, such as "module.densenet121.features.".</summary>
    public string Backbone { get; }

    /// <summary>The prefix of the keys of a classifier's last layer; null when none was found.</summary>
    public string? Head { get; }

    /// <summary>
    /// Finds the backbone; null when no kind of backbone is found. When a file has several of one kind, the one with
    /// the most keys at the mark is taken and, among equals, the one with the shortest prefix.
    /// </summary>
    public static ForeignKeys? Of(IReadOnlySet<string> names)
    {
        foreach (var kind in BackboneCatalogue.Kinds)
        {
            if (kind.Numbered.Count > 0 && kind.Numbered.Keys.All(names.Contains))
                return new(kind, "", new HashSet<string>(), kind.Numbered);
            var keys = names.Select(kind.Own).ToHashSet(StringComparer.Ordinal);
            var marked = keys.Select(key => PrefixOf(key, kind.Mark)).OfType<string>()
                .CountBy(prefix => prefix).ToList();
            if (marked.Count > 0)
                return new(kind, marked.OrderBy(m => m.Key.Length).MaxBy(m => m.Value).Key, keys, null);
        }
        return null;
    }

    /// <summary>Returns a key of the file in Marrow's spelling, at the place that it has in the file.</summary>
    public string Spelled(string name) => _numbered?.GetValueOrDefault(name) ?? Kind.Own(name);

    /// <summary>Returns the key that a key of the file has in Marrow's classifier on that backbone.</summary>
    public string InClassifier(string name)
    {
        var key = Spelled(name);
        if (key.StartsWith(Backbone, StringComparison.Ordinal) && !IsHead(key))
            return OwnBackbone + key[Backbone.Length..];
        if (IsHead(key))
            return OwnHead + key[Head!.Length..];
        return Unwrap(key.StartsWith(_outer, StringComparison.Ordinal) ? key[_outer.Length..] : key);
    }

    /// <summary>Removes the prefixes of wrappers from a key, however deeply they are nested.</summary>
    public static string Unwrap(string key)
    {
        while (Wrappers.FirstOrDefault(w => key.StartsWith(w, StringComparison.Ordinal)) is { } wrapper)
            key = key[wrapper.Length..];
        return key;
    }

    private bool IsHead(string key) => Head is not null && key.StartsWith(Head, StringComparison.Ordinal);

    /// <summary>Returns what precedes the mark when a part of the key begins with it; otherwise null.</summary>
    private static string? PrefixOf(string key, string mark)
    {
        for (var at = 0; (at = key.IndexOf(mark, at, StringComparison.Ordinal)) >= 0; at++)
        {
            if (at == 0 || key[at - 1] == '.')
                return key[..at];
        }
        return null;
    }
}
