using System.Globalization;
using System.Text.Json;
using Marrow.Datasets;
using Marrow.Reports;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// Writes predictions.csv, of spines calibration.json, experiment.json, experiment.md, experiment.html and the
/// pictures.
/// </summary>
internal static class CrossValidationFiles
{
    public static void Write(
        CrossValidationFolder folder, CrossValidationRequest request, CrossValidationResult result)
    {
        var outcome = result.Outcome;
        AtomicFile.WriteText(folder.Predictions, CsvTable.Text(outcome.Columns, outcome.Rows));
        AtomicFile.WriteText(folder.Result, JsonSerializer.Serialize(result.Document, MarrowJson.Options));
        if (outcome.Errors is { } errors)
            AtomicFile.WriteText(folder.Errors, JsonSerializer.Serialize(errors, MarrowJson.Options));
        AtomicFile.WriteText(folder.Text, ExperimentMarkdown.Of(
            outcome.Sentences, [.. outcome.Tables, .. outcome.Details]));
        foreach (var picture in outcome.Pictures)
            AtomicFile.Write(folder.Picture(picture.Name), stream => stream.Write(picture.Draw(false)));
        Page(request, result).Save(folder.Page);
    }

    private static HtmlReport Page(CrossValidationRequest request, CrossValidationResult result)
    {
        var (plan, outcome) = (result.Plan, result.Outcome);
        var page = new HtmlReport(
            $"Cross-validation: {plan.Recipe.Name}",
            $"{plan.Last.Task}; {plan.Dataset.Name}, {NumberText.Count(plan.Films, "film")} of "
                + $"{NumberText.Count(plan.Groups, "patient")} in {plan.Folds.Count} folds"
                + $"{(request.Fast ? "; one look at each film (--fast)" : "")}");
        foreach (var sentence in outcome.Sentences)
            page.Callout(sentence);
        foreach (var warning in outcome.Warnings)
            page.Text($"Note: {warning}");
        page.Section("Out of fold");
        Tables(page, outcome.Tables);
        foreach (var picture in outcome.Pictures)
            page.Plot(picture.Draw, picture.Text).Text(picture.Text);
        Tables(page, outcome.Details);
        page.Section("How it was done").Text(How(plan));
        page.Table(
            ["fold", "films", "patients"],
            [
                .. plan.Folds.Select(fold => (IReadOnlyList<string>)
                    [fold.Name, NumberText.Whole(fold.Films.Count), NumberText.Whole(fold.Groups)]),
            ]);
        if (request.Command.Count > 0)
            page.Text("The cross-validation:").Code(RepeatCommands.Quote(request.Command));
        page.Text("Each fold again, by itself:")
            .Code(string.Join("\n", plan.Folds.Select(fold => Repeat(request, plan, fold))));
        return page.Text("The recipe:").Code(request.Recipe.SourceText);
    }

    private static string How(CrossValidationPlan plan) =>
        $"The patients of {plan.Dataset.Name} were dealt into {plan.Folds.Count} folds by seed "
            + $"{plan.Recipe.SplitSeed.ToString(CultureInfo.InvariantCulture)}, and each fold's models "
            + $"({string.Join(", ", plan.Stages)}) were trained on the other folds alone"
            + (plan.Shared.Count == 0
                ? "."
                : $", from {string.Join(", ", plan.Shared)}, which was trained once and has no film of them.");

    private static string Repeat(CrossValidationRequest request, CrossValidationPlan plan, FoldPlan fold)
    {
        var recipe = FoldPlanner.RecipeOf(request, plan, fold.Fold);
        var home = Path.Combine("runs", $"{recipe.Name}-{fold.Name}");
        return RepeatCommands.Run(
            recipe.SourcePath,
            recipe.DataNames.Select(name => RepeatCommands.Quote($"{name}={request.DataFolders[name]}")),
            recipe.Chosen,
            recipe.Overrides,
            $"--out {RepeatCommands.Quote(home)}");
    }

    private static void Tables(HtmlReport page, IEnumerable<(ReportPart Table, string Note)> tables)
    {
        foreach (var (table, note) in tables)
        {
            page.Table(table.Headers, table.Rows, table.Title);
            if (note.Length > 0)
                page.Text(note);
        }
    }
}
