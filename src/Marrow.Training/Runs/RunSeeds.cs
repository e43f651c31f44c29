using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// Which seed each random draw of a run has. What is drawn together has one seed; what must not follow from another
/// draw has the next number.
/// </summary>
internal readonly record struct RunSeeds(ulong Seed, ulong Split)
{
    public static RunSeeds Of(Recipe recipe) => new(recipe.Seed, recipe.SplitSeed);

    /// <summary>Of torch's generator: the first weights, and what is drawn during a step.</summary>
    public ulong Weights => Seed;

    /// <summary>Of the order of the training images and of their augmentation.</summary>
    public ulong Batches => Seed;

    /// <summary>Of weights that are drawn again with the statistics of a start.</summary>
    public ulong MatchedWeights => Seed;

    /// <summary>Of the patients whose labels are used, where a recipe limits them.</summary>
    public ulong LabelSubset => Seed + 2;

    /// <summary>Of the order of unlabelled images and of their augmentation.</summary>
    public ulong UnlabeledBatches => Seed + 3;

    /// <summary>Of the patients who are held out.</summary>
    public ulong HeldOut => Split;

    /// <summary>Of those who choose the best weights, taken from the others.</summary>
    public ulong Validation => Split + 1;
}
