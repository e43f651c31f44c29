using System.Diagnostics;
using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments;

/// <summary>
/// Carries out single runs, each an ordinary run of the recipe in its own folder. When one is measured its state and
/// its weights are removed, but for the models that may be saved at the end: of each checkpoint start the first seed's
/// with the most labels.
/// </summary>
internal sealed class ExperimentWork(ExperimentRequest request, ExperimentPlan plan, ExperimentFolder folder)
{
    private const string HubName = "hub";

    /// <summary>
    /// Carries out a run, or continues it where an earlier call stopped. Returns null while another process does it.
    /// Throws <see cref="MarrowException"/> when the run fails, and <see cref="OperationCanceledException"/> when it is
    /// cancelled, after its state is saved.
    /// </summary>
    public ExperimentRunResult? Do(ExperimentRun run, Action<RunEvent> report, CancellationToken cancellation)
    {
        if (folder.Find(run) is { } before)
            return before;
        using var mine = folder.TryLock(run);
        if (mine is null)
            return null;
        if (folder.Find(run) is { } meanwhile)
            return meanwhile;
        var clock = Stopwatch.StartNew();
        var home = folder.Of(run);
        var recipe = ExperimentPlanner.RecipeOf(request, run, plan.Stages);
        var last = recipe.Stages[^1];
        var results = Runner.Run(new()
        {
            Recipe = recipe,
            DataFolders = request.DataFolders,
            OutFolder = home,
            HubFolder = Path.Combine(home, HubName),
            Resume = true,
            AllowChanged = [RunIdentity.Threads],
            Device = request.Device,
            Command = RepeatCommands.OfCard(request, plan, run),
            Resolve = request.Resolve,
            DrawsOf = plan.Metric,
            DividesByPatientAlone = !plan.LooksForCopies,
        }, report, cancellation);
        var grouping = new StageGrouping(isEarlier: !plan.LooksForCopies);
        var samples = StageSamples.Read(recipe, last, request.DataFolders[last.Data.Name], grouping: grouping);
        var result = new ExperimentRunResult(
            run: run,
            patients: run.Share.Patients,
            images: results[^1].TrainingImages,
            heldOutImages: results[^1].HeldOutImages,
            heldOutDigest: ExperimentPlanner.HeldOutDigest(samples),
            metrics: results[^1].Metrics,
            seconds: clock.Elapsed.TotalSeconds,
            ended: results[^1].Progress.Ended ?? DateTimeOffset.UtcNow)
        {
            Checkpoint = MayBeSaved(run) ? Path.GetRelativePath(home, results[0].Folder) : null,
        };
        folder.Save(result);
        Clean(home, keepHub: result.Checkpoint is not null);
        return result;
    }

    /// <summary>Returns true when the run's model is one of those that the experiment may save.</summary>
    private bool MayBeSaved(ExperimentRun run) =>
        request.Save
        && run.Seed == plan.Seeds[0]
        && run.Share == plan.Shares[^1]
        && plan.Starts.First(s => s.Name == run.Start).IsCheckpoint;

    private void Clean(string home, bool keepHub)
    {
        foreach (var stage in plan.Stages)
        {
            foreach (var weights in Directory.EnumerateFiles(Path.Combine(home, stage), "*.safetensors"))
                File.Delete(weights);
        }
        if (!keepHub)
            Directory.Delete(Path.Combine(home, HubName), recursive: true);
    }
}
