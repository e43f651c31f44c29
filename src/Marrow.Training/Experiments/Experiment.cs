using Marrow.Metrics;
using Marrow.Training.Loop;

namespace Marrow.Training.Experiments;

/// <summary>
/// Measures how much a checkpoint is worth. One recipe is run for all combinations of amounts of labels, starting
/// points, methods and seeds, on the same held-out images and with the same number of steps. Each run is an ordinary
/// run of the recipe with a few keys changed, in a folder of its own. An interrupted experiment continues where it was,
/// and several processes can share the runs.
/// </summary>
public static class Experiment
{
    /// <summary>
    /// Reads the labels, draws every subset and loads every starting point, without writing anything. Throws
    /// <see cref="MarrowException"/> for every fault that a run would meet.
    /// </summary>
    public static ExperimentPlan Plan(ExperimentRequest request)
    {
        var plan = ExperimentPlanner.Plan(request);
        new ExperimentFolder(request.OutFolder).Check(new(request) { Resume = true }, plan, exactly: false);
        return plan;
    }

    /// <summary>
    /// Estimates how long the remaining runs will take. When none is finished yet, it times a few steps. It leaves no
    /// files behind.
    /// </summary>
    public static ExperimentEstimate Estimate(
        ExperimentRequest request,
        ExperimentPlan plan,
        Action<RunEvent> report,
        CancellationToken cancellation = default
    ) => ExperimentEstimate.Of(request, plan, new(request.OutFolder), report, cancellation);

    /// <summary>
    /// Carries out every run that is not finished, and writes the results: experiment.json, experiment.csv, runs.csv,
    /// experiment.md, experiment.png and experiment.html. When a run fails, the failure is reported and the other runs
    /// continue. Throws <see cref="MarrowException"/> for faults in the request, and when no run could be carried out.
    /// Throws <see cref="OperationCanceledException"/> when it is cancelled, after the state is saved.
    /// </summary>
    public static ExperimentResult Run(
        ExperimentRequest request,
        Action<RunEvent> report,
        CancellationToken cancellation = default)
    {
        var (plan, folder) = Open(request, exactly: false);
        folder.SavePlan(request, plan);
        var work = new ExperimentWork(request, plan, folder);
        var progress = new ExperimentProgress(plan, report);
        var done = new Dictionary<ExperimentRun, ExperimentRunResult>();
        var failures = new List<ExperimentFailure>();
        foreach (var run in plan.Runs)
        {
            if (folder.Find(run) is { } before)
            {
                done[run] = before;
                progress.Found(before);
            }
        }
        var elsewhere = new List<ExperimentRun>();
        foreach (var run in plan.Runs.Where(r => !done.ContainsKey(r)))
        {
            progress.Begin(run);
            if (Try(work, run, progress, failures, cancellation) is { } result)
                done[run] = result;
            else if (failures.All(f => f.Run != run))
                elsewhere.Add(run);
        }
        foreach (var run in elsewhere.ToList())
        {
            if (folder.Find(run) is { } meanwhile && elsewhere.Remove(run))
                done[run] = meanwhile;
        }
        if (done.Count == 0 && elsewhere.Count == 0)
            throw new MarrowException(
                $"No run of the experiment could be carried out. The first: {failures[0].Run}: {failures[0].Message}");
        return Collect(
            request,
            plan,
            folder,
            [.. plan.Runs.Where(done.ContainsKey).Select(r => done[r])],
            failures,
            elsewhere.Count);
    }

    /// <summary>
    /// Carries out the run with this index in the plan, for job arrays. Afterwards <see cref="Run"/> with
    /// <see cref="ExperimentRequest.Resume"/> collects the results. Returns null while another process does the run.
    /// Throws as <see cref="Run"/> does.
    /// </summary>
    public static ExperimentRunResult? RunOne(
        ExperimentRequest request,
        int index,
        Action<RunEvent> report,
        CancellationToken cancellation = default)
    {
        var (plan, folder) = Open(request, exactly: true);
        if (index < 0 || index >= plan.Runs.Count)
            throw new MarrowException($"The experiment has runs 0 to {plan.Runs.Count - 1}, found index {index}.");
        if (!folder.HasPlan)
            folder.SavePlan(request, plan);
        return new ExperimentWork(request, plan, folder).Do(plan.Runs[index], report, cancellation);
    }

    /// <summary>
    /// Writes the plan, and the experiment as a SLURM job array, into the folder. experiment.sbatch has one element for
    /// each run, and collect.sbatch computes the results from what they measured. Returns the command lines that submit
    /// both.
    /// </summary>
    /// <param name="program">The program that carries out the experiment and its arguments, word by word.</param>
    /// <param name="options">
    /// Options of sbatch, such as "time=4:00:00", "cpus-per-task=8", "mem=16G" or "partition=gpu".
    /// </param>
    public static IReadOnlyList<string> WriteJobs(
        ExperimentRequest request, IReadOnlyList<string> program, IReadOnlyList<string> options) =>
        SlurmScript.Write(request, program, options);

    internal static (ExperimentPlan Plan, ExperimentFolder Folder) Open(ExperimentRequest request, bool exactly)
    {
        var folder = new ExperimentFolder(request.OutFolder);
        var plan = ExperimentPlanner.Plan(request);
        folder.Check(request, plan, exactly);
        if (request.Save)
            AtomicFile.RequireWritable(request.HubFolder);
        return (plan, folder);
    }

    private static ExperimentRunResult? Try(
        ExperimentWork work,
        ExperimentRun run,
        ExperimentProgress progress,
        List<ExperimentFailure> failures,
        CancellationToken cancellation)
    {
        try
        {
            var result = work.Do(run, progress.Pass, cancellation);
            if (result is not null)
                progress.End(result);
            else
                progress.Skip(run, "another process is at it");
            return result;
        }
        catch (MarrowException e)
        {
            failures.Add(new(run, e.Message));
            progress.Skip(run, $"failed: {e.Message}");
            return null;
        }
    }

    private static ExperimentResult Collect(
        ExperimentRequest request,
        ExperimentPlan plan,
        ExperimentFolder folder,
        IReadOnlyList<ExperimentRunResult> runs,
        IReadOnlyList<ExperimentFailure> failures,
        int elsewhere)
    {
        var info = MetricCatalogue.Get(plan.Metric);
        var unit = runs.Count > 0 ? runs[0].Value(plan.Metric).Unit : info.Unit;
        if (elsewhere > 0)
            return new(plan, folder.Root, runs, failures, elsewhere, unit, info.HigherIsBetter);
        if (runs.FirstOrDefault(r => r.HeldOutDigest != plan.HeldOutDigest) is { } other)
            throw MarrowException.Bad(
                folder.Of(other.Run),
                "the held-out images of the other runs",
                "others",
                "The data set has changed since: delete that folder and resume.");
        var statistics = new ExperimentStatistics(plan, runs);
        var cells = statistics.Cells();
        var (differences, savings) = (statistics.Differences(), statistics.Savings(cells));
        var result = new ExperimentResult(
            plan, folder.Root, runs, failures, elsewhere, unit, info.HigherIsBetter)
        {
            Cells = cells,
            Differences = differences,
            Savings = savings,
            Sentences = ExperimentText.Sentences(plan, savings, differences),
            Saved = request.Save ? ExperimentSaver.Save(request, plan, folder, runs, cells, savings) : [],
        };
        ExperimentFiles.Write(folder, result);
        ExperimentPage.Write(folder, request, result);
        return result;
    }
}
