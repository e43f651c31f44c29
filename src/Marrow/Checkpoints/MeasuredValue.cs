namespace Marrow.Checkpoints;

/// <summary>One entry of metrics.json: a measured value and all that is needed to measure it again.</summary>
public sealed record MeasuredValue
{
    /// <summary>"AUROC", "SMAPE", "landmark error"; with a class: "AUROC Cardiomegaly".</summary>
    public required string Metric { get; init; }

    public required double Value { get; init; }

    /// <summary>Ends of the 95 % interval; null when none was taken.</summary>
    public double? Low { get; init; }
    public double? High { get; init; }

    /// <summary>"%", "degree", "px"; empty for a plain number.</summary>
    public string Unit { get; init; } = "";

    public required string Dataset { get; init; }

    /// <summary>"test", "validation"; a value on "train" says so.</summary>
    public required string Split { get; init; }

    /// <summary>How many samples it was measured on.</summary>
    public int Samples { get; init; }

    public required DateOnly Date { get; init; }

    /// <summary>What to type to measure it again.</summary>
    public required string Command { get; init; }
}
