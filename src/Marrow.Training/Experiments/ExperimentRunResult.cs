using Marrow.Metrics;

namespace Marrow.Training.Experiments;

/// <summary>What one run measured: measured.json in its folder. Where it is, the run is done and its weights may be gone.</summary>
public sealed record ExperimentRunResult
{
    public required ExperimentRun Run { get; init; }

    /// <summary>How many patients the last stage was trained on.</summary>
    public required int Patients { get; init; }
    public required int Images { get; init; }

    public required int HeldOutImages { get; init; }

    /// <summary>See <see cref="ExperimentPlan.HeldOutDigest"/>.</summary>
    public required string HeldOutDigest { get; init; }

    /// <summary>Of the last stage, on the held-out part; the experiment's metric with its draws.</summary>
    public required IReadOnlyList<MetricValue> Metrics { get; init; }

    /// <summary>From the first image read to the last metric, in the call that ended the run.</summary>
    public required double Seconds { get; init; }

    public required DateTimeOffset Ended { get; init; }

    /// <summary>Folder of the first stage's checkpoint below the run's; null when it was not to be kept.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The experiment's metric.</summary>
    internal MetricValue Value(string metric) => Metrics.First(m => m.Name == metric);
}
