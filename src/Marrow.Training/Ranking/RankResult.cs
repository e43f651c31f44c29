using System.Text.Json.Serialization;
using Marrow.Metrics;

namespace Marrow.Training.Ranking;

/// <summary>The origin of a candidate's weights.</summary>
public enum CandidateKind
{
    Checkpoint,

    /// <summary>The weights are random, drawn by the architecture's own initialisation.</summary>
    Random,

    /// <summary>The weights are random, drawn with the statistics of a checkpoint's weights in each layer.</summary>
    MatchedRandom,
}

/// <summary>The outcome of a ranking.</summary>
public sealed class RankResult
{
    internal RankResult(
        string data, string task, string metric, int images, int patients, int folds, ulong seed,
        IReadOnlyList<string> classes, IReadOnlyList<RankedCandidate> candidates, IReadOnlyList<string> notes,
        IReadOnlyList<string> warnings, IReadOnlyList<ScoreAgreement> agreement, string recommendation,
        double seconds) =>
        (
            Data, Task, Metric, Images, Patients, Folds, Seed, Classes, Candidates, Notes, Warnings, Agreement,
            Recommendation, Seconds) = (
            data, task, metric, images, patients, folds, seed, classes, candidates, notes, warnings, agreement,
            recommendation, seconds);

    /// <summary>A report with a table of the candidates, the basis of the ranking, and the recommendation.</summary>
    [JsonIgnore]
    public TextReport Report => RankTable.Report(this);

    [JsonInclude] internal string Data { get; }
    [JsonInclude] internal string Task { get; }

    /// <summary>The metric by which candidates are ranked: "auroc" or "smape".</summary>
    public string Metric { get; }
    [JsonInclude] internal int Images { get; }
    [JsonInclude] internal int Patients { get; }
    [JsonInclude] internal int Folds { get; }
    [JsonInclude] internal ulong Seed { get; }

    /// <summary>The findings by which candidates were ranked; empty for angles.</summary>
    [JsonInclude] internal IReadOnlyList<string> Classes { get; }

    /// <summary>The candidates, the best one first.</summary>
    public IReadOnlyList<RankedCandidate> Candidates { get; }

    /// <summary>Sentences that say which images were used, and why.</summary>
    [JsonInclude] internal IReadOnlyList<string> Notes { get; }

    /// <summary>Sentences that say what was left out, and what makes the ranking less reliable.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// The agreement of each score's order with the fine-tuned results; empty when there are fewer than three results.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<ScoreAgreement> Agreement { get; }

    /// <summary>The result of the ranking in one sentence, which claims no more than the intervals support.</summary>
    public string Recommendation { get; }

    [JsonInclude] internal double Seconds { get; }
}

/// <summary>One candidate to start a training from, with its scores on these images.</summary>
public sealed class RankedCandidate
{
    internal RankedCandidate(
        string name, CandidateKind kind, string digest, string license, string backbone, int width, int height,
        MetricValue probe, IReadOnlyList<MetricValue> metrics, double logMe, double? hScore, double? gbc,
        double featureSeconds, bool featuresFound, double scoreSeconds) =>
        (
            Name, Kind, Digest, License, Backbone, Width, Height, Probe, Metrics, LogMe, HScore, Gbc, FeatureSeconds,
            FeaturesFound, ScoreSeconds) = (
            name, kind, digest, license, backbone, width, height, probe, metrics, logMe, hScore, gbc, featureSeconds,
            featuresFound, scoreSeconds);

    /// <summary>The candidate's place in the ranking, from 1.</summary>
    public int Rank { get; internal set; }

    /// <summary>
    /// The candidate's name: that of the checkpoint, such as "densenet121.chexpert", or "random" or "matched-random".
    /// </summary>
    public string Name { get; internal set; }

    /// <summary>The origin of the candidate's weights.</summary>
    public CandidateKind Kind { get; }

    /// <summary>The digest of the checkpoint, "sha256:..."; "" for random weights.</summary>
    [JsonInclude] internal string Digest { get; }

    /// <summary>The checkpoint's licence; "" for random weights.</summary>
    [JsonInclude] internal string License { get; set; }

    /// <summary>The architecture of the backbone, such as "densenet121".</summary>
    [JsonInclude] internal string Backbone { get; }

    /// <summary>The checkpoint whose statistics matched-random weights have; "" for all other candidates.</summary>
    [JsonInclude] internal string MatchedTo { get; init; } = "";

    /// <summary>The width of the input in pixels.</summary>
    [JsonInclude] internal int Width { get; }
    [JsonInclude] internal int Height { get; }

    /// <summary>
    /// The metric <see cref="RankResult.Metric"/> of the linear probe on images outside the fold it was trained on,
    /// with its interval.
    /// </summary>
    public MetricValue Probe { get; }

    /// <summary>All metrics of the same predictions.</summary>
    [JsonInclude] internal IReadOnlyList<MetricValue> Metrics { get; }

    /// <summary>
    /// The probe's metric minus that of the best candidate, on the same resampled patients; null for the best
    /// candidate.
    /// </summary>
    [JsonInclude] internal MetricValue? ToBest { get; set; }

    /// <summary>
    /// The probe's metric minus that of random weights with the same architecture; null for random weights themselves.
    /// </summary>
    public MetricValue? ToRandom { get; internal set; }

    /// <summary>The score LogME, which is experimental. Higher is better.</summary>
    [JsonInclude] internal double LogMe { get; }

    /// <summary>The H-score, which is experimental; null for angles.</summary>
    [JsonInclude] internal double? HScore { get; }

    /// <summary>The score GBC, which is experimental; null for angles.</summary>
    [JsonInclude] internal double? Gbc { get; }

    [JsonInclude] internal double FeatureSeconds { get; set; }

    /// <summary>True when the features were found in the cache of an earlier run.</summary>
    [JsonInclude] internal bool FeaturesFound { get; }
    [JsonInclude] internal double ScoreSeconds { get; }

    /// <summary>The result of fine-tuning; null when the candidate was not fine-tuned.</summary>
    [JsonInclude] internal FineTuneScore? FineTuned { get; set; }

    /// <summary>
    /// The probe's metric as a function of how often each image counts, from which paired intervals are computed.
    /// </summary>
    [JsonIgnore]
    internal Func<int[], double> Statistic { get; init; } = _ => double.NaN;
}
