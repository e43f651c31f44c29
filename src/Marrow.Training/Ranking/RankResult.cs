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
public sealed record RankResult
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

    public string Data { get; }
    public string Task { get; }

    /// <summary>What ranks: "auroc" or "smape".</summary>
    public string Metric { get; }
    public int Images { get; }
    public int Patients { get; }
    public int Folds { get; }
    [JsonInclude] internal ulong Seed { get; }

    /// <summary>Findings that were ranked by; empty for angles.</summary>
    [JsonInclude] internal IReadOnlyList<string> Classes { get; }
    public IReadOnlyList<RankedCandidate> Candidates { get; internal init; }

    /// <summary>Which images were used, and why.</summary>
    public IReadOnlyList<string> Notes { get; }
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// How each score's order agrees with the fine-tuned results; empty with fewer than three of them.
    /// </summary>
    public IReadOnlyList<ScoreAgreement> Agreement { get; }

    public string Recommendation { get; }
    [JsonInclude] internal double Seconds { get; }
}

/// <summary>One start and what it is worth on these images.</summary>
public sealed record RankedCandidate
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
    public int Rank { get; internal init; }

    /// <summary>"densenet121.chexpert", "random", "matched-random".</summary>
    public string Name { get; internal init; }
    public CandidateKind Kind { get; }

    /// <summary>"sha256:..." of a checkpoint; "" for random weights.</summary>
    [JsonInclude] internal string Digest { get; }

    /// <summary>The checkpoint's licence; "" for random weights.</summary>
    public string License { get; internal init; }

    /// <summary>The architecture of the backbone, such as "densenet121".</summary>
    [JsonInclude] internal string Backbone { get; }

    /// <summary>Of matched-random: the checkpoint whose statistics it has; "" otherwise.</summary>
    public string MatchedTo { get; internal init; } = "";

    /// <summary>The width of the input, in px.</summary>
    [JsonInclude] internal int Width { get; }
    [JsonInclude] internal int Height { get; }

    /// <summary>Of the linear probe, out of fold: <see cref="RankResult.Metric"/> with its interval.</summary>
    public MetricValue Probe { get; }

    /// <summary>All metrics of the same predictions.</summary>
    [JsonInclude] internal IReadOnlyList<MetricValue> Metrics { get; }

    /// <summary>Probe minus the best candidate's, on the same resampled patients; null for the best.</summary>
    public MetricValue? ToBest { get; internal init; }

    /// <summary>Probe minus that of random weights of the same architecture; null for these.</summary>
    public MetricValue? ToRandom { get; internal init; }

    /// <summary>Experimental. Higher is better.</summary>
    public double LogMe { get; }

    /// <summary>Experimental; null for angles.</summary>
    public double? HScore { get; }

    /// <summary>Experimental; null for angles.</summary>
    public double? Gbc { get; }

    public double FeatureSeconds { get; internal init; }

    /// <summary>True when the features were computed in an earlier run.</summary>
    public bool FeaturesFound { get; }
    public double ScoreSeconds { get; }

    /// <summary>Null when it was not fine-tuned.</summary>
    public FineTuneScore? FineTuned { get; internal init; }

    /// <summary>The probe's metric as a function of how often each image counts, for paired intervals.</summary>
    [JsonIgnore]
    internal Func<int[], double> Statistic { get; init; } = _ => double.NaN;
}

/// <summary>What short trainings from one start came to, on patients that were not trained on.</summary>
public sealed record FineTuneScore
{
    internal FineTuneScore(
        IReadOnlyList<MetricValue> runs, double mean, int trainingImages, int testImages, double seconds) =>
        (Runs, Mean, TrainingImages, TestImages, Seconds) = (runs, mean, trainingImages, testImages, seconds);

    /// <summary>The metric of each repeat.</summary>
    public IReadOnlyList<MetricValue> Runs { get; }

    public double Mean { get; internal init; }
    public int TrainingImages { get; }
    public int TestImages { get; }

    /// <summary>The seconds that all runs took.</summary>
    public double Seconds { get; }
}

/// <summary>
/// Rank correlation of a score with the fine-tuned results; 1 is the same order. Both are turned so that higher is
/// better.
/// </summary>
public sealed class ScoreAgreement
{
    internal ScoreAgreement(
        string score, int candidates, double spearman, double spearmanP, double kendall, double kendallP) =>
        (
            Score, Candidates, Spearman, SpearmanP, Kendall, KendallP) = (
            score, candidates, spearman, spearmanP, kendall, kendallP);

    /// <summary>"probe", "logMe", "hScore", "gbc".</summary>
    public string Score { get; }

    public int Candidates { get; }

    public double Spearman { get; }

    /// <summary>One-sided: the share of all orders that agree as well or better.</summary>
    public double SpearmanP { get; }

    public double Kendall { get; }

    public double KendallP { get; }
}
