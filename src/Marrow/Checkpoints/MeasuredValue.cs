using System.Globalization;
using Marrow.Metrics;

namespace Marrow.Checkpoints;

/// <summary>One entry of metrics.json: a measured value, and everything that is needed to measure it again.</summary>
public sealed class MeasuredValue
{
    /// <param name="metric">See <see cref="Metric"/>.</param>
    /// <param name="split">See <see cref="Split"/>.</param>
    /// <param name="command">See <see cref="Command"/>.</param>
    /// <param name="low">The lower end of the 95 % interval; null when no interval was computed.</param>
    /// <param name="high">The upper end of the 95 % interval; null when no interval was computed.</param>
    /// <param name="unit">See <see cref="Unit"/>.</param>
    /// <param name="samples">How many samples it was measured on.</param>
    public MeasuredValue(
        string metric, double value, string dataset, string split, DateOnly date, string command,
        double? low = null, double? high = null, string unit = "", int samples = 0) =>
        (Metric, Value, Dataset, Split, Date, Command, Low, High, Unit, Samples) = (
            metric, value, dataset, split, date, command, low, high, unit, samples);

    // What tells most of each task.
    private static readonly string[] MainMetrics =
        ["auroc", "smape", "landmark-error", "ap50", "dice", "point-error", "mae", "accuracy"];

    private const string OutOf = "out of ", FoldsBy = " folds by patient";

    /// <summary>How <see cref="Split"/> says that a cross-validation measured the value.</summary>
    internal static string OutOfFolds(int folds, ulong seed) =>
        string.Create(CultureInfo.InvariantCulture, $"{OutOf}{folds}{FoldsBy} (seed {seed})");

    /// <summary>True when a cross-validation of the same recipe measured the value, with other weights.</summary>
    internal bool IsOutOfFold =>
        Split.StartsWith(OutOf, StringComparison.Ordinal) && Split.Contains(FoldsBy, StringComparison.Ordinal);

    /// <summary>
    /// Returns the one that stands for a checkpoint where there is room for one only; null when none is of all classes
    /// or parts together.
    /// </summary>
    internal static MeasuredValue? MainOf(IReadOnlyList<MeasuredValue> metrics) =>
        MainMetrics
            .Select(name => metrics.FirstOrDefault(m => m.Metric.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .FirstOrDefault(m => m is not null)
        ?? metrics.FirstOrDefault(m => MetricCatalogue.IsOfAll(m.Metric));

    /// <summary>Returns a metric with where and how it was measured.</summary>
    internal static MeasuredValue Of(MetricValue metric, string dataset, string split, DateOnly date, string command) =>
        new(
            metric.Name,
            metric.Value,
            dataset,
            split,
            date,
            command,
            double.IsNaN(metric.Low) ? null : metric.Low,
            double.IsNaN(metric.High) ? null : metric.High,
            metric.Unit,
            metric.Count);

    /// <summary>
    /// Returns "smape 8.55 %", and the interval of 95 % as "[7.55, 9.66]", which is "" where none was computed.
    /// </summary>
    public (string Value, string Interval) Describe() => (
        $"{Metric} {NumberText.Significant(Value)} {Unit}".TrimEnd(),
        this is { Low: { } low, High: { } high }
            ? $"[{NumberText.Significant(low)}, {NumberText.Significant(high)}]"
            : "");

    /// <summary>
    /// The metric's name, such as "AUROC", "SMAPE" or "landmark error"; for one class it is followed by the class, as
    /// in "AUROC Cardiomegaly".
    /// </summary>
    public string Metric { get; }

    /// <summary>The measured value, in <see cref="Unit"/>.</summary>
    public double Value { get; }

    /// <summary>The lower end of the 95 % interval; null when no interval was computed.</summary>
    public double? Low { get; }

    /// <summary>The upper end of the 95 % interval; null when no interval was computed.</summary>
    public double? High { get; }

    /// <summary>The unit, such as "%", "degree" or "px"; "" for a plain number.</summary>
    public string Unit { get; }

    /// <summary>The name of the data set on which it was measured.</summary>
    public string Dataset { get; }

    /// <summary>
    /// The part of the data on which it was measured: "test", "validation", "train" for images that were trained on, or
    /// the folds of a cross-validation, whose models had the same recipe and other weights.
    /// </summary>
    public string Split { get; }

    /// <summary>The number of samples on which it was measured.</summary>
    public int Samples { get; }

    /// <summary>The date of the measurement.</summary>
    public DateOnly Date { get; }

    /// <summary>The command line that measures the value again.</summary>
    public string Command { get; }
}
