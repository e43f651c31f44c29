namespace Marrow.Weights.PyTorch;

/// <summary>The dictionary of tensors that is read, out of what a pickle holds.</summary>
/// <param name="Place">
/// The keys that lead to the dictionary, such as "state_dict"; "" when it is the whole pickle.
/// </param>
/// <param name="Others">The keys beside the tensors and beside the dictionary, such as "epoch".</param>
/// <param name="OtherParts">The places of other dictionaries with weights, such as "ema.state_dict".</param>
/// <param name="KeyPart">
/// What is left of the part that was asked for and has to be found among the tensors' keys; null when nothing is left.
/// </param>
internal sealed record StateDict(
    string Place,
    IReadOnlyList<KeyValuePair<string, PickledTensor>> Tensors,
    IReadOnlyList<string> Others,
    IReadOnlyList<string> OtherParts,
    string? KeyPart)
{
    private const int DeepestPlace = 4;
    private const int LongestList = 64; // of items that are searched; those that hold state dicts have two or three
    private const int NamedKeys = 10; // in an error

    /// <summary>
    /// Finds the state dict in an unpickled object. Throws <see cref="MarrowException"/> when there is none, when
    /// several stand under names of which none says that it is the model's, and when a weight is quantised.
    /// </summary>
    /// <param name="part">
    /// The place that the user asked for, or one of its keys, or a prefix of the tensors' own keys; null to choose by
    /// the order of <see cref="WeightParts.Trained"/>.
    /// </param>
    public static StateDict Find(object? root, string path, string? part = null)
    {
        var all = Candidates(root);
        if (all.Count == 0)
            throw MarrowException.Bad(
                path,
                "a dictionary of tensors, as model.state_dict() gives",
                Describe(root),
                $"Save the weights alone in Python: torch.save(model.state_dict(), 'weights.pth'); or under one of "
                    + $"{string.Join(", ", WeightParts.Trained)}."
            );
        var (chosen, keyPart) = part is null ? (Best(all, path), null) : Asked(all, part, path);
        RequirePlain(chosen.Dict, path);
        return new(
            chosen.Place,
            [
                .. chosen
                    .Dict.Items.Where(i => i.Value is PickledTensor)
                    .Select(i => KeyValuePair.Create(i.Key, (PickledTensor)i.Value!)),
            ],
            [.. Beside(chosen)],
            [.. all.Where(c => c != chosen && c.Kind != PartKind.Root && !c.IsSmall).Select(c => c.Place)],
            keyPart);
    }

    /// <summary>
    /// Returns every dictionary that has tensors, the outer ones first. Each is looked at once, under the first of its
    /// places, since a dictionary in a pickle may stand in many places and may contain itself.
    /// </summary>
    private static List<Candidate> Candidates(object? root)
    {
        var found = new List<Candidate>();
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Queue<Step>([new(root, null, "", 0)]);
        while (open.TryDequeue(out var step))
        {
            if (step.Value is null || !seen.Add(step.Value) || IsOptimizer(step.Value))
                continue;
            if (step.Value is PickleDict dict && dict.Items.Values.Any(v => v is PickledTensor or PickledUnread))
                found.Add(new(step, dict));
            if (step.Depth == DeepestPlace)
                continue;
            foreach (var (key, value) in Children(step.Value))
                open.Enqueue(new(value, step, key, step.Depth + 1));
        }
        return found;
    }

    /// <summary>
    /// Returns the containers within a container that may hold weights: of a dictionary those under known names first,
    /// so that one of several places gets the better name.
    /// </summary>
    private static IEnumerable<(string Key, object Value)> Children(object container)
    {
        if (container is PickleDict dict)
        {
            foreach (var key in WeightParts.Trained)
            {
                if (dict.Items.TryGetValue(key, out var value) && IsFull(value))
                    yield return (key, value!);
            }
            foreach (var (key, value) in dict.Items)
            {
                if (IsFull(value) && !WeightParts.Trained.Contains(key) && !WeightParts.HoldsNoWeights(key))
                    yield return (key, value!);
            }
        }
        else if (Items(container) is { Count: <= LongestList } items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                if (items[i] is PickleDict && IsFull(items[i]))
                    yield return (NumberText.Of(i, "0"), items[i]!);
            }
        }
    }

    private static bool IsFull(object? value) =>
        value is PickleDict { Items.Count: > 0 } || Items(value) is { Count: > 0 and <= LongestList };

    private static IReadOnlyList<object?>? Items(object? value) => value switch
    {
        PickleList list => list.Items,
        PickleTuple tuple => tuple.Items,
        _ => null,
    };

    /// <summary>
    /// An optimizer's state_dict() has these two keys (torch/optim/optimizer.py), whatever its name is.
    /// </summary>
    private static bool IsOptimizer(object value) =>
        value is PickleDict { Items: var items } && items.ContainsKey("param_groups") && items.ContainsKey("state");

    /// <summary>Returns those that hold weights first, whatever the names of the others are.</summary>
    private static IEnumerable<Candidate> Ranked(IEnumerable<Candidate> candidates) =>
        candidates.OrderBy(c => c.IsSmall).ThenBy(c => c.Kind).ThenBy(c => c.Order);

    /// <summary>Returns the dictionary to read when the user has not asked for one.</summary>
    private static Candidate Best(List<Candidate> all, string path)
    {
        var best = Ranked(all).First();
        var unnamed = all.Where(c => c.Kind == PartKind.Unknown && !c.IsSmall).ToList();
        return best.IsSmall || best.Kind != PartKind.Unknown || unnamed.Count == 1
            ? best
            : throw MarrowException.Bad(
                path,
                $"one set of weights, or one of several under a name such as "
                    + $"{string.Join(", ", WeightParts.Trained.Take(4))}",
                $"weights under {Listed(unnamed)}",
                $"Name the one to read: --part {unnamed[0].Place} for hub import, "
                    + $"init: {Path.GetFileName(path)}#{unnamed[0].Place} in a recipe."
            );
    }

    /// <summary>
    /// Returns the dictionary that the user asked for: by its place, by the beginning of a longer name, or by one of
    /// its keys. A name that no dictionary has is left to be found among the keys of the tensors.
    /// </summary>
    private static (Candidate Chosen, string? KeyPart) Asked(List<Candidate> all, string part, string path)
    {
        if (all.Find(c => c.Place == part) is { } exact)
            return (exact, null);
        var outer = all.Where(c => c.Place.Length > 0 && part.StartsWith(c.Place + ".", StringComparison.Ordinal))
            .MaxBy(c => c.Place.Length);
        if (outer is not null)
            return (outer, part[(outer.Place.Length + 1)..]);
        var within = Ranked(all.Where(c => c.Has(part))).FirstOrDefault();
        return within is not null ? (within, null) : (Best(all, path), part);
    }

    /// <summary>
    /// Throws when a weight can't be read as plain numbers, also one that lies in a tuple with others.
    /// </summary>
    private static void RequirePlain(PickleDict dict, string path)
    {
        foreach (var (key, value) in dict.Items)
        {
            if (value is PickledUnread unread)
                throw Refuse(key, unread);
            if (Items(value)?.OfType<PickledUnread>().FirstOrDefault() is { } packed)
                throw Refuse(key, packed);
        }

        MarrowException Refuse(string key, PickledUnread unread) =>
            unread.IsQuantised
                ? QuantizedWeights.Refusal(path, PickleReader.Shown(key), unread.What)
                : MarrowException.Unsupported(
                    path,
                    "weights of real or whole numbers",
                    $"'{PickleReader.Shown(key)}', {unread.What}",
                    "Convert it in Python, where you trust the file, and save the weights again with torch.save.");
    }

    /// <summary>
    /// Returns the keys that stand beside the dictionary at each level, and beside the tensors in it.
    /// </summary>
    private static IEnumerable<string> Beside(Candidate chosen)
    {
        var steps = new Stack<Step>();
        for (var step = chosen.Step; step is not null; step = step.Outer)
            steps.Push(step);
        while (steps.TryPop(out var step))
        {
            if (step.Value is not PickleDict dict)
                continue;
            var keys = steps.TryPeek(out var next)
                ? dict.Items.Keys.Where(key => key != next.Key)
                : dict.Items.Where(i => i.Value is not PickledTensor).Select(i => i.Key);
            foreach (var key in keys)
                yield return PickleReader.Shown(key);
        }
    }

    private static string Listed(IEnumerable<Candidate> candidates)
    {
        var places = candidates.Select(c => $"'{PickleReader.Shown(c.Place)}'").ToList();
        return string.Join(", ", places.Take(NamedKeys)) + (places.Count > NamedKeys ? ", ..." : "");
    }

    private static string Describe(object? root) =>
        root switch
        {
            PickleDict { Items.Count: 0 } => "an empty dictionary",
            PickleDict dict => "one with the keys "
                + string.Join(", ", dict.Items.Keys.Take(NamedKeys).Select(PickleReader.Shown))
                + (dict.Items.Count > NamedKeys ? ", ..." : ""),
            PickledTensor => "one tensor",
            PickleList or PickleTuple => "a list",
            _ => "something else",
        };

    /// <summary>A container on the way from the root, with the key under which the outer one has it.</summary>
    private sealed record Step(object? Value, Step? Outer, string Key, int Depth);

    /// <summary>What the names on the way to a dictionary say of it. Those that come first are preferred.</summary>
    private enum PartKind
    {
        /// <summary>Under names that stand for the weights that the optimizer trained.</summary>
        Trained,

        /// <summary>The pickle itself.</summary>
        Root,

        /// <summary>Under a name that says nothing.</summary>
        Unknown,

        /// <summary>An average of weights, by its name.</summary>
        Averaged,
    }

    /// <summary>A dictionary that has tensors.</summary>
    private sealed class Candidate
    {
        public Candidate(Step step, PickleDict dict)
        {
            (Step, Dict) = (step, dict);
            List<string> keys = [];
            for (var at = step; at.Outer is not null; at = at.Outer)
                keys.Insert(0, at.Key);
            _keys = keys;
            Place = string.Join('.', keys.Select(PickleReader.Shown));
            Kind = keys.Count > 0 && keys.TrueForAll(key => WeightParts.Trained.Contains(key)) ? PartKind.Trained
                : keys.Count == 0 ? PartKind.Root
                : keys.Exists(key => WeightParts.IsAveraged(key)) ? PartKind.Averaged
                : PartKind.Unknown;
            Order = Kind == PartKind.Trained ? Index(keys[0]) : 0;
            IsSmall = !Dict.Items.Values.Any(v => v is PickledUnread or PickledTensor { Shape.Length: > 1 });
        }

        private readonly List<string> _keys;

        public Step Step { get; }

        public PickleDict Dict { get; }

        public string Place { get; }

        public PartKind Kind { get; }

        /// <summary>The order of the names among those of trained weights.</summary>
        public int Order { get; }

        /// <summary>
        /// True for tensors that are no weights, such as the best score of a run or the state of a random generator:
        /// every set of weights has a matrix or a convolution.
        /// </summary>
        public bool IsSmall { get; }

        public bool Has(string key) => _keys.Contains(key);

        private static int Index(string name) => Enumerable.Range(0, WeightParts.Trained.Count)
            .First(i => WeightParts.Trained[i] == name);
    }
}
