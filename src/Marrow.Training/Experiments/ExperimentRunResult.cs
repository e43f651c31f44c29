using System.Text.Json.Serialization;
using Marrow.Metrics;

namespace Marrow.Training.Experiments;

/// <summary>
/// What one run measured: measured.json in its folder. Where it is, the run is done and its weights may be gone.
/// </summary>
public sealed class ExperimentRunResult
{
    [JsonConstructor]
    internal ExperimentRunResult(
        ExperimentRun run, int patients, int images, int heldOutImages, string heldOutDigest,
        IReadOnlyList<MetricValue> metrics, double seconds, DateTimeOffset ended) =>
        (
            Run, Patients, Images, HeldOutImages, HeldOutDigest, Metrics, Seconds, Ended) = (
            run, patients, images, heldOutImages, heldOutDigest, metrics, seconds, ended);

    /// <summary>The same result, of which an initialiser may change a part.</summary>
    internal ExperimentRunResult(ExperimentRunResult other)
        : this(
            other.Run, other.Patients, other.Images, other.HeldOutImages, other.HeldOutDigest, other.Metrics,
            other.Seconds, other.Ended) => Checkpoint = other.Checkpoint;

    public ExperimentRun Run { get; internal init; }

    /// <summary>How many patients the last stage was trained on.</summary>
    [JsonInclude] internal int Patients { get; }
    [JsonInclude] internal int Images { get; }

    [JsonInclude] internal int HeldOutImages { get; }

    /// <summary>See <see cref="ExperimentPlan.HeldOutDigest"/>.</summary>
    [JsonInclude] internal string HeldOutDigest { get; }

    /// <summary>Of the last stage, on the held-out part; the experiment's metric with its draws.</summary>
    public IReadOnlyList<MetricValue> Metrics { get; internal init; }

    /// <summary>From the first image read to the last metric, in the call that ended the run.</summary>
    [JsonInclude] internal double Seconds { get; }

    [JsonInclude] internal DateTimeOffset Ended { get; }

    /// <summary>Folder of the first stage's checkpoint below the run's; null when it was not to be kept.</summary>
    [JsonInclude] internal string? Checkpoint { get; init; }

    /// <summary>The run and what it measured.</summary>
    [JsonIgnore]
    public TextReport Report => ExperimentReport.Of(this);

    /// <summary>The experiment's metric.</summary>
    internal MetricValue Value(string metric) => Metrics.First(m => m.Name == metric);
}
