using Marrow.Checkpoints;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// Trains the folds one after another: first, once for all, the stages that read none of their films.
/// </summary>
internal sealed class FoldTraining(
    CrossValidationRequest request, CrossValidationPlan plan, CrossValidationFolder folder, Action<RunEvent> report)
{
    private const string All = "all folds";

    /// <summary>Trains the folds that are not finished, or goes on with them.</summary>
    public void Run(IReadOnlyList<FoldPlan> open, CancellationToken cancellation)
    {
        foreach (var fold in plan.Folds.Except(open))
            report(new(stage: fold.Name) { Message = "is trained already" });
        if (open.Count == 0)
            return;
        var shared = plan.Shared.Count == 0
            ? []
            : Run(FoldPlanner.SharedRecipe(request, plan), folder.Shared, "shared", request.Resolve, cancellation);
        foreach (var (done, fold) in open.Index())
        {
            Tell(plan.Folds.Count - open.Count + done);
            Run(
                FoldPlanner.RecipeOf(request, plan, fold.Fold),
                folder.Of(fold),
                fold.Name,
                name => Shared(shared, name) ?? request.Resolve(name),
                cancellation);
        }
        Tell(plan.Folds.Count);
    }

    private void Tell(int done) => report(RunEvent.Of(new(All, done, plan.Folds.Count, ProgressUnit.Runs)));

    private IReadOnlyList<StageResult> Run(
        Recipe recipe,
        string home,
        string name,
        Func<string, Checkpoint> resolve,
        CancellationToken cancellation) =>
        Runner.Run(
            new()
            {
                Recipe = recipe,
                DataFolders = request.DataFolders,
                OutFolder = home,
                HubFolder = Path.Combine(home, CrossValidationFolder.HubName),
                Resume = true,
                AllowChanged = [RunIdentity.Threads],
                Device = request.Device,
                Command = RepeatCommands.Run(
                    Path.GetFileName(recipe.SourcePath),
                    recipe.DataNames.Select(data => $"{data}=DIR"),
                    recipe.Chosen,
                    recipe.Overrides),
                Resolve = resolve,
            },
            e => report(new(e) { Stage = $"{name}: {e.Stage}" }),
            cancellation);

    /// <summary>Returns what a shared stage has made; null for another name.</summary>
    private static Checkpoint? Shared(IReadOnlyList<StageResult> shared, string name) =>
        shared.FirstOrDefault(s => s.Checkpoint == name || s.Checkpoint.Split(Digest.Mark)[0] == name) is { } made
            ? Checkpoint.Load(made.Folder)
            : null;
}
