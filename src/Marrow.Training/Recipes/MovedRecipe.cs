namespace Marrow.Training.Recipes;

/// <summary>
/// What to say of a recipe that is not where it was asked for: those that are experiments or controls stand in a folder
/// of their own below the recipes, and one of them has another name there.
/// </summary>
internal static class MovedRecipe
{
    private const string Experiments = "experiments";

    /// <summary>File names of today by those that came before.</summary>
    private static readonly Dictionary<string, string> Renamed = new() { ["study.yaml"] = "label-worth.yaml" };

    /// <summary>The sentence that ends the error: the new path where there is one.</summary>
    public static string Remedy(string path)
    {
        var file = Path.GetFileName(path);
        var folder = Path.Combine(Path.GetDirectoryName(path) ?? "", Experiments);
        var moved = Path.Combine(folder, Renamed.GetValueOrDefault(file, file));
        return File.Exists(moved) ? $"The recipe has moved: name {moved}." : "Check the path.";
    }
}
