using Marrow.Checkpoints;
using Marrow.Findings;
using Marrow.Metrics;
using Marrow.Prediction;
using Marrow.Spine;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// The spines of all folds -> one set of metrics, as if one model had measured every film, with intervals over the
/// patients; the table of films and the pictures.
/// </summary>
internal static class SpineOutcome
{
    private const string Intervals =
        "95 %: bootstrap over the patients. Each film was measured by the models of the one fold that held out its "
            + "patient.";

    private static readonly string[] OfEveryKind = ["smape", "mae", "mae.cobb1", "within-5"];

    public static FoldOutcome Of(
        CrossValidationPlan plan,
        IReadOnlyList<PredictedSpine> films,
        SpineErrors? errors,
        IReadOnlyList<string> warnings,
        bool fast,
        CancellationToken cancellation)
    {
        var measured = films.Select(f => f.Film).ToList();
        var bootstrap = new BootstrapOptions { Cancellation = cancellation };
        var metrics = SpineMetrics.Of(measured, bootstrap);
        var kinds = SpineMetrics.Kinds(measured);
        var (reported, of) = kinds[0];
        string[] levels = [.. Enumerable.Range(0, Vertebra.Count).Select(SpinePart.LevelName)];
        var hasVertebrae = metrics.ContainsKey(SpineMetrics.Landmarks) && SpineMetrics.HaveVertebrae(measured);
        var pairs = hasVertebrae ? measured.Select(f => f.Pair).ToList() : [];
        var byLevel = hasVertebrae ? Tilts.ByLevel(pairs, levels, bootstrap) : [];
        var bySize = hasVertebrae ? Tilts.BySize(pairs, bootstrap) : [];
        var byFold = plan.Folds.Select(fold => OfFold(fold, films, of)).ToList();
        var table = new SpineFilmTable(kinds, levels);
        var calibration = new SpineCalibrationOutcome(errors?.Films ?? [], bootstrap);
        return new()
        {
            Sentences = [Sentence(plan, [.. kinds.Select(k => k.Kind)], metrics, fast)],
            Tables =
            [
                (SpineTables.Angles(plan, metrics), Intervals),
                .. hasVertebrae
                    ? [(SpineTables.Vertebrae(metrics[SpineMetrics.Landmarks]), "")]
                    : Array.Empty<(ReportPart, string)>(),
                .. calibration.Tables,
                (SpineTables.Folds(byFold, reported), ""),
            ],
            Details =
            [
                .. calibration.Details,
                .. hasVertebrae
                    ?
                    [
                        (
                            SpineTables.Tilts(byLevel, "level"),
                            "sd: 1.4826 x the median absolute deviation of the errors."),
                        (SpineTables.Tilts(bySize, "true tilt, degrees"), ""),
                    ]
                    : Array.Empty<(ReportPart, string)>(),
            ],
            Pictures =
            [
                .. SpinePictures.Of(measured, reported, of, metrics[reported], byLevel),
                .. calibration.Pictures,
            ],
            Columns = table.Columns,
            Rows = [.. films.Select(table.Row)],
            Numbers = new Dictionary<string, object>
            {
                ["results"] = metrics,
                ["tiltsByLevel"] = byLevel,
                ["tiltsBySize"] = bySize,
                ["byFold"] = byFold,
                ["reported"] = reported,
                ["looks"] = fast ? FindingLooks.One : FindingLooks.All,
                ["calibration"] = calibration.Numbers,
            },
            Errors = errors is null ? null : errors with { Measured = [.. ForCard(plan, metrics)] },
            Warnings = warnings,
        };
    }

    /// <summary>
    /// Returns the metrics as a checkpoint's card has them: all of the angles that are reported, and of the other kinds
    /// those that tell kinds apart.
    /// </summary>
    private static IEnumerable<MeasuredValue> ForCard(
        CrossValidationPlan plan, IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> metrics)
    {
        var split = MeasuredValue.OutOfFolds(plan.Folds.Count, plan.Recipe.SplitSeed);
        var (today, command) = (DateOnly.FromDateTime(DateTime.UtcNow), RepeatCommands.OfFolds(plan));
        return metrics
            .SelectMany(kind => kind.Key == SpineMetrics.Landmarks
                ? kind.Value
                : kind.Value
                    .Where(metric => OfEveryKind.Contains(metric.Name))
                    .Select(metric => metric.Named($"{metric.Name}.{kind.Key}")))
            .Select(metric => MeasuredValue.Of(metric, plan.Dataset.Name, split, today, command));
    }

    /// <summary>What one fold came to, without intervals: it shows how much folds differ.</summary>
    internal sealed record FoldNumbers(int Fold, int Films, int Groups, double Smape, double Cobb1Mae);

    private static FoldNumbers OfFold(
        FoldPlan fold, IReadOnlyList<PredictedSpine> films, Func<SpinePart, IReadOnlyList<double>> of)
    {
        var mine = films.Where(f => f.Fold == fold && f.Film.Sample.CobbDegrees.Count > 0).Select(f => f.Film).ToList();
        var metrics = Angles.Measure(
            [.. mine.Select(f => f.Sample.CobbDegrees)],
            [.. mine.Select(f => of(f.Spine))],
            [.. mine.Select(f => f.Sample.Patient)],
            new() { Resamples = 0 });
        return new(fold.Fold.Number, fold.Films.Count, fold.Groups, Value("smape"), Value("mae.cobb1"));

        double Value(string name) => metrics.FirstOrDefault(m => m.Name == name)?.Value ?? double.NaN;
    }

    // The angles that are reported; of the others the SMAPE alone.
    private static string Sentence(
        CrossValidationPlan plan,
        IReadOnlyList<string> kinds,
        IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> metrics,
        bool fast)
    {
        var (reported, others) = (kinds[0], kinds.Skip(1).Select(kind => $"; SMAPE {Text(kind, "smape")} % ({kind})"));
        return $"Each of {plan.Films} films of {plan.Groups} patients measured by models that never saw its patient"
            + $"{(fast ? ", with one look" : "")}: "
            + $"SMAPE {Text(reported, "smape")} %, the largest angle {Text(reported, "mae.cobb1")} degrees off on "
            + $"average, {NumberText.Percent(Find(reported, "within-5").Value)} of them within 5 degrees "
            + $"({reported}){string.Concat(others)}.";

        string Text(string kind, string name) => SpineTables.Cell(Find(kind, name));
        MetricValue Find(string kind, string name) => metrics[kind].First(m => m.Name == name);
    }
}
