using Marrow.Datasets;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// Which seed each random draw of a run has. What is drawn together has one seed; what must not follow from another
/// draw has the next number.
/// </summary>
internal readonly record struct RunSeeds(ulong Seed, ulong Split)
{
    public static RunSeeds Of(Recipe recipe) => new(recipe.Seed, recipe.SplitSeed);

    /// <summary>
    /// The seed of torch's generator, which draws the first weights and all random numbers during a step.
    /// </summary>
    public ulong Weights => Seed;

    /// <summary>The seed for the order of the training images and for their augmentation.</summary>
    public ulong Batches => Seed;

    /// <summary>
    /// The same for one part of a stage of several tasks. It follows from the part's name, so that a part that is added
    /// leaves the others as they were.
    /// </summary>
    public ulong BatchesOf(string part) => StableHash.Of(FormattableString.Invariant($"{Batches}/{part}"));

    /// <summary>The seed for weights that are drawn anew with the statistics of a starting point.</summary>
    public ulong MatchedWeights => Seed;

    /// <summary>The seed that chooses the patients whose labels are used, when a recipe limits them.</summary>
    public ulong LabelSubset => Seed + 2;

    /// <summary>The seed for the order of unlabelled images and for their augmentation.</summary>
    public ulong UnlabeledBatches => Seed + 3;

    /// <summary>The seed that chooses the patients who are held out.</summary>
    public ulong HeldOut => Split;

    /// <summary>The seed that chooses, among all other patients, those whose images select the best weights.</summary>
    public ulong Validation => Split + 1;
}
