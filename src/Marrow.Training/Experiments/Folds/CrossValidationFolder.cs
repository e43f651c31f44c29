using System.Text.Json;
using Marrow.Prediction;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// The folder of a cross-validation: plan.json, shared/ with what is trained once, fold-1/ to fold-k/ with a run each,
/// and the results, those of one look at each spine in a folder of their own.
/// </summary>
internal sealed class CrossValidationFolder(string root, bool fast = false)
{
    public const string HubName = "hub";
    private const string SharedName = "shared", OneLookName = "one-look";

    private readonly string _results = fast ? Path.Combine(root, OneLookName) : root;

    public string Root => root;
    public string Shared => Path.Combine(root, SharedName);
    public string Predictions => Path.Combine(_results, "predictions.csv");
    public string Result => Path.Combine(_results, "experiment.json");
    public string Errors => Path.Combine(_results, SpineErrors.FileName);
    public string Page => Path.Combine(_results, "experiment.html");
    public string Text => Path.Combine(_results, "experiment.md");
    private string PlanPath => Path.Combine(root, "plan.json");

    /// <summary>What must stay the same while a cross-validation continues.</summary>
    private sealed record Described
    {
        public required string Recipe { get; init; }
        public required IReadOnlyList<string> Overrides { get; init; }
        public required IReadOnlyList<string> Stages { get; init; }
        public required int Folds { get; init; }

        /// <summary>By fold: the films that it holds out.</summary>
        public required IReadOnlyList<string> HeldOutDigests { get; init; }
    }

    public string Of(FoldPlan fold) => Path.Combine(root, fold.Name);

    public FoldHub HubOf(CrossValidationPlan plan, FoldPlan fold) =>
        new(plan, fold, Path.Combine(Of(fold), HubName));

    public string Picture(string name) => Path.Combine(_results, $"{name}.png");

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the folder holds something else, and when it holds this
    /// cross-validation, or the runs of some folds, but is not to be resumed.
    /// </summary>
    public void Check(CrossValidationRequest request, CrossValidationPlan plan)
    {
        if (!request.Resume && (File.Exists(PlanPath) || plan.Folds.Any(fold => Directory.Exists(Of(fold)))))
            throw new MarrowException(
                ErrorKind.Conflict,
                $"{root}: holds folds already. Go on with them by --resume, or name another folder with --out.");
        if (!File.Exists(PlanPath))
        {
            if (((string[])[Predictions, Result, Errors, Page, Text]).FirstOrDefault(File.Exists) is { } foreign)
                throw MarrowException.Conflict(
                    _results,
                    "a folder without files of the names that a cross-validation writes",
                    Path.GetFileName(foreign),
                    "Name another folder with --out: nothing that others wrote is replaced.");
            return;
        }
        var before = MarrowJson.Read<Described>(
            PlanPath,
            "the plan of a cross-validation",
            "Copy it from where it is whole, or name another folder with --out.");
        var now = Describe(request, plan);
        if (before.Recipe != now.Recipe
            || !before.Overrides.SequenceEqual(now.Overrides)
            || !before.Stages.SequenceEqual(now.Stages)
            || before.Folds != now.Folds)
            throw new MarrowException(
                ErrorKind.Conflict,
                $"{root}: the cross-validation there has another recipe or other settings. Go on with its own recipe, "
                    + $"--set values, --stages and --folds, or name another folder with --out.");
        if (!before.HeldOutDigests.SequenceEqual(now.HeldOutDigests))
            throw new MarrowException(
                ErrorKind.Conflict,
                $"{root}: the folds there are of other films: the data set or its patients have changed. Begin anew "
                    + $"with another --out.");
    }

    public void SavePlan(CrossValidationRequest request, CrossValidationPlan plan) =>
        AtomicFile.WriteText(PlanPath, JsonSerializer.Serialize(Describe(request, plan), MarrowJson.Options));

    private static Described Describe(CrossValidationRequest request, CrossValidationPlan plan) => new()
    {
        Recipe = request.Recipe.SourceText,
        Overrides = request.Recipe.Overrides,
        Stages = plan.Recipe.StageNames,
        Folds = request.Folds,
        HeldOutDigests = [.. plan.Folds.Select(fold => ExperimentPlanner.DigestOf(fold.Films))],
    };
}
