namespace Marrow.Training.Recipes;

/// <summary>
/// One --set stage.key=value, put into the tree before it is checked, so that it obeys the same rules.
/// </summary>
internal static class RecipeOverride
{
    /// <param name="option">What the user typed it after.</param>
    public static void Apply(
        RecipeNode root,
        string text,
        IReadOnlyList<string> stageKeys,
        RecipeErrors errors,
        string option = "--set")
    {
        var origin = $"{option} {RecipeErrors.Quote(text)}";
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var path = equals < 0 ? [] : text[..equals].Split('.');
        if (path.Length == 0 || path.Any(string.IsNullOrWhiteSpace))
        {
            errors.Add(origin, 0, 0, "expected stage.key=value, as in landmarks.epochs=3.");
            return;
        }
        var valueText = text[(equals + 1)..];
        var value = string.IsNullOrWhiteSpace(valueText)
            ? new RecipeNode(RecipeNodeKind.Scalar, origin, 0, 0) { IsPlain = true }
            : RecipeYaml.Parse(valueText, origin, inFile: false, errors);
        if (value is null)
            return;
        if (path.Length == 1)
        {
            Set(root, path, value, origin, errors);
            return;
        }

        var stages = Entry(root, "stages") is { Kind: RecipeNodeKind.List } list ? list.Items : [];
        var chosen = stages
            .Where(s => s.Kind == RecipeNodeKind.Map && (path[0] == "*" || StageName(s) == path[0]))
            .ToList();
        if (chosen.Count == 0)
        {
            var names = stages.Select(StageName).OfType<string>().ToList();
            errors.Add(
                origin,
                0,
                0,
                $"no stage is called {RecipeErrors.Quote(path[0])}. {RecipeSection.Suggest(path[0], names.Append("*"))}"
            );
        }
        string[] inStage = path.Length == 2 && !stageKeys.Contains(path[1]) ? ["train", path[1]] : path[1..];
        foreach (var stage in chosen)
            Set(stage, inStage, value, origin, errors);
    }

    /// <summary>Null when the node is no mapping with a plain name.</summary>
    public static string? StageName(RecipeNode stage) =>
        Entry(stage, "name") is { Kind: RecipeNodeKind.Scalar } name ? name.Text : null;

    private static RecipeNode? Entry(RecipeNode map, string key) => map.Entries.Find(e => e.Key.Text == key).Value;

    private static void Set(
        RecipeNode map,
        ReadOnlySpan<string> path,
        RecipeNode value,
        string origin,
        RecipeErrors errors)
    {
        var key = path[0];
        var at = map.Entries.FindIndex(e => e.Key.Text == key);
        if (path.Length == 1)
        {
            if (at >= 0)
                map.Entries.RemoveAt(at);
            if (!value.IsNull)
                map.Entries.Add((new(RecipeNodeKind.Scalar, origin, 0, 0) { Text = key }, value));
            return;
        }
        if (at < 0)
        {
            at = map.Entries.Count;
            map.Entries.Add(
                (new(RecipeNodeKind.Scalar, origin, 0, 0) { Text = key }, new(RecipeNodeKind.Map, origin, 0, 0)));
        }
        var inner = map.Entries[at].Value;
        // An item of a list is called by its name, as stages are: datasets.chest.batch=8.
        if (inner.Kind == RecipeNodeKind.List && path.Length > 2)
        {
            var name = path[1];
            if (inner.Items.Find(i => i.Kind == RecipeNodeKind.Map && StageName(i) == name) is not { } item)
            {
                errors.Add(origin, 0, 0, $"{key} has nothing called {RecipeErrors.Quote(name)}.");
                return;
            }
            inner = item;
            path = path[1..];
        }
        if (inner.Kind == RecipeNodeKind.Map)
            Set(inner, path[1..], value, origin, errors);
        else
            errors.Add(origin, 0, 0, $"{key} is {map.Entries[at].Value.Describe()}, which has no keys.");
    }
}
