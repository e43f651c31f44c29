using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

/// <summary>
/// What recipes/radiographs.yaml reads of the published images, which are found by MARROW_DATA and never committed.
/// </summary>
[Trait("Category", "RealData")]
public class RadiographsDataTests
{
    private static readonly IReadOnlyDictionary<string, string> Folders = new Dictionary<string, string>
    {
        ["cxr"] = "cxr-pediatric",
        ["fracatlas"] = "fracatlas",
        ["hands"] = "hand-boneage",
        ["cephalometric"] = "cephalometric",
        ["spine-extra"] = "spine-extra",
        ["spine-generated"] = "spine-generated",
    };

    [Theory(Explicit = true)]
    [InlineData("chest", 5216, "bacteria, normal, virus")]
    [InlineData("fracture", 4083, "fractured")]
    [InlineData("view", 4083, "hand, leg, hip, shoulder, frontal, lateral, oblique")]
    [InlineData("age", 1000, "bone_age_months")]
    [InlineData("head", 150, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19")]
    [InlineData("spine", 219, "vertebra")]
    [InlineData("hidden", 1000, "")]
    public void Each_part_finds_its_labels(string part, int labelled, string outputs)
    {
        var data = Environment.GetEnvironmentVariable("MARROW_DATA");
        var recipe = RecipeReader.Read(Path.Combine(Repository.Root(), "recipes", "radiographs.yaml"), []);
        var stage = recipe.Stages[0].Parts.First(p => p.Name == part).Stage;
        var root = Path.Combine(data ?? "", Folders[stage.Data.Name]);
        Assert.SkipWhen(
            string.IsNullOrEmpty(data) || !Directory.Exists(root), $"MARROW_DATA names no folder with {root}.");
        var read = DatasetCatalogue.Open(new()
        {
            Name = stage.Data.Name,
            Format = stage.Data.Format,
            Root = root,
            Options = stage.Data.Options,
        });
        var task = TaskCatalogue.Get(stage.Task);
        Assert.Equal(labelled, read.Samples.Count(task.IsLabelled));
        Assert.Equal(outputs, string.Join(", ", task.LayoutOf(read).Names));
    }
}
