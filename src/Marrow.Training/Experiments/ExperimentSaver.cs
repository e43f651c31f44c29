using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Metrics;

namespace Marrow.Training.Experiments;

/// <summary>
/// Saves the models of checkpoint starts into the hub, each with what its start was worth written on the edge of the
/// lineage. Saved twice, a model is the same one.
/// </summary>
internal static class ExperimentSaver
{
    /// <summary>
    /// Saves the models. Saves none when the experiment has no runs from scratch, since then it is unknown what a start
    /// is worth.
    /// </summary>
    public static IReadOnlyList<ExperimentSaved> Save(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentFolder folder,
        IReadOnlyList<ExperimentRunResult> runs,
        IReadOnlyList<ExperimentCell> cells,
        IReadOnlyList<ExperimentSaving> savings)
    {
        var saved = new List<ExperimentSaved>();
        foreach (var start in plan.Starts.Where(s => s.IsCheckpoint))
        {
            if (
                BestMethod(plan, start, cells) is not { } method
                || Worth(request, plan, start, method, runs, cells, savings) is not { } worth
                || runs.FirstOrDefault(r =>
                    r.Run.Start == start.Name
                    && r.Run.Method == method
                    && r.Run.Share == plan.Shares[^1]
                    && r.Checkpoint is not null)
                    is not { } run)
                continue;
            using var checkpoint = CheckpointCopy.Save(
                Path.Combine(folder.Of(run.Run), run.Checkpoint!),
                request.HubFolder,
                parents =>
                    parents.With(
                        checkpoints:
                        [
                            .. parents.Checkpoints.Select(p => p.Digest == start.Digest ? p.With(worth) : p),
                        ]),
                $"## What {start.Name} was worth\n\nAs a start, {worth.Describe()}.\n\nMeasured with:\n\n    "
                    + $"{worth.Command}"
            );
            saved.Add(new(start.Name, $"{checkpoint.Name}@{checkpoint.Digest}", checkpoint.Path));
        }
        return saved;
    }

    private static string? BestMethod(ExperimentPlan plan, ExperimentStart start, IReadOnlyList<ExperimentCell> cells)
    {
        var most = cells
            .Where(c => c.Start == start.Name && c.Share == plan.Shares[^1] && double.IsFinite(c.Mean))
            .ToList();
        return (
            MetricCatalogue.Get(plan.Metric).HigherIsBetter ? most.MaxBy(c => c.Mean) : most.MinBy(c => c.Mean)
        )?.Method;
    }

    private static ParentWorth? Worth(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentStart start,
        string method,
        IReadOnlyList<ExperimentRunResult> runs,
        IReadOnlyList<ExperimentCell> cells,
        IReadOnlyList<ExperimentSaving> savings)
    {
        var points = new List<WorthPoint>();
        var command = RepeatCommands.OfExperiment(request, plan);
        foreach (var share in plan.Shares)
        {
            var child = cells.FirstOrDefault(c => (c.Start, c.Method, c.Share) == (start.Name, method, share));
            var scratch = cells.FirstOrDefault(c =>
                (c.Start, c.Method, c.Share) == (ExperimentStart.Scratch, plan.Methods[0], share));
            var saving = savings.FirstOrDefault(s => (s.Start, s.Method, s.Share) == (start.Name, method, share));
            if (
                child is null
                || scratch is null
                || saving is null
                || !double.IsFinite(child.Mean)
                || !double.IsFinite(scratch.Mean)
                || !double.IsFinite(saving.Saving.Factor))
                continue;
            points.Add(
                new((int)Math.Round(child.Images), child.Mean, scratch.Mean, saving.Saving.Factor, saving.Saving.Bound)
            );
        }
        return points.Count == 0
            ? null
            : new(
                experiment: plan.Name,
                metric: plan.Metric,
                method: method,
                points: points,
                seeds: plan.Seeds.Count,
                heldOut: plan.HeldOutImages,
                date: DateOnly.FromDateTime(runs.Max(r => r.Ended).UtcDateTime),
                command: command.Length <= ParentWorth.LongestCommand
                    ? command
                    : $"{command[..(ParentWorth.LongestCommand - 3)]}...")
            {
                Unit = runs[0].Value(plan.Metric).Unit,
            };
    }
}
