// Names of other programs are understood here and nowhere else: hub import and init: file ask the same. What a kind of
// backbone is called elsewhere stands in Backbones/. Data flow: the keys of a file -> those of the part that is meant
// -> the kind of backbone by its mark -> where its keys stand, and where those of a classifier's last layer do.

using Marrow.Backbones;

namespace Marrow.Weights;

/// <summary>Finds the backbone and the last layer of a classifier in a file of another program.</summary>
internal sealed class ForeignKeys
{
    /// <summary>The prefixes of the keys in Marrow's own classifiers.</summary>
    public const string OwnBackbone = "features.", OwnHead = "classifier.";

    /// <summary>
    /// The prefixes that wrappers put in front of every key: DataParallel and its kin, torch.compile, averages of
    /// weights, Lightning, and modules that hold the model in a field. They are removed as often as they occur.
    /// </summary>
    public static readonly IReadOnlyList<string> Wrappers =
    [
        "module.",
        "_orig_mod.",
        "_fsdp_wrapped_module.",
        "model.",
        "net.",
        "network.",
        "backbone.",
        "encoder.",
        "student.",
        "teacher.",
        "ema_model.",
        "model_ema.",
        "ema.",
    ];

    /// <summary>
    /// Parts of keys that PyTorch's own wrappers put before the keys of the module that they wrap, wherever in a model
    /// that module stands: those of torch.compile, of sharding and of checkpointing activations.
    /// </summary>
    private static readonly string[] Inserted =
        ["_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."];

    /// <summary>
    /// The count of steps that AveragedModel keeps beside the averaged weights (torch/optim/swa_utils.py).
    /// </summary>
    private const string AveragedSteps = "n_averaged";

    private const int NamedParts = 10; // in an error
    private const int MostParts = 100; // that are named as further weights of a file
    private const int LongestPrefix = 256; // characters; what stands before a backbone's keys in any program is shorter

    private readonly string _outer;
    private readonly string[] _around;
    private readonly HashSet<string> _averaged;
    private readonly IReadOnlyDictionary<string, string>? _numbered;

    private ForeignKeys(
        BackboneSpelling kind, string backbone, IReadOnlySet<string> keys,
        IReadOnlyDictionary<string, string>? numbered, IReadOnlyList<string> otherParts)
    {
        (Kind, Backbone, _numbered, OtherParts) = (kind, backbone, numbered, [.. otherParts.Take(MostParts)]);
        _averaged = otherParts.Where(WeightParts.IsAveraged).ToHashSet(StringComparer.Ordinal);
        _outer = backbone.EndsWith(OwnBackbone, StringComparison.Ordinal) ? backbone[..^OwnBackbone.Length] : backbone;
        var (root, found) = Fields(_outer)
            .SelectMany(field => kind.Heads.Select(head => (Field: field, Head: field + head)))
            .FirstOrDefault(place => keys.Contains(place.Head + "weight"));
        (Head, _around) = (found, (root ?? _outer).Split('.'));
    }

    public BackboneSpelling Kind { get; }

    /// <summary>The prefix of the backbone's keys, such as "module.densenet121.features.".</summary>
    public string Backbone { get; }

    /// <summary>The prefix of the keys of a classifier's last layer; null when none was found.</summary>
    public string? Head { get; }

    /// <summary>
    /// The parts of the file that have a backbone of the same kind and were not taken, such as "teacher"; a hundred at
    /// most. Each can be asked for.
    /// </summary>
    public IReadOnlyList<string> OtherParts { get; }

    /// <summary>
    /// Returns the tensors of the part that was asked for, or all of them. Throws <see cref="MarrowException"/> when no
    /// key belongs to that part.
    /// </summary>
    public static IReadOnlyList<WeightEntry> Asked(WeightFile file)
    {
        if (file.KeyPart is not { } part)
            return file.Entries;
        // Keys begin with the part, or wrappers stand before it: "module.teacher.layer1.0.conv1.weight".
        var dotted = $".{part}.";
        var prefixes = file.Entries.Select(e =>
            ("." + e.Name).IndexOf(dotted, StringComparison.Ordinal) is >= 0 and var at
                ? e.Name[..(at + dotted.Length - 1)]
                : null);
        var counted = prefixes.OfType<string>().CountBy(prefix => prefix).OrderBy(p => p.Key.Length).ToList();
        if (counted.Count == 0)
            throw MarrowException.NotFound(
                file.Path,
                $"weights of the part '{PyTorch.PickleReader.Shown(part)}', in a dictionary of that name or under keys "
                    + "that begin with it",
                "none",
                $"Leave the part out, or name another: {string.Join(", ", Parts(file).Take(NamedParts))}.");
        var chosen = counted.MaxBy(p => p.Value).Key;
        return [.. file.Entries.Where(e => e.Name.StartsWith(chosen, StringComparison.Ordinal))];
    }

