using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Training.Experiments.Folds;

/// <summary>The report of a dry run: the folds, what is trained for them, and how long it will take.</summary>
internal static class FoldEstimate
{
    public static TextReport Of(
        CrossValidationRequest request,
        CrossValidationPlan plan,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var folder = new CrossValidationFolder(request.OutFolder);
        var done = plan.Folds.Where(fold => folder.HubOf(plan, fold).IsFinished()).ToList();
        var left = plan.Folds.Count - done.Count;
        var (seconds, basis) = left == 0 ? (0, "") : Seconds(request, plan, folder, done, report, cancellation);
        return new(
            new
            {
                plan.Recipe.Name,
                Data = plan.Dataset.Name,
                plan.Films,
                plan.Groups,
                plan.Shared,
                plan.Stages,
                Folds = plan.Folds.Select(fold => new
                {
                    fold.Fold.Number,
                    Films = fold.Films.Count,
                    fold.Groups,
                    Done = done.Contains(fold),
                }),
                HoursLeft = Math.Round(seconds / 3600, 3),
                Basis = basis,
            },
            ReportPart.Facts(
                $"Cross-validation {plan.Recipe.Name}",
                [
                    ("data", $"{plan.Dataset.Name}, {NumberText.Count(plan.Films, "film")} of "
                        + $"{NumberText.Count(plan.Groups, "patient")}"),
                    .. plan.Shared.Count > 0
                        ? [("trained once", string.Join(", ", plan.Shared))]
                        : Array.Empty<(string, string)>(),
                    ("trained for each fold", string.Join(", ", plan.Stages)),
                    (
                        "estimated",
                        left == 0
                            ? "every fold is trained"
                            : $"{ExperimentEstimate.Duration(seconds)} to train {NumberText.Count(left, "fold")} one "
                                + $"after another, by {basis}"),
                ]),
            ReportPart.Table(
                ["fold", "films", "patients", "trained"],
                plan.Folds.Select(fold => (IReadOnlyList<string>)
                [
                    fold.Name,
                    NumberText.Whole(fold.Films.Count),
                    NumberText.Whole(fold.Groups),
                    done.Contains(fold) ? "yes" : "no",
                ])));
    }

    /// <summary>Returns the time of all open folds, by that of finished ones or else by a few steps.</summary>
    private static (double Seconds, string Basis) Seconds(
        CrossValidationRequest request,
        CrossValidationPlan plan,
        CrossValidationFolder folder,
        List<FoldPlan> done,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        var left = plan.Folds.Count - done.Count;
        var known = done.Select(fold => SecondsOf(plan, folder, fold)).OfType<double>().ToList();
        if (known.Count > 0)
            return (left * known.Average(), NumberText.Count(known.Count, "finished fold"));
        int[] steps =
        [
            .. plan.Recipe.Stages.Select(stage => ExperimentPlanner.Steps(
                stage,
                StageSamples.Read(plan.Recipe, stage, request.DataFolders[stage.Data.Name]).Training.Count)),
        ];
        var (around, stages) = StepTiming.Of(
            plan.Recipe.StageNames,
            steps,
            (few, home) => new()
            {
                Recipe = FoldPlanner.TimedRecipe(request, plan, few),
                DataFolders = request.DataFolders,
                Device = request.Device,
                OutFolder = home,
                HubFolder = Path.Combine(home, CrossValidationFolder.HubName),
                Resolve = request.Resolve,
            },
            e => report(new(e) { Stage = "timing" }),
            cancellation);
        var own = plan.Recipe.StageNames.Zip(stages).Where(s => plan.Stages.Contains(s.First)).Sum(s => s.Second);
        return (
            stages.Sum() - own + left * (own + around),
            $"a timing of {Math.Min(StepTiming.Steps, steps.Min())} steps of each stage on this machine");
    }

    /// <summary>Returns how long a finished fold was trained; null of one that was trained elsewhere.</summary>
    private static double? SecondsOf(CrossValidationPlan plan, CrossValidationFolder folder, FoldPlan fold)
    {
        var results = plan.Stages
            .Select(stage => RunFolder.FindResult(
                Path.Combine(folder.Of(fold), stage), folder.HubOf(plan, fold).Folder))
            .ToList();
        return results.Contains(null) ? null : results.Sum(result => result!.Progress.Seconds);
    }
}
