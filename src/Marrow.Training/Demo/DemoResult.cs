using Marrow.Metrics;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>What a demo came to.</summary>
internal sealed record DemoResult
{
    public required string Folder { get; init; }

    /// <summary>The path of the HTML page.</summary>
    public required string Report { get; init; }

    /// <summary>What the checkpoints were worth in this run, in one sentence.</summary>
    public required string Sentence { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Wall time; of a demo that was interrupted, that of the last part alone.</summary>
    public required double Seconds { get; init; }

    /// <summary>The most memory that the process has taken.</summary>
    public required double PeakMemoryGiB { get; init; }

    /// <summary>The detector, then the regressor.</summary>
    public required IReadOnlyList<DemoComparison> Comparisons { get; init; }

    /// <summary>Every stage in the recipe's order.</summary>
    public required IReadOnlyList<StageResult> Stages { get; init; }
}

/// <summary>One model trained twice at the same budget: warm-started, and from random weights.</summary>
internal sealed record DemoComparison
{
    /// <summary>"detector" or "regressor".</summary>
    public required string Model { get; init; }

    /// <summary>What the warm start took over: "the chest checkpoint".</summary>
    public required string Source { get; init; }

    public required StageResult Warm { get; init; }
    public required StageResult Scratch { get; init; }

    /// <summary>
    /// SMAPE from scratch minus SMAPE warm-started, percentage points, with its interval over held-out films. The films
    /// are the same for both, so the pairs' interval is narrower than the two intervals of the values.
    /// </summary>
    public required MetricValue SmapeGain { get; init; }

    /// <summary>The same of the landmark error, original px; null for the regressor.</summary>
    public MetricValue? LandmarkGain { get; init; }
}
