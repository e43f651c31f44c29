namespace Marrow.Weights.PyTorch;

/// <summary>The dictionary of tensors in what a pickle holds.</summary>
/// <param name="Place">
/// The keys that lead to the dictionary, such as "state_dict"; "" when it is the whole pickle.
/// </param>
/// <param name="Others">The keys beside the tensors and beside the dictionary, such as "epoch".</param>
internal sealed record StateDict(
    string Place,
    IReadOnlyList<KeyValuePair<string, PickledTensor>> Tensors,
    IReadOnlyList<string> Others)
{
    private const int DeepestPlace = 4;
    private const int NamedKeys = 10; // in an error

    /// <summary>The keys under which training programs keep the state dict, the most specific ones first.</summary>
    private static readonly string[] Places =
    [
        "state_dict",
        "model_state_dict",
        "model_state",
        "model",
        "net",
        "network",
        "weights",
    ];

    /// <summary>
    /// Finds the state dict in an unpickled object. Throws <see cref="MarrowException"/> when there is none.
    /// </summary>
    public static StateDict Find(object? root, string path) =>
        (root is PickleDict dict ? Within(dict, "", 0) : null)
        ?? throw MarrowException.Bad(
            path,
            "a dictionary of tensors, as model.state_dict() gives",
            Describe(root),
            $"Save the weights alone in Python: torch.save(model.state_dict(), 'weights.pth'); or under one of "
                + $"{string.Join(", ", Places)}."
        );

    /// <summary>
    /// Returns the state dict inside a dictionary; null when there is none. The depth is limited, since a dictionary in
    /// a pickle may contain itself.
    /// </summary>
    private static StateDict? Within(PickleDict dict, string place, int depth)
    {
        foreach (var name in Places)
        {
            if (
                depth < DeepestPlace
                && dict.Items.GetValueOrDefault(name) is PickleDict inner
                && Within(inner, name, depth + 1) is { } found)
            {
                var beside = dict.Items.Keys.Where(key => key != name).Select(PickleReader.Shown);
                return found with
                {
                    Place = place.Length > 0 ? $"{place}.{found.Place}" : found.Place,
                    Others = [.. beside, .. found.Others],
                };
            }
        }
        var tensors = dict
            .Items.Where(i => i.Value is PickledTensor)
            .Select(i => KeyValuePair.Create(i.Key, (PickledTensor)i.Value!))
            .ToList();
        return tensors.Count == 0
            ? null
            : new(
                place,
                tensors,
                [.. dict.Items.Where(i => i.Value is not PickledTensor).Select(i => PickleReader.Shown(i.Key))]);
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
}
