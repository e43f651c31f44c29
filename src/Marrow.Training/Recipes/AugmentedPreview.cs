using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Reports;

namespace Marrow.Training.Recipes;

/// <summary>Samples of a data set as training would see them, for a contact sheet.</summary>
public sealed class AugmentedPreview
{
    private readonly AugmentationOptions _options;
    private readonly ulong _seed;

    /// <summary>Throws <see cref="MarrowException"/> with a line for each mistake.</summary>
    /// <param name="settings">Keys of a recipe's augment: "strength=2", "collimationProbability=1".</param>
    /// <param name="seed">Of all draws.</param>
    public AugmentedPreview(IReadOnlyList<string> settings, ulong seed) =>
        (_options, _seed) = (RecipeAugment.Parse(settings), seed);

    /// <summary>One draw of the augmentation, the landmarks moved along.</summary>
    /// <param name="draw">Another number gives another draw.</param>
    public ContactSheetItem Tile(Sample sample, Dataset dataset, int draw) =>
        AugmentedTile.Of(sample, dataset, _options, _seed, draw);
}
