namespace Marrow.Checkpoints;

/// <summary>One entry of metrics.json: a measured value and all that is needed to measure it again.</summary>
public sealed class MeasuredValue
{
    /// <param name="metric">See <see cref="Metric"/>.</param>
    /// <param name="split">See <see cref="Split"/>.</param>
    /// <param name="command">See <see cref="Command"/>.</param>
    /// <param name="low">The lower end of the 95 % interval; null when none was taken.</param>
    /// <param name="high">The upper end.</param>
    /// <param name="unit">See <see cref="Unit"/>.</param>
    /// <param name="samples">How many samples it was measured on.</param>
    public MeasuredValue(
        string metric, double value, string dataset, string split, DateOnly date, string command,
        double? low = null, double? high = null, string unit = "", int samples = 0) =>
        (Metric, Value, Dataset, Split, Date, Command, Low, High, Unit, Samples) = (
            metric, value, dataset, split, date, command, low, high, unit, samples);

    /// <summary>"AUROC", "SMAPE", "landmark error"; with a class: "AUROC Cardiomegaly".</summary>
    public string Metric { get; }

    public double Value { get; }

    /// <summary>Ends of the 95 % interval; null when none was taken.</summary>
    public double? Low { get; }
    public double? High { get; }

    /// <summary>"%", "degree", "px"; empty for a plain number.</summary>
    public string Unit { get; }

    public string Dataset { get; }

    /// <summary>"test", "validation"; a value on "train" says so.</summary>
    public string Split { get; }

    /// <summary>How many samples it was measured on.</summary>
    public int Samples { get; }

    public DateOnly Date { get; }

    /// <summary>What to type to measure it again.</summary>
    public string Command { get; }
}
