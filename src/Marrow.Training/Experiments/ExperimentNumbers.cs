using System.Text.Json.Serialization;

namespace Marrow.Training.Experiments;

/// <summary>A metric in the run of one seed.</summary>
internal sealed record SeedValue(ulong Seed, double Value);

/// <summary>A point of a curve: one start and method with so many labels.</summary>
internal sealed record ExperimentCell
{
    public required string Start { get; init; }
    public required string Method { get; init; }
    public required ExperimentShare Share { get; init; }

    /// <summary>Labelled images trained on, mean over the seeds.</summary>
    public required double Images { get; init; }

    /// <summary>The metric of each run that is done.</summary>
    public required IReadOnlyList<SeedValue> Values { get; init; }

    public required double Mean { get; init; }

    /// <summary>
    /// 95 %: by Student's t over the seeds; with one seed by the bootstrap over the held-out patients. NaN when there
    /// is none.
    /// </summary>
    public required double Low { get; init; }
    public required double High { get; init; }
}

/// <summary>Two points of equal labels, on the same held-out films, seed by seed.</summary>
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

    /// <summary>Of the metric, mean over the seeds that both have.</summary>
    public double Mean { get; }

    /// <summary>
    /// 95 % by the paired bootstrap over the held-out patients, seeds averaged: other films. NaN when there is none.
    /// </summary>
    public double FilmsLow { get; }
    public double FilmsHigh { get; }

    /// <summary>95 % by Student's t over the seeds: other draws of labels and weights. NaN with one seed.</summary>
    public double SeedsLow { get; }
    public double SeedsHigh { get; }

    /// <summary>"better" or "worse" when every interval that there is leaves 0 out, else "unclear".</summary>
    public string Verdict { get; }
}

/// <summary>How many labels from scratch buy the error of a start with fewer.</summary>
public sealed class ExperimentSaving
{
    internal ExperimentSaving(
        string start, string method, ExperimentShare share, double images, LabelSaving saving, LabelSaving low,
        LabelSaving high) =>
        (Start, Method, Share, Images, Saving, Low, High) = (start, method, share, images, saving, low, high);

    public string Start { get; }
    public string Method { get; }
    [JsonInclude] internal ExperimentShare Share { get; }

    /// <summary>Labelled images trained on, mean over the seeds.</summary>
    public double Images { get; }

    /// <summary>
    /// So many times these labels it takes from scratch; NaN when unknown. Where scratch does not reach the error with
    /// all its labels, or with the fewest is better already, this is the bound that is known:
    /// <see cref="ExperimentResult.Sentences"/> say which.
    /// </summary>
    [JsonIgnore]
    public double Factor => Saving.Factor;

    [JsonInclude] internal LabelSaving Saving { get; }

    /// <summary>
    /// Ends of the 95 % interval: seeds and held-out patients drawn again together. Factor NaN when there is none.
    /// </summary>
    [JsonInclude] internal LabelSaving Low { get; }
    [JsonInclude] internal LabelSaving High { get; }
}