    /// <summary>
    /// Finds the backbone; null when no kind of backbone is found. When a file has several of one kind, averages of
    /// weights are passed over where there are others, the one with the most keys at the mark is taken and, among
    /// equals, the one with the shortest prefix.
    /// </summary>
    public static ForeignKeys? Of(IReadOnlySet<string> names)
    {
        foreach (var kind in BackboneCatalogue.Kinds)
        {
            if (kind.Numbered.Count > 0 && kind.Numbered.Keys.All(names.Contains))
                return new(kind, "", new HashSet<string>(), kind.Numbered, []);
            var keys = names.Select(name => kind.Own(Plain(name))).ToHashSet(StringComparer.Ordinal);
            var marked = keys.Select(key => PrefixOf(key, kind.Mark)).OfType<string>()
                .Where(prefix => prefix.Length <= LongestPrefix).CountBy(prefix => prefix).ToList();
            if (marked.Count == 0)
                continue;
            var trained = marked.Where(m => !WeightParts.IsAveraged(m.Key)).ToList();
            var backbone = (trained.Count > 0 ? trained : marked).OrderBy(m => m.Key.Length).MaxBy(m => m.Value).Key;
            var others = marked.Where(m => m.Key != backbone).Select(m => Difference(backbone, m.Key));
            return new(kind, backbone, keys, null,
                [.. others.Where(part => part.Length > 0).Distinct(StringComparer.Ordinal)]);
        }
        return null;
    }

    /// <summary>
    /// Returns the places of the weights in a file that were not read, by its dictionaries and by its keys.
    /// </summary>
    /// <param name="found">What was found in the keys; null when nothing was.</param>
    public static IReadOnlyList<string> OthersIn(WeightFile file, ForeignKeys? found) =>
        [.. file.OtherParts, .. found?.OtherParts ?? []];

    /// <summary>Returns a key of the file in Marrow's spelling, at the place that it has in the file.</summary>
    public string Spelled(string name)
    {
        if (_numbered?.GetValueOrDefault(name) is { } numbered)
            return numbered;
        var key = Kind.Own(Plain(name));
        foreach (var (number, own) in Kind.FirstInSequence)
        {
            if (key.StartsWith(Backbone, StringComparison.Ordinal)
                && key.AsSpan(Backbone.Length).StartsWith(number, StringComparison.Ordinal))
                return Backbone + own + key[(Backbone.Length + number.Length)..];
        }
        return key;
    }

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

    /// <summary>
    /// Returns true for a key that is left in the file without harm: of an average of the same weights, of a loss or a
    /// metric in a field beside backbone and head, and the count of what was averaged. All other keys belong to the
    /// network.
    /// </summary>
    public bool IsBeside(string name)
    {
        var key = Spelled(name);
        if (IsOfAverage(key))
            return true;
        if (IsHead(key) || Backbone.Length > 0 && key.StartsWith(Backbone, StringComparison.Ordinal))
            return false;
        return key[(key.LastIndexOf('.') + 1)..] == AveragedSteps || WeightParts.IsLoss(FieldBeside(key));
    }

    private bool IsOfAverage(string key)
    {
        if (_averaged.Count == 0)
            return false;
        for (var at = key.IndexOf('.'); at >= 0 && at <= LongestPrefix; at = key.IndexOf('.', at + 1))
        {
            if (_averaged.Contains(key[..at]))
                return true;
        }
        return false;
    }

    /// <summary>
    /// Returns the first field of a key that does not stand around the network: "loss" of "model.loss.weight" where the
    /// network is "model.net." and "model.fc.".
    /// </summary>
    private string FieldBeside(string key) =>
        key.Split('.').Where((field, i) => i >= _around.Length || field != _around[i]).FirstOrDefault("");

    /// <summary>Removes the prefixes of wrappers from a key, however deeply they are nested.</summary>
    public static string Unwrap(string key)
    {
        var at = 0;
        while (Wrappers.FirstOrDefault(w => string.CompareOrdinal(key, at, w, 0, w.Length) == 0) is { } wrapper)
            at += wrapper.Length;
        return key[at..];
    }

    /// <summary>Removes what PyTorch's wrappers insert into keys.</summary>
    private static string Plain(string key)
    {
        foreach (var inserted in Inserted)
        {
            if (key.Contains(inserted, StringComparison.Ordinal))
                key = key.Replace(inserted, "", StringComparison.Ordinal);
        }
        return key;
    }

    /// <summary>Returns a prefix and those around it: "module.backbone.", "module." and "".</summary>
    private static IEnumerable<string> Fields(string prefix)
    {
        for (; prefix.Length > 0; prefix = prefix[..(prefix[..^1].LastIndexOf('.') + 1)])
            yield return prefix;
        yield return "";
    }

    /// <summary>
    /// Returns the part of a file that another prefix stands for, which is as much of it as differs from the chosen
    /// one: "teacher" of "student.backbone." and "teacher.backbone."; "" for a prefix around the chosen one.
    /// </summary>
    private static string Difference(string chosen, string other)
    {
        for (int at = 0, next; (next = other.IndexOf('.', at) + 1) > 0; at = next)
        {
            if (string.CompareOrdinal(chosen, at, other, at, next - at) != 0)
                return other[..(next - 1)];
        }
        return "";
    }

    /// <summary>Returns what may be asked for: the other dictionaries, and the first parts of the keys.</summary>
    private static IEnumerable<string> Parts(WeightFile file) => file.OtherParts.Concat(
        file.Entries.Where(e => e.Name.Contains('.', StringComparison.Ordinal)).Select(e => e.Name.Split('.')[0])
            .Distinct(StringComparer.Ordinal).Select(PyTorch.PickleReader.Shown));

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
