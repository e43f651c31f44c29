using Marrow.Metrics;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Spine;
using Marrow.Tasks.Intervals;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// The intervals and the confidence that the films of a cross-validation give, held against films of folds that they
/// were not made of: tables, a picture and numbers. Empty where the films are too few.
/// </summary>
internal sealed class SpineCalibrationOutcome
{
    private const double Level = SpineCalibrationFit.UsualLevel;

    private static readonly string Near = $"{NumberText.Of(SpineCalibrationFit.WithinDegrees, "0")} degrees";

    private readonly IReadOnlyList<MetricValue> _metrics;
    private readonly IReadOnlyList<ReliabilityPart> _parts;

    public SpineCalibrationOutcome(IReadOnlyList<CalibrationFilm> films, BootstrapOptions bootstrap)
    {
        var told = CalibrationCheck.OutOfFold(films, Level);
        _metrics = told.Count == 0 ? [] : CalibrationCheck.Measure(told, bootstrap);
        _parts = told.Count == 0 ? [] : CalibrationCheck.Reliability(told);
    }

    private bool IsThere => _metrics.Count > 0;

    /// <summary>The tables that are shown first.</summary>
    public IReadOnlyList<(ReportPart Table, string Note)> Tables => !IsThere ? [] :
    [
        (
            Intervals(
                Enumerable.Range(1, SpineCalibration.Angles).Select(a => $"cobb{a}"),
                "angle",
                $"Intervals of {NumberText.Percent(Level)} about the corners' angles, out of fold"),
            "Each fold's intervals were made of the other folds' films. Films that would be refused are left out."),
        (
            ReportPart.Table(
                ["confidence", "value"],
                [
                    ["Brier score", Cell("brier")],
                    ["Brier score of the same share for every film", Cell("brier.same")],
                    ["expected calibration error", Cell("calibration-error")],
                ],
                $"The probability that cobb1 is within {Near}, out of fold"),
            ""),
    ];

    /// <summary>Longer tables, which the terminal leaves out.</summary>
    public IReadOnlyList<(ReportPart Table, string Note)> Details => !IsThere ? [] :
    [
        (
            Intervals(
                Enum.GetValues<CurveSeverity>().Select(size => size.ToString().ToLowerInvariant()),
                "true cobb1",
                "Intervals of cobb1 by its true size"),
            "The share is promised of all films together, not of each size."),
        (
            ReportPart.Table(
                ["said (mean)", "came true", "films"],
                _parts.Select(part => (IReadOnlyList<string>)
                [
                    NumberText.Percent(part.Said), NumberText.Percent(part.True), NumberText.Whole(part.Films),
                ]),
                $"Confidence that cobb1 is within {Near}, and how often it was"),
            ""),
    ];

    public IReadOnlyList<FoldPicture> Pictures => !IsThere ? [] :
    [
        new(
            "reliability",
            dark => CalibrationPlots.Reliability(
                $"Confidence that cobb1 is within {Near}",
                "said: mean probability",
                "came true: share of the films",
                [.. _parts.Select(part => (part.Said, part.True, part.Films))],
                dark),
            $"How often cobb1 was within {Near} of the truth, over what was said: "
                + string.Join("; ", _parts.Select(part =>
                    $"said {NumberText.Percent(part.Said)}, came true {NumberText.Percent(part.True)}"))
                + ". Bars: 95 %."),
    ];

    /// <summary>All numbers, for programs.</summary>
    public object Numbers => new { Level, Metrics = _metrics, Reliability = _parts };

    private ReportPart Intervals(IEnumerable<string> names, string by, string title) => ReportPart.Table(
        [by, "coverage", "mean width (deg)", "films"],
        names
            .Where(name => Find($"coverage.{name}") is not null)
            .Select(name => (IReadOnlyList<string>)
            [
                name,
                Share(Find($"coverage.{name}")!),
                Cell($"interval-width.{name}"),
                NumberText.Whole(Find($"coverage.{name}")!.Count),
            ]),
        title);

    private MetricValue? Find(string name) => _metrics.FirstOrDefault(metric => metric.Name == name);

    private string Cell(string name) => SpineTables.Cell(Find(name));

    private static string Share(MetricValue metric) => double.IsNaN(metric.Low)
        ? NumberText.Percent(metric.Value)
        : $"{NumberText.Percent(metric.Value)} ({NumberText.Of(100 * metric.Low, "0.0")} to "
            + $"{NumberText.Of(100 * metric.High, "0.0")})";
}
