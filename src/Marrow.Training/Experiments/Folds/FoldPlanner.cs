using Marrow.Datasets;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// Turns a request into its plan: the labels are read and divided, without writing anything, so that every fault is
/// found before the first training.
/// </summary>
internal static class FoldPlanner
{
    /// <summary>
    /// Plans the cross-validation. Throws <see cref="MarrowException"/> when the recipe names a fold itself, when there
    /// are fewer patients than folds, and when a stage would learn a film that another one holds out.
    /// </summary>
    public static CrossValidationPlan Plan(CrossValidationRequest request)
    {
        if (request.Folds is < Fold.Fewest or > Fold.Most)
            throw new MarrowException(
                $"A cross-validation has {Fold.Fewest} to {Fold.Most} folds, found {request.Folds}.");
        if (request.Recipe.Fold is { } named)
            throw new MarrowException(
                $"{request.Recipe.SourcePath}: names fold {named} itself, and a cross-validation runs every fold. "
                    + $"Remove the key fold.");
        var recipe = request.Stages.Count > 0 ? request.Recipe.Only(request.Stages) : request.Recipe;
        OneTask.Require(recipe);
        Runner.RequireFolders(recipe, request.DataFolders);
        var last = recipe.Stages[^1];
        var whole = recipe.Stages.ToDictionary(
            stage => stage.Name,
            stage => StageSamples.Read(recipe, stage, request.DataFolders[stage.Data.Name]),
            StringComparer.Ordinal);
        var shared = Shared(request, recipe, whole);
        string[] own = [.. recipe.StageNames.Except(shared)];
        var folds = Fold.All(request.Folds).Select(fold => Of(request, recipe, fold, own, whole)).ToList();
        return new(recipe, whole[last.Name].Dataset, folds, shared, own);
    }

    /// <summary>Returns the recipe that trains one fold.</summary>
    public static Recipe RecipeOf(CrossValidationRequest request, CrossValidationPlan plan, Fold fold) =>
        Part(request, plan.Stages, $"fold={fold}");

    /// <summary>Returns the recipe of what is trained once for all folds.</summary>
    public static Recipe SharedRecipe(CrossValidationRequest request, CrossValidationPlan plan) =>
        Part(request, plan.Shared);

    /// <summary>Returns the recipe of the first fold with all stages, and further changes.</summary>
    public static Recipe TimedRecipe(
        CrossValidationRequest request, CrossValidationPlan plan, IReadOnlyList<string> changes) =>
        Part(request, plan.Recipe.StageNames, [$"fold={plan.Folds[0].Fold}", .. changes]);

    private static Recipe Part(
        CrossValidationRequest request, IReadOnlyList<string> stages, params IReadOnlyList<string> changes)
    {
        var source = request.Recipe;
        var recipe = RecipeReader.Parse(source.SourceText, source.SourcePath, [.. source.Overrides, .. changes]);
        return stages.Count == source.Stages.Count ? recipe : recipe.Only(stages);
    }

    private static FoldPlan Of(
        CrossValidationRequest request,
        Recipe recipe,
        Fold fold,
        IReadOnlyList<string> stages,
        IReadOnlyDictionary<string, StageSamples> whole)
    {
        var divided = recipe
            .Stages.Where(stage => stages.Contains(stage.Name))
            .Select(stage => (
                Stage: stage,
                Samples: StageSamples.Of(
                    new(recipe) { Fold = fold }, stage, whole[stage.Name].Dataset, whole[stage.Name].Groups)))
            .ToList();
        var last = divided[^1];
        var isHeldOut = SameFiles.Of(last.Samples.HeldOut);
        var patients = last.Samples.HeldOut.Select(s => s.Patient).ToHashSet(StringComparer.Ordinal);
        foreach (var (stage, samples) in divided)
        {
            var sameFolder = IsSame(request, stage.Data.Name, last.Stage.Data.Name);
            if (samples.Training
                .Concat(samples.Validation)
                .FirstOrDefault(s => sameFolder ? patients.Contains(s.Patient) : isHeldOut(s)) is { } learnt)
                throw MarrowException.Bad(
                    samples.Dataset.Root,
                    $"a data set of stage {stage.Name} that holds out what stage {last.Stage.Name} does, fold {fold}",
                    $"{learnt.Id} in the part that is trained on",
                    "Give both stages the same data and options, with the same films labelled, or the earlier one "
                        + "data without these films.");
        }
        return new(
            fold,
            divided.ToDictionary(d => d.Stage.Name, d => d.Samples.HeldOut, StringComparer.Ordinal),
            last.Samples.HeldOut);
    }

    /// <summary>
    /// Returns the stages that can be trained once: they read no film of the folds' data set, nor does a stage that
    /// they start from, crop by or take labels from.
    /// </summary>
    private static List<string> Shared(
        CrossValidationRequest request, Recipe recipe, IReadOnlyDictionary<string, StageSamples> whole)
    {
        var last = recipe.Stages[^1];
        var isOfFolds = SameFiles.Of(whole[last.Name].Dataset.Samples);
        var shared = new List<string>();
        foreach (var stage in recipe.Stages.Take(recipe.Stages.Count - 1))
        {
            var parents = ((string?[])
            [
                stage.Init is { } init ? InitReference.NameIn(init) : null,
                stage.Crop?.By,
                stage.Data.SoftLabelsFrom,
            ]).Where(name => recipe.StageNames.Contains(name));
            if (parents.All(name => shared.Contains(name!)) && !ReadsFolds(stage))
                shared.Add(stage.Name);
        }
        return shared;

        bool ReadsFolds(Stage stage) =>
            IsSame(request, stage.Data.Name, last.Data.Name)
            || whole[stage.Name].Dataset.Samples.Any(isOfFolds)
            || (stage.Unlabeled is { } unlabeled
                && (IsSame(request, unlabeled.Name, last.Data.Name) || Images(unlabeled).Any(isOfFolds)));

        IReadOnlyList<Sample> Images(StageUnlabeled unlabeled) => DatasetCatalogue.Open(
            new()
            {
                Name = unlabeled.Name,
                Format = unlabeled.Format,
                Root = request.DataFolders[unlabeled.Name],
                Options = unlabeled.Options,
            }).Samples;
    }

    private static bool IsSame(CrossValidationRequest request, string data, string other) =>
        data == other
        || SameFiles.FullPath(request.DataFolders[data]) == SameFiles.FullPath(request.DataFolders[other]);
}
