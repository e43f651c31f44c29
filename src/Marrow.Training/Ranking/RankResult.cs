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
    public required string Data { get; init; }
    public required string Task { get; init; }

    /// <summary>What ranks: "auroc" or "smape".</summary>
    public required string Metric { get; init; }
    public required int Images { get; init; }
    public required int Patients { get; init; }
    public required int Folds { get; init; }
    public required ulong Seed { get; init; }

    /// <summary>Findings that were ranked by; empty for angles.</summary>
    public required IReadOnlyList<string> Classes { get; init; }
    public required IReadOnlyList<RankedCandidate> Candidates { get; init; }

    /// <summary>Which images were used, and why.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>How each score's order agrees with the fine-tuned results; empty with fewer than three of them.</summary>
    public required IReadOnlyList<ScoreAgreement> Agreement { get; init; }

    public required string Recommendation { get; init; }
    public required double Seconds { get; init; }
}

/// <summary>One start and what it is worth on these images.</summary>
public sealed record RankedCandidate
{
    /// <summary>The place in the ranking, from 1.</summary>
    public int Rank { get; init; }

    /// <summary>"densenet121.chexpert", "random", "matched-random".</summary>
    public required string Name { get; init; }
    public required CandidateKind Kind { get; init; }

    /// <summary>"sha256:..." of a checkpoint; "" for random weights.</summary>
    public required string Digest { get; init; }

    /// <summary>The checkpoint's licence; "" for random weights.</summary>
    public required string License { get; init; }

    /// <summary>The architecture of the backbone, such as "densenet121".</summary>
    public required string Backbone { get; init; }

    /// <summary>Of matched-random: the checkpoint whose statistics it has; "" otherwise.</summary>
    public string MatchedTo { get; init; } = "";

    /// <summary>The width of the input, in px.</summary>
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>Of the linear probe, out of fold: <see cref="RankResult.Metric"/> with its interval.</summary>
    public required MetricValue Probe { get; init; }

    /// <summary>All metrics of the same predictions.</summary>
    public required IReadOnlyList<MetricValue> Metrics { get; init; }

    /// <summary>Probe minus the best candidate's, on the same resampled patients; null for the best.</summary>
    public MetricValue? ToBest { get; init; }

    /// <summary>Probe minus that of random weights of the same architecture; null for these.</summary>
    public MetricValue? ToRandom { get; init; }

    /// <summary>Experimental. Higher is better.</summary>
    public required double LogMe { get; init; }

    /// <summary>Experimental; null for angles.</summary>
    public required double? HScore { get; init; }

    /// <summary>Experimental; null for angles.</summary>
    public required double? Gbc { get; init; }

    public required double FeatureSeconds { get; init; }

    /// <summary>True when the features were computed in an earlier run.</summary>
    public required bool FeaturesFound { get; init; }
    public required double ScoreSeconds { get; init; }

    /// <summary>Null when it was not fine-tuned.</summary>
    public FineTuneScore? FineTuned { get; init; }

    /// <summary>The probe's metric as a function of how often each image counts, for paired intervals.</summary>
    [JsonIgnore]
    internal Func<int[], double> Statistic { get; init; } = _ => double.NaN;
}

/// <summary>What short trainings from one start came to, on patients that were not trained on.</summary>
public sealed record FineTuneScore
{
    /// <summary>The metric of each repeat.</summary>
    public required IReadOnlyList<MetricValue> Runs { get; init; }

    public required double Mean { get; init; }
    public required int TrainingImages { get; init; }
    public required int TestImages { get; init; }

    /// <summary>The seconds that all runs took.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Rank correlation of a score with the fine-tuned results; 1 is the same order. Both are turned so that higher is better.</summary>
/// <param name="Score">"probe", "logMe", "hScore", "gbc".</param>
/// <param name="SpearmanP">One-sided: the share of all orders that agree as well or better.</param>
public sealed record ScoreAgreement(string Score, int Candidates, double Spearman, double SpearmanP, double Kendall, double KendallP);
