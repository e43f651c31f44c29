using System.Text.Json.Serialization;
using Marrow.Metrics;

namespace Marrow.Training.Experiments;

/// <summary>
/// The measurements of one run, stored as measured.json in its folder. When that file exists the run is finished, and
/// its weights may have been removed.
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

    /// <summary>Copies a result. An initialiser can then replace some of its parts.</summary>
    internal ExperimentRunResult(ExperimentRunResult other)
        : this(
            other.Run, other.Patients, other.Images, other.HeldOutImages, other.HeldOutDigest, other.Metrics,
            other.Seconds, other.Ended) => Checkpoint = other.Checkpoint;

    /// <summary>The run that was measured.</summary>
    public ExperimentRun Run { get; internal init; }

    /// <summary>The number of patients on whom the last stage was trained.</summary>
    [JsonInclude] internal int Patients { get; }
    [JsonInclude] internal int Images { get; }

    [JsonInclude] internal int HeldOutImages { get; }

    /// <summary>The digest of the held-out images; see <see cref="ExperimentPlan.HeldOutDigest"/>.</summary>
    [JsonInclude] internal string HeldOutDigest { get; }

    /// <summary>
    /// The metrics of the last stage on the held-out part. The metric of the experiment has its resampled values as
    /// well.
    /// </summary>
    public IReadOnlyList<MetricValue> Metrics { get; internal init; }

    /// <summary>
    /// The time in seconds from the first image to the last metric, in the call that finished the run.
    /// </summary>
    [JsonInclude] internal double Seconds { get; }

    [JsonInclude] internal DateTimeOffset Ended { get; }

    /// <summary>
    /// The folder of the first stage's checkpoint, relative to the run's folder; null when it was not kept.
    /// </summary>
    [JsonInclude] internal string? Checkpoint { get; init; }

    /// <summary>A report of the run and its measurements.</summary>
    [JsonIgnore]
    public TextReport Report => ExperimentReport.Of(this);

    /// <summary>Returns the value of a metric.</summary>
    internal MetricValue Value(string metric) => Metrics.First(m => m.Name == metric);
}
