using Marrow.Metrics;
using Marrow.Training.Loop;

namespace Marrow.Training.Experiments;

/// <summary>
/// What a checkpoint is worth: one recipe over amounts of labels x starts x methods x seeds, on the same held-out films,
/// with the same number of steps. Each run is an ordinary run of the recipe with a few keys changed, in a folder of its
/// own; a study that was stopped goes on where it was, and several processes may share the runs.
/// </summary>
public static class Study
{
    /// <summary>
    /// Reads labels, draws every subset, tries every start. Throws <see cref="MarrowException"/> for whatever a run would
    /// stumble over. Writes nothing.
    /// </summary>
    public static StudyPlan Plan(StudyRequest request)
    {
        var plan = StudyPlanner.Plan(request);
        new StudyFolder(request.OutFolder).Check(request with { Resume = true }, plan, exactly: false);
        return plan;
    }

    /// <summary>How long the runs that are left will take. Times a few steps where none is finished; writes nothing that stays.</summary>
    public static StudyEstimate Estimate(StudyRequest request, StudyPlan plan, Action<RunEvent> report, CancellationToken cancellation = default) =>
        StudyEstimate.Of(request, plan, new(request.OutFolder), report, cancellation);

    /// <summary>
    /// Carries out every run that is not done and writes the results: study.json, study.csv, runs.csv, study.md, study.png and
    /// study.html. A run that fails is told of and the others go on. Throws <see cref="MarrowException"/> for what is
    /// wrong with the request, or when no run could be carried out, and <see cref="OperationCanceledException"/> when
    /// cancelled, after the state is saved.
    /// </summary>
    public static StudyResult Run(StudyRequest request, Action<RunEvent> report, CancellationToken cancellation = default)
    {
        var (plan, folder) = Open(request, exactly: false);
        folder.SavePlan(request, plan);
        var work = new StudyWork(request, plan, folder);
        var progress = new StudyProgress(plan, report);
        var done = new Dictionary<StudyRun, StudyRunResult>();
        var failures = new List<StudyFailure>();
        foreach (var run in plan.Runs)
        {
            if (folder.Find(run) is { } before)
            {
                done[run] = before;
                progress.Found(before);
            }
        }
        var elsewhere = new List<StudyRun>();
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
            throw new MarrowException($"No run of the study could be carried out. The first: {failures[0].Run}: {failures[0].Message}");
        return Collect(request, plan, folder, [.. plan.Runs.Where(done.ContainsKey).Select(r => done[r])], failures, elsewhere.Count);
    }

    /// <summary>
    /// Carries out one run by its index in the plan, for job arrays; the results are collected by <see cref="Run"/> with
    /// <see cref="StudyRequest.Resume"/>. Null while another process does it. Throws as <see cref="Run"/> does.
    /// </summary>
    public static StudyRunResult? RunOne(StudyRequest request, int index, Action<RunEvent> report, CancellationToken cancellation = default)
    {
        var (plan, folder) = Open(request, exactly: true);
        if (index < 0 || index >= plan.Runs.Count)
            throw new MarrowException($"The study has runs 0 to {plan.Runs.Count - 1}, found index {index}.");
        if (!folder.HasPlan)
            folder.SavePlan(request, plan);
        return new StudyWork(request, plan, folder).Do(plan.Runs[index], report, cancellation);
    }

    internal static (StudyPlan Plan, StudyFolder Folder) Open(StudyRequest request, bool exactly)
    {
        var folder = new StudyFolder(request.OutFolder);
        var plan = StudyPlanner.Plan(request);
        folder.Check(request, plan, exactly);
        if (request.Save)
            AtomicFile.RequireWritable(request.HubFolder);
        return (plan, folder);
    }

    private static StudyRunResult? Try(StudyWork work, StudyRun run, StudyProgress progress, List<StudyFailure> failures, CancellationToken cancellation)
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

    private static StudyResult Collect(StudyRequest request, StudyPlan plan, StudyFolder folder, IReadOnlyList<StudyRunResult> runs, IReadOnlyList<StudyFailure> failures, int elsewhere)
    {
        var info = MetricCatalogue.Get(plan.Metric);
        var result = new StudyResult
        {
            Plan = plan,
            Runs = runs,
            Failures = failures,
            Elsewhere = elsewhere,
            Unit = runs.Count > 0 ? runs[0].Value(plan.Metric).Unit : info.Unit,
            HigherIsBetter = info.HigherIsBetter,
        };
        if (!result.IsComplete)
            return result;
        if (runs.FirstOrDefault(r => r.HeldOutDigest != plan.HeldOutDigest) is { } other)
            throw MarrowException.Bad(folder.Of(other.Run), "the held-out images of the other runs", "others", "The data set has changed since: delete that folder and resume.");
        var statistics = new StudyStatistics(plan, runs);
        var cells = statistics.Cells();
        var (differences, savings) = (statistics.Differences(), statistics.Savings(cells));
        result = result with
        {
            Cells = cells,
            Differences = differences,
            Savings = savings,
            Sentences = StudyText.Sentences(plan, savings, differences),
            Saved = request.Save ? StudySaver.Save(request, plan, folder, runs, cells, savings) : [],
        };
        StudyFiles.Write(folder, result);
        StudyReport.Write(folder, request, result);
        return result;
    }
}
