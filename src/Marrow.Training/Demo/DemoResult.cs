using Marrow.Metrics;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>What a demo came to.</summary>
public sealed class DemoResult
{
    internal DemoResult(
        string folder, string report, string sentence, ulong seed, double seconds, double peakMemoryGiB,
        IReadOnlyList<DemoComparison> comparisons, IReadOnlyList<StageResult> stages) =>
        (
            Folder, Report, Sentence, Seed, Seconds, PeakMemoryGiB, Comparisons, Stages) = (
            folder, report, sentence, seed, seconds, peakMemoryGiB, comparisons, stages);

    public string Folder { get; }

    /// <summary>The path of the HTML page.</summary>
    public string Report { get; }

    /// <summary>What the checkpoints were worth in this run, in one sentence.</summary>
    public string Sentence { get; }

    internal ulong Seed { get; }

    /// <summary>Wall time; of a demo that was interrupted, that of the last part alone.</summary>
    public double Seconds { get; }

    /// <summary>The most memory that the process has taken.</summary>
    internal double PeakMemoryGiB { get; }

    /// <summary>The detector, then the regressor.</summary>
    public IReadOnlyList<DemoComparison> Comparisons { get; }

    /// <summary>Every stage in the recipe's order.</summary>
    internal IReadOnlyList<StageResult> Stages { get; }
}

/// <summary>One model trained twice at the same budget: warm-started, and from random weights.</summary>
public sealed class DemoComparison
{
    internal DemoComparison(
        string model, string source, StageResult warm, StageResult scratch, MetricValue smapeGain) =>
        (Model, Source, Warm, Scratch, SmapeGain) = (model, source, warm, scratch, smapeGain);

    /// <summary>"detector" or "regressor".</summary>
    internal string Model { get; }

    /// <summary>What the warm start took over: "the chest checkpoint".</summary>
    internal string Source { get; }

    public StageResult Warm { get; }
    internal StageResult Scratch { get; }

    /// <summary>
    /// SMAPE from scratch minus SMAPE warm-started, percentage points, with its interval over held-out films. The films
    /// are the same for both, so the pairs' interval is narrower than the two intervals of the values.
    /// </summary>
    internal MetricValue SmapeGain { get; }

    /// <summary>The same of the landmark error, original px; null for the regressor.</summary>
    internal MetricValue? LandmarkGain { get; init; }
}
