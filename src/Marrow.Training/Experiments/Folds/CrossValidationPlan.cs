using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments.Folds;

/// <summary>Which films each fold holds out, and which stages are trained once or once for each fold.</summary>
public sealed class CrossValidationPlan
{
    internal CrossValidationPlan(
        Recipe recipe, Dataset dataset, IReadOnlyList<FoldPlan> folds, IReadOnlyList<string> shared,
        IReadOnlyList<string> stages) =>
        (Recipe, Dataset, Folds, Shared, Stages) = (recipe, dataset, folds, shared, stages);

    /// <summary>The recipe with the stages that were asked for.</summary>
    internal Recipe Recipe { get; }

    /// <summary>The data set that is divided into folds: that of the last stage.</summary>
    internal Dataset Dataset { get; }

    internal IReadOnlyList<FoldPlan> Folds { get; }

    /// <summary>
    /// The stages that are trained once for all folds: neither their data nor that of a stage that they come from has a
    /// film of the folds' data set.
    /// </summary>
    internal IReadOnlyList<string> Shared { get; }

    /// <summary>The stages that are trained once for each fold.</summary>
    internal IReadOnlyList<string> Stages { get; }

    internal Stage Last => Recipe.Stages[^1];

    /// <summary>True when the last stage takes part in measuring a spine, and the folds' stages together do.</summary>
    internal bool IsOfSpines => RoleOf(Last) is not null && Recipe.Stages.Any(stage =>
        Stages.Contains(stage.Name) && RoleOf(stage) is SpineRole.Landmarks or SpineRole.Angles);

    /// <summary>The folds' stages whose checkpoints take part in measuring a spine.</summary>
    internal IEnumerable<Stage> OfSpines =>
        Recipe.Stages.Where(stage => Stages.Contains(stage.Name) && RoleOf(stage) is not null);

    private static SpineRole? RoleOf(Stage stage) => TaskCatalogue.Get(stage.Task).SpineRole;

    internal int Films => Folds.Sum(fold => fold.Films.Count);

    internal int Groups => Folds.Sum(fold => fold.Groups);
}

/// <summary>One fold of a plan.</summary>
/// <param name="HeldOut">The films that each of the fold's stages holds out, by its name.</param>
/// <param name="Films">Those of the last stage, which are predicted.</param>
internal sealed record FoldPlan(
    Fold Fold, IReadOnlyDictionary<string, IReadOnlyList<Sample>> HeldOut, IReadOnlyList<Sample> Films)
{
    /// <summary>The name of the fold's folder: "fold-2".</summary>
    public string Name => $"fold-{NumberText.Whole(Fold.Number)}";

    /// <summary>The number of patients.</summary>
    public int Groups => Films.DistinctBy(film => film.Patient, StringComparer.Ordinal).Count();
}
