using Marrow.Metrics;
using Marrow.Training.Ranking;

namespace Marrow.Tests.Ranking;

public class RecommendationTests
{
    private static RankedCandidate Candidate(
        int rank,
        string name,
        double probe,
        CandidateKind kind = CandidateKind.Checkpoint,
        string license = "CC0-1.0",
        double? tuned = null,
        string metric = "auroc"
    ) =>
        new(
            name: name,
            kind: kind,
            digest: "",
            license: license,
            backbone: "densenet121",
            width: 64,
            height: 64,
            probe: Value(metric, probe),
            metrics: [],
            logMe: 0,
            hScore: null,
            gbc: null,
            featureSeconds: 0,
            featuresFound: false,
            scoreSeconds: 0)
        {
            Rank = rank,
            FineTuned = tuned is { } t ? new(runs: [], mean: t, trainingImages: 1, testImages: 1, seconds: 1) : null,
        };

    private static MetricValue Value(string metric, double value, double within = 0) =>
        new(name: metric, value: value, count: 1) { Low = value - within, High = value + within };

    /// <summary>Every difference is known to so much.</summary>
    private static string Of(double within, params RankedCandidate[] ranked) =>
        Recommendation.Of(ranked, ranked[0].Probe.Name, (a, b) =>
            Value(a.Probe.Name, a.Probe.Value - b.Probe.Value, within));

    [Fact]
    public void Two_that_differ_by_less_than_the_interval_can_not_be_told_apart()
    {
        var sentence = Of(
            0.05,
            Candidate(1, "a", 0.9),
            Candidate(2, "b", 0.89),
            Candidate(3, "random", 0.6, CandidateKind.Random));
        Assert.Equal(
            "a and b can't be told apart (AUROC difference 0.010, 95 % interval -0.040 to 0.060); start from a.",
            sentence);
    }

    [Fact]
    public void The_freer_licence_of_an_equal_is_named() =>
        Assert.Contains(
            "or from b, whose licence (CC-BY-4.0) restricts less",
            Of(
                0.05,
                Candidate(1, "a", 0.9, license: "LicenseRef-SpineWeb-research"),
                Candidate(2, "b", 0.89, license: "CC-BY-4.0"),
                Candidate(3, "random", 0.6, CandidateKind.Random)));

    [Fact]
    public void One_that_leads_by_more_is_recommended() =>
        Assert.StartsWith(
            "Start from a: it is better than b, the next",
            Of(0.05, Candidate(1, "a", 0.9), Candidate(2, "b", 0.8), Candidate(3, "random", 0.6, CandidateKind.Random))
        );

    [Fact]
    public void Random_weights_that_are_as_good_are_not_kept_silent()
    {
        Assert.StartsWith(
            "No checkpoint is measurably better than random weights on these images (AUROC of a minus matched-random: "
                + "0.010",
            Of(
                0.05,
                Candidate(1, "a", 0.9),
                Candidate(2, "matched-random", 0.89, CandidateKind.MatchedRandom),
                Candidate(3, "random", 0.6, CandidateKind.Random)));
        Assert.StartsWith(
            "No checkpoint is measurably better",
            Of(0.05, Candidate(1, "random", 0.95, CandidateKind.Random), Candidate(2, "a", 0.7)));
    }

    [Fact]
    public void Lower_is_better_for_angles()
    {
        Assert.StartsWith(
            "Start from a: it is better than b",
            Of(
                1,
                Candidate(1, "a", 20, metric: "smape"),
                Candidate(2, "b", 25, metric: "smape"),
                Candidate(3, "random", 40, CandidateKind.Random, metric: "smape")));
        Assert.StartsWith(
            "No checkpoint",
            Of(
                1,
                Candidate(1, "random", 20, CandidateKind.Random, metric: "smape"),
                Candidate(2, "a", 25, metric: "smape")));
    }

    [Fact]
    public void A_fine_tune_that_disagrees_is_told()
    {
        RankedCandidate a = Candidate(1, "a", 0.9, tuned: 0.8),
            b = Candidate(2, "b", 0.8, tuned: 0.85),
            random = Candidate(3, "random", 0.6, CandidateKind.Random, tuned: 0.5);
        Assert.EndsWith("; the short fine-tune puts b first (AUROC 0.850, next a 0.800).", Of(0.05, a, b, random));
        Assert.Contains(
            "puts it first as well",
            Of(0.05, Candidate(1, "a", 0.9, tuned: 0.9), b, random));
    }
}
