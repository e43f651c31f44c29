using System.Text.Json;

namespace Marrow.Training.Experiments;

/// <summary>
/// The experiment's folder: plan.json, runs/NAME with measured.json for each run, and the results. Several processes
/// may work in it at once: each run has a folder and a lock of its own.
/// </summary>
internal sealed class ExperimentFolder(string root)
{
    private const string NotOurs =
        "Go on with that experiment's own recipe, --set values, --stages and --metric, or name another folder with "
            + "--out.";

    public string Root => root;
    public string Report => Path.Combine(root, "experiment.html");
    public string Picture => Path.Combine(root, "experiment.png");
    public string Result => Path.Combine(root, "experiment.json");
    public string Text => Path.Combine(root, "experiment.md");
    public string Table => Path.Combine(root, "experiment.csv");
    public string RunTable => Path.Combine(root, "runs.csv");
    private string PlanPath => Path.Combine(root, "plan.json");

    /// <summary>
    /// The parts of an experiment that must stay the same while it continues. Everything else may be extended.
    /// </summary>
    private sealed record Described(string Recipe, IReadOnlyList<string> Overrides, ExperimentPlan Plan);

    public string Of(ExperimentRun run) => Path.Combine(root, "runs", run.Name);

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the folder holds another experiment, and when it holds this one but is
    /// not to be resumed.
    /// </summary>
    /// <param name="exactly">True to require the very same plan, since a run is requested by its index.</param>
    public void Check(ExperimentRequest request, ExperimentPlan plan, bool exactly)
    {
        if (!File.Exists(PlanPath))
        {
            if (((string[])[Result, Table, RunTable, Text, Picture, Report]).FirstOrDefault(File.Exists) is { } foreign)
                throw MarrowException.Conflict(
                    root,
                    "a folder without files of the names that an experiment writes",
                    Path.GetFileName(foreign),
                    "Name another folder with --out: nothing that others wrote is replaced.");
            return;
        }
        if (!request.Resume && !exactly)
            throw new MarrowException(
                ErrorKind.Conflict,
                $"{root}: holds an experiment already. Go on with it by --resume, or name another folder with --out.");
        var before = ReadPlan();
        if (before.Recipe != request.Recipe.SourceText || !before.Overrides.SequenceEqual(request.Recipe.Overrides)
            || !before.Plan.Stages.SequenceEqual(plan.Stages) || before.Plan.Metric != plan.Metric)
            throw new MarrowException(
                ErrorKind.Conflict,
                $"{root}: the experiment there has another recipe or other settings. {NotOurs}");
        if (before.Plan.HeldOutDigest != plan.HeldOutDigest)
            throw new MarrowException(
                ErrorKind.Conflict,
                $"{root}: the experiment there held out other images: the data set or the split seed has changed. "
                    + $"Begin anew with another --out."
            );
        if (exactly && !before.Plan.Runs.Select(AsLine).SequenceEqual(plan.Runs.Select(AsLine)))
            throw new MarrowException(
                ErrorKind.Conflict,
                $"{root}: the plan there has other runs, so that an index means another one. Give the fractions, "
                    + $"starts, methods and seeds that it was written with, or write it anew with --slurm and --resume."
            );

        static string AsLine(ExperimentRun run) => JsonSerializer.Serialize(run, MarrowJson.Line);
    }

    public void SavePlan(ExperimentRequest request, ExperimentPlan plan) =>
        AtomicFile.WriteText(
            PlanPath,
            JsonSerializer.Serialize(
                new Described(request.Recipe.SourceText, request.Recipe.Overrides, plan),
                MarrowJson.Options));

    public bool HasPlan => File.Exists(PlanPath);

    /// <summary>True unless the experiment there was planned before copies of films were looked for.</summary>
    public bool LooksForCopies => !HasPlan || ReadPlan().Plan.LooksForCopies;

    private Described ReadPlan() =>
        MarrowJson.Read<Described>(
            PlanPath,
            "the plan of an experiment",
            "Copy it from where it is whole, or name another folder with --out.");

    /// <summary>Returns the result of a run; null when the run is not finished.</summary>
    public ExperimentRunResult? Find(ExperimentRun run)
    {
        var path = Measured(run);
        if (!File.Exists(path))
            return null;
        var result = MarrowJson.Read<ExperimentRunResult>(
            path,
            "the result of a run",
            "Delete it and resume: the run is then done again.");
        return result.Run.Overrides.SequenceEqual(run.Overrides)
            ? new(result) { Run = run }
            : throw MarrowException.Bad(
                path,
                $"a run with {string.Join(" ", run.Overrides)}",
                string.Join(" ", result.Run.Overrides),
                $"A checkpoint of that name has changed, or the recipe. {NotOurs}");
    }

    public void Save(ExperimentRunResult result) =>
        AtomicFile.WriteText(Measured(result.Run), JsonSerializer.Serialize(result, MarrowJson.Options));

    /// <summary>
    /// Locks a run; null while another process has locked it. The system removes the lock when its process ends.
    /// </summary>
    public FolderLock? TryLock(ExperimentRun run) => FolderLock.TryTake(Of(run));

    private string Measured(ExperimentRun run) => Path.Combine(Of(run), "measured.json");
}
