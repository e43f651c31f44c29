using System.Text.Json.Serialization;

namespace Marrow.Training.Experiments;

/// <summary>The metric of the run with one seed.</summary>
internal sealed record SeedValue(ulong Seed, double Value);

/// <summary>One point of a curve: a start and a method with one amount of labels.</summary>
internal sealed record ExperimentCell
{
    public required string Start { get; init; }
    public required string Method { get; init; }
    public required ExperimentShare Share { get; init; }

    /// <summary>The number of labelled images that were trained on, as the mean over the seeds.</summary>
    public required double Images { get; init; }

    /// <summary>The metric of each finished run.</summary>
    public required IReadOnlyList<SeedValue> Values { get; init; }

    public required double Mean { get; init; }

    /// <summary>
    /// The lower end of the 95 % interval, from Student's t over the seeds, or with one seed from the bootstrap over
    /// the held-out patients. NaN when there is none.
    /// </summary>
    public required double Low { get; init; }
    public required double High { get; init; }
}

/// <summary>
/// The difference between two points with equal amounts of labels, on the same held-out images and seed by seed.
/// </summary>
internal sealed class ExperimentDifference
{
    public ExperimentDifference(
        string start, string method, string againstStart, string againstMethod, ExperimentShare share, double mean,
        double filmsLow, double filmsHigh, double seedsLow, double seedsHigh, string verdict) =>
        (Start, Method, AgainstStart, AgainstMethod, Share, Mean, FilmsLow, FilmsHigh, SeedsLow, SeedsHigh, Verdict) = (
            start, method, againstStart, againstMethod, share, mean, filmsLow, filmsHigh, seedsLow, seedsHigh, verdict);

    public string Start { get; }
    public string Method { get; }
    public string AgainstStart { get; }
    public string AgainstMethod { get; }
    public ExperimentShare Share { get; }

    /// <summary>The difference of the metric, as the mean over the seeds that both points have.</summary>
    public double Mean { get; }

    /// <summary>
    /// The lower end of the 95 % interval for other images: the paired bootstrap over the held-out patients, averaged
    /// over the seeds. NaN when there is none.
    /// </summary>
    public double FilmsLow { get; }
    public double FilmsHigh { get; }

    /// <summary>
    /// The lower end of the 95 % interval for other draws of labels and weights, from Student's t over the seeds. NaN
    /// with one seed.
    /// </summary>
    public double SeedsLow { get; }
    public double SeedsHigh { get; }

    /// <summary>"better" or "worse" when none of the existing intervals contains 0, otherwise "unclear".</summary>
    public string Verdict { get; }
}

/// <summary>
/// Says how many labels a model from scratch needs to reach the error that a starting point reaches with fewer.
/// </summary>
public sealed class ExperimentSaving
{
    internal ExperimentSaving(
        string start, string method, ExperimentShare share, double images, LabelSaving saving, LabelSaving low,
        LabelSaving high) =>
        (Start, Method, Share, Images, Saving, Low, High) = (start, method, share, images, saving, low, high);

    /// <summary>The name of the starting point.</summary>
    public string Start { get; }

    /// <summary>The method of training, such as "supervised" or "teacher".</summary>
    public string Method { get; }
    [JsonInclude] internal ExperimentShare Share { get; }

    /// <summary>The number of labelled images that were trained on, as the mean over the seeds.</summary>
    public double Images { get; }

    /// <summary>
    /// How many times as many labels a model from scratch needs; NaN when it is unknown. When scratch does not reach
    /// the error with all its labels, or is already better with the fewest, this is only a bound;
    /// <see cref="ExperimentResult.Sentences"/> say which of them applies.
    /// </summary>
    [JsonIgnore]
    public double Factor => Saving.Factor;

    [JsonInclude] internal LabelSaving Saving { get; }

    /// <summary>
    /// The lower end of the 95 % interval, for which seeds and held-out patients are resampled together. Its factor is
    /// NaN when there is none.
    /// </summary>
    [JsonInclude] internal LabelSaving Low { get; }
    [JsonInclude] internal LabelSaving High { get; }
}
