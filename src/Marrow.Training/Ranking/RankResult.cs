using System.Text.Json.Serialization;
using Marrow.Metrics;

namespace Marrow.Training.Ranking;

/// <summary>Where a candidate's weights come from.</summary>
public enum CandidateKind
{
    Checkpoint,

    /// <summary>The architecture's own initialisation.</summary>
    Random,

    /// <summary>Random weights with the statistics of a checkpoint's, layer by layer.</summary>
    MatchedRandom,
}

/// <summary>The ranking, best first.</summary>
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

    /// <summary>The candidates as a table, what the ranking rests on, and the recommendation.</summary>
    [JsonIgnore]
    public TextReport Report => RankTable.Report(this);

    [JsonInclude] internal string Data { get; }
    [JsonInclude] internal string Task { get; }

    /// <summary>What ranks: "auroc" or "smape".</summary>
    public string Metric { get; }
    [JsonInclude] internal int Images { get; }
    [JsonInclude] internal int Patients { get; }
    [JsonInclude] internal int Folds { get; }
    [JsonInclude] internal ulong Seed { get; }

    /// <summary>Findings that were ranked by; empty for angles.</summary>
    [JsonInclude] internal IReadOnlyList<string> Classes { get; }

    /// <summary>Best first.</summary>
    public IReadOnlyList<RankedCandidate> Candidates { get; }

    /// <summary>Which images were used, and why.</summary>
    [JsonInclude] internal IReadOnlyList<string> Notes { get; }

    /// <summary>What was left out, and what makes the ranking say less than it could.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// How each score's order agrees with the fine-tuned results; empty with fewer than three of them.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<ScoreAgreement> Agreement { get; }

    /// <summary>The ranking in one sentence, which says no more than the intervals do.</summary>
    public string Recommendation { get; }

    [JsonInclude] internal double Seconds { get; }
}

/// <summary>One start and what it is worth on these images.</summary>
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

    /// <summary>The place in the ranking, from 1.</summary>
    public int Rank { get; internal set; }

    /// <summary>"densenet121.chexpert", "random", "matched-random".</summary>
    public string Name { get; internal set; }

    public CandidateKind Kind { get; }

    /// <summary>"sha256:..." of a checkpoint; "" for random weights.</summary>
    [JsonInclude] internal string Digest { get; }

    /// <summary>The checkpoint's licence; "" for random weights.</summary>
    [JsonInclude] internal string License { get; set; }

    /// <summary>The architecture of the backbone, such as "densenet121".</summary>
    [JsonInclude] internal string Backbone { get; }

    /// <summary>Of matched-random: the checkpoint whose statistics it has; "" otherwise.</summary>
    [JsonInclude] internal string MatchedTo { get; init; } = "";

    /// <summary>The width of the input, in px.</summary>
    [JsonInclude] internal int Width { get; }
    [JsonInclude] internal int Height { get; }

    /// <summary>Of the linear probe, out of fold: <see cref="RankResult.Metric"/> with its interval.</summary>
    public MetricValue Probe { get; }

    /// <summary>All metrics of the same predictions.</summary>
    [JsonInclude] internal IReadOnlyList<MetricValue> Metrics { get; }

    /// <summary>Probe minus the best candidate's, on the same resampled patients; null for the best.</summary>
    [JsonInclude] internal MetricValue? ToBest { get; set; }

    /// <summary>Probe minus that of random weights of the same architecture; null for these.</summary>
    public MetricValue? ToRandom { get; internal set; }

    /// <summary>Experimental. Higher is better.</summary>
    [JsonInclude] internal double LogMe { get; }

    /// <summary>Experimental; null for angles.</summary>
    [JsonInclude] internal double? HScore { get; }

    /// <summary>Experimental; null for angles.</summary>
    [JsonInclude] internal double? Gbc { get; }

    [JsonInclude] internal double FeatureSeconds { get; set; }

    /// <summary>True when the features were computed in an earlier run.</summary>
    [JsonInclude] internal bool FeaturesFound { get; }
    [JsonInclude] internal double ScoreSeconds { get; }

    /// <summary>Null when it was not fine-tuned.</summary>
    [JsonInclude] internal FineTuneScore? FineTuned { get; set; }

    /// <summary>The probe's metric as a function of how often each image counts, for paired intervals.</summary>
    [JsonIgnore]
    internal Func<int[], double> Statistic { get; init; } = _ => double.NaN;
}
