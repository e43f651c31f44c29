using Marrow.Metrics;

namespace Marrow.Training.Ranking;

/// <summary>The results of short trainings from one start, on patients that were not trained on.</summary>
internal sealed class FineTuneScore
{
    public FineTuneScore(
        IReadOnlyList<MetricValue> runs, double mean, int trainingImages, int testImages, double seconds) =>
        (Runs, Mean, TrainingImages, TestImages, Seconds) = (runs, mean, trainingImages, testImages, seconds);

    /// <summary>The metric of each repetition.</summary>
    public IReadOnlyList<MetricValue> Runs { get; }

    public double Mean { get; }
    public int TrainingImages { get; }
    public int TestImages { get; }

    /// <summary>The time of all runs together, in seconds.</summary>
    public double Seconds { get; }
}

/// <summary>
/// The rank correlation of a score with the fine-tuned results. 1 means the same order. Both are oriented so that
/// higher is better.
/// </summary>
internal sealed class ScoreAgreement
{
    public ScoreAgreement(
        string score, int candidates, double spearman, double spearmanP, double kendall, double kendallP) =>
        (
            Score, Candidates, Spearman, SpearmanP, Kendall, KendallP) = (
            score, candidates, spearman, spearmanP, kendall, kendallP);

    /// <summary>The name of the score: "probe", "logMe", "hScore" or "gbc".</summary>
    public string Score { get; }

    public int Candidates { get; }

    public double Spearman { get; }

    /// <summary>The one-sided p-value: the share of all orders that agree at least as well.</summary>
    public double SpearmanP { get; }

    public double Kendall { get; }

    public double KendallP { get; }
}
