using Marrow.Metrics;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>What a demo came to.</summary>
public sealed class DemoResult
{
    internal DemoResult(
        string folder, string page, string sentence, ulong seed, double seconds, double peakMemoryGiB,
        IReadOnlyList<DemoComparison> comparisons, IReadOnlyList<StageResult> stages) =>
        (
            Folder, Page, Sentence, Seed, Seconds, PeakMemoryGiB, Comparisons, Stages) = (
            folder, page, sentence, seed, seconds, peakMemoryGiB, comparisons, stages);

    /// <summary>Where everything lies: the checkpoints in its folder "hub", the same numbers in demo.json.</summary>
    public string Folder { get; }

    /// <summary>The path of the HTML page.</summary>
    public string Page { get; }

    /// <summary>What the checkpoints were worth in this run, in one sentence.</summary>
    public string Sentence { get; }

    /// <summary>Both trainings of each model side by side, the sentence, and where the rest is found.</summary>
    public TextReport Report => DemoTable.Report(this);

    internal ulong Seed { get; }

    /// <summary>Wall time; of a demo that was interrupted, that of the last part alone.</summary>
    internal double Seconds { get; }

    /// <summary>The most memory that the process has taken.</summary>
    internal double PeakMemoryGiB { get; }

    /// <summary>The detector, then the regressor.</summary>
    internal IReadOnlyList<DemoComparison> Comparisons { get; }

    /// <summary>Every stage in the recipe's order.</summary>
    internal IReadOnlyList<StageResult> Stages { get; }
}

/// <summary>One model trained twice at the same budget: warm-started, and from random weights.</summary>
internal sealed class DemoComparison
{
    public DemoComparison(
        string model, string source, StageResult warm, StageResult scratch, MetricValue smapeGain) =>
        (Model, Source, Warm, Scratch, SmapeGain) = (model, source, warm, scratch, smapeGain);

    /// <summary>"detector" or "regressor".</summary>
    public string Model { get; }

    /// <summary>What the warm start took over: "the chest checkpoint".</summary>
    public string Source { get; }

    public StageResult Warm { get; }
    public StageResult Scratch { get; }

    /// <summary>
    /// SMAPE from scratch minus SMAPE warm-started, percentage points, with its interval over held-out films. The films
    /// are the same for both, so the pairs' interval is narrower than the two intervals of the values.
    /// </summary>
    public MetricValue SmapeGain { get; }

    /// <summary>The same of the landmark error, original px; null for the regressor.</summary>
    public MetricValue? LandmarkGain { get; init; }
}
