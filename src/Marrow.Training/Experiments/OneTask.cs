using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>
/// Experiments and cross-validations change the data and the start of stages that have one data set, and compare them
/// by one metric.
/// </summary>
internal static class OneTask
{
    /// <summary>Throws <see cref="MarrowException"/> where a stage of the recipe learns several tasks.</summary>
    public static void Require(Recipe recipe)
    {
        if (recipe.Stages.FirstOrDefault(stage => stage.Parts.Count > 0) is { } several)
            throw new MarrowException(
                ErrorKind.Unsupported,
                $"{recipe.SourcePath}: stage {several.Name} learns several tasks, and an experiment is made of stages "
                    + $"that learn one. Train it by marrow run, and name the stages that start from its checkpoint "
                    + "with --stages."
            );
    }
}
