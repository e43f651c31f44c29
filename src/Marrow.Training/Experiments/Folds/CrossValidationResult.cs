namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// What a cross-validation came to. All its numbers are in experiment.json and in the report's document, and what was
/// predicted of each film in predictions.csv.
/// </summary>
public sealed class CrossValidationResult
{
    internal CrossValidationResult(CrossValidationPlan plan, CrossValidationFolder folder, FoldOutcome outcome) =>
        (Plan, Folder, Outcome) = (plan, folder, outcome);

    /// <summary>One sentence for each reason why the numbers may mislead; empty when there is none.</summary>
    public IReadOnlyList<string> Warnings => Outcome.Warnings;

    /// <summary>The metrics over all films, and where everything else is found.</summary>
    public TextReport Report => new(
        Document,
        [
            .. Outcome.Tables.SelectMany(Parts),
            ReportPart.Line(),
            .. Outcome.Sentences.Select(ReportPart.Line),
            ReportPart.Line(
                $"Report: {Folder.Page}   Film by film: {Path.GetFileName(Folder.Predictions)}   Tables: "
                    + $"experiment.md   Numbers: experiment.json"),
        ]);

    private static IEnumerable<ReportPart> Parts((ReportPart Table, string Note) table) =>
        table.Note.Length > 0 ? [table.Table, ReportPart.Line(table.Note)] : [table.Table];

    internal CrossValidationPlan Plan { get; }
    internal CrossValidationFolder Folder { get; }
    internal FoldOutcome Outcome { get; }

    internal object Document => new
    {
        Plan.Recipe.Name,
        Data = Plan.Dataset.Name,
        Plan.Last.Task,
        Seed = Plan.Recipe.SplitSeed,
        Plan.Shared,
        Plan.Stages,
        Plan.Films,
        Plan.Groups,
        Folds = Plan.Folds.Select(fold => new { fold.Fold.Number, Films = fold.Films.Count, fold.Groups }),
        Outcome.Sentences,
        Outcome.Warnings,
        Outcome.Numbers,
    };
}
