namespace Marrow.Training.Recipes;

/// <summary>
/// Which keys a recipe writes out, its overrides included: a default that is not written can't be told from the
/// records.
/// </summary>
internal static class RecipeKeys
{
    /// <summary>Of a stage: "name", "task", "train"...; with a section's name, the keys of that section.</summary>
    public static IReadOnlyList<string> Of(Recipe recipe, string stage, string? section = null)
    {
        var errors = new RecipeErrors();
        var root = RecipeYaml.Parse(recipe.SourceText, recipe.SourcePath, inFile: true, errors)!; // it was read before
        foreach (var change in recipe.Overrides)
            RecipeOverride.Apply(root, change, RecipeReader.StageKeys, errors);
        errors.ThrowIfAny();
        var node = Value(root, "stages")?.Items.Find(s => RecipeOverride.StageName(s) == stage);
        if (node is not null && section is not null)
            node = Value(node, section);
        return node is { Kind: RecipeNodeKind.Map } ? [.. node.Entries.Select(e => e.Key.Text)] : [];
    }

    private static RecipeNode? Value(RecipeNode map, string key) => map.Entries.Find(e => e.Key.Text == key).Value;
}
