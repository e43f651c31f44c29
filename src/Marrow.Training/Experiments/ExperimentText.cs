using System.Globalization;

namespace Marrow.Training.Experiments;

/// <summary>
/// Formats the numbers, names and sentences of an experiment in the same way for the terminal, the page and the files.
/// </summary>
internal static class ExperimentText
{
    /// <summary>Names a curve, such as "warm start, teacher". The method is left out when there is only one.</summary>
    public static string Line(ExperimentPlan plan, string start, string method) =>
        plan.Methods.Count == 1 ? start : $"{start}, {method}";

    /// <summary>Returns the metric's name with its unit, such as "smape (%)".</summary>
    /// <param name="unit">The unit of the measured numbers, which can't be told from the metric alone.</param>
    public static string MetricName(ExperimentPlan plan, string unit) =>
        unit.Length > 0 ? $"{plan.Metric} ({unit})" : plan.Metric;

    /// <summary>Formats a value of the metric: with three decimals when it has no unit, otherwise with two.</summary>
    public static string Value(string unit, double value) =>
        double.IsNaN(value) ? "-" : value.ToString(Format(unit), CultureInfo.InvariantCulture);

    /// <summary>Formats a value with its sign, plus or minus.</summary>
    public static string Signed(string unit, double value)
    {
        var format = Format(unit);
        return double.IsNaN(value)
            ? "-"
            : value.ToString($"+{format};-{format};{format}", CultureInfo.InvariantCulture);
    }

    /// <summary>Formats an interval, such as "12.3 to 14.5"; "-" when there is none.</summary>
    public static string Interval(string low, string high) => low == "-" || high == "-" ? "-" : $"{low} to {high}";

    /// <summary>Formats a factor, such as "3.3", with a sign before it when it is a bound.</summary>
    public static string Factor(LabelSaving saving) =>
        double.IsNaN(saving.Factor)
            ? "-"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{(saving.Bound > 0 ? "> " : saving.Bound < 0 ? "< " : "")}{saving.Factor:0.0}");

    public static string Images(double images) => images.ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>Returns one sentence for each curve except those from scratch.</summary>
    public static IReadOnlyList<string> Sentences(
        ExperimentPlan plan,
        IReadOnlyList<ExperimentSaving> savings,
        IReadOnlyList<ExperimentDifference> differences
    ) =>
        [
            .. savings
                .GroupBy(s => (s.Start, s.Method))
                .Select(line =>
                {
                    var parts = line.Select(
                        (s, i) =>
                            $"{Images(s.Images)} {(i == 0 ? "labelled images are worth" : "are worth")} {Words(s)}");
                    var against = differences
                        .Where(d =>
                            (d.Start, d.Method, d.AgainstStart, d.AgainstMethod)
                            == (line.Key.Start, line.Key.Method, ExperimentStart.Scratch, plan.Methods[0]))
                        .ToList();
                    var verdicts = (
                        Better: against.Count(d => d.Verdict == "better"),
                        Worse: against.Count(d => d.Verdict == "worse"));
                    var verdict = against.Count == 1
                        ? verdicts.Better > 0 ? "Better than scratch beyond chance"
                            : verdicts.Worse > 0 ? "Worse than scratch beyond chance"
                            : "The difference from scratch may be chance"
                        : $"Better than scratch beyond chance at {verdicts.Better} of {against.Count} "
                            + $"amounts{(verdicts.Worse > 0 ? $", worse at {verdicts.Worse}" : "")}";
                    return $"{Line(plan, line.Key.Start, line.Key.Method)}: {string.Join(", ", parts)} from scratch. "
                        + $"{verdict}.";
                }),
        ];

    private static string Words(ExperimentSaving s)
    {
        var images = (s.Saving.Factor * s.Images).ToString("0", CultureInfo.InvariantCulture);
        return s.Saving.Bound switch
        {
            > 0 => $"more than {images} ({Factor(s.Saving)} x)",
            < 0 => $"fewer than {images} ({Factor(s.Saving)} x)",
            _ => double.IsNaN(s.Saving.Factor) ? "an unknown number" : $"{images} ({Factor(s.Saving)} x)",
        };
    }

    private static string Format(string unit) => unit.Length == 0 ? "0.000" : "0.00";
}
