using System.Globalization;
using Marrow.Metrics;

namespace Marrow.Training.Ranking;

/// <summary>Formats a ranking for readers. Its lines fit a terminal of 120 columns.</summary>
internal static class RankTable
{
    private const string Experimental = "*";

    public static TextReport Report(RankResult result)
    {
        List<ReportPart> parts =
        [
            Candidates(result),
            ReportPart.Line($"{Experimental} experimental: on medical images no score of this kind was reliable"),
        ];
        if (IsFineTuned(result))
            parts.Add(ReportPart.Line(FineTuneText(result)));
        if (result.Agreement.Count > 0)
            parts.AddRange([
                Agreement(result.Agreement),
                ReportPart.Line(
                    $"{result.Agreement[0].Candidates} candidates: so few say little. p: share of all orders that "
                        + $"agree as well or better."),
            ]);
        parts.AddRange(result.Notes.Select(note => ReportPart.Line($"{result.Data}: {note}")));
        return new(result, [.. parts, ReportPart.Line(), ReportPart.Line(result.Recommendation)]);
    }

    private static bool IsFineTuned(RankResult result) => result.Candidates.Any(c => c.FineTuned is not null);

    private static ReportPart Candidates(RankResult result)
    {
        var withClasses = result.Candidates.Any(c => c.HScore is not null);
        var withFineTune = IsFineTuned(result);
        var unit = MetricCatalogue.Get(result.Metric).Unit is "%" ? " %" : "";
        var metric = result.Metric.ToUpperInvariant() + unit;
        List<string> headers = ["", "start from", $"probe\n{metric}\n(95 % interval)", $"LogME{Experimental}"];
        if (withClasses)
            headers.AddRange([$"H-score{Experimental}", $"GBC{Experimental}"]);
        headers.Add("seconds:\nfeatures\n+ scores");
        if (withFineTune)
            headers.Add($"fine-tuned\n{metric}");
        return ReportPart.TableOfLines(
            headers,
            result.Candidates.Select(Row),
            $"{result.Task} on {result.Data}: {result.Images} images of {result.Patients} patients, {result.Folds} "
                + $"folds");

        IReadOnlyList<string> Row(RankedCandidate c)
        {
            List<string> cells =
            [
                c.Rank.ToString(CultureInfo.InvariantCulture),
                ReportPart.Cell(c.Name, Origin(c)),
                $"{Metric(c.Probe.Value)}\n{Metric(c.Probe.Low)} to {Metric(c.Probe.High)}",
                NumberText.OrNone(c.LogMe, "0.000"),
            ];
            if (withClasses)
                cells.AddRange([NumberText.OrNone(c.HScore, "0.00"), NumberText.OrNone(c.Gbc, "0.000")]);
            cells.Add(
                $"{NumberText.OrNone(c.FeatureSeconds, c.FeaturesFound ? "0" : "0.0")} + "
                    + $"{NumberText.OrNone(c.ScoreSeconds, "0.0")}"
            );
            if (withFineTune)
                cells.Add(c.FineTuned is { } tuned ? Tuned(tuned) : "-");
            return cells;
        }

        string Metric(double value) => NumberText.OrNone(value, result.Metric == "auroc" ? "0.000" : "0.0");
        string Tuned(FineTuneScore tuned) => tuned.Runs.Count == 1
            ? $"{Metric(tuned.Mean)}\n{Metric(tuned.Runs[0].Low)} to {Metric(tuned.Runs[0].High)}"
            : $"{Metric(tuned.Mean)}\n{Metric(tuned.Runs.Min(r => r.Value))} to {Metric(tuned.Runs.Max(r => r.Value))}";
    }

    private static ReportPart Agreement(IReadOnlyList<ScoreAgreement> agreement) => ReportPart.Table(
        ["score", "Spearman", "p", "Kendall", "p"],
        agreement.Select(a => (IReadOnlyList<string>)
        [
            Label(a.Score),
            NumberText.OrNone(a.Spearman, "0.00"),
            NumberText.OrNone(a.SpearmanP, "0.000"),
            NumberText.OrNone(a.Kendall, "0.00"),
            NumberText.OrNone(a.KendallP, "0.000"),
        ]),
        "Rank correlation with the fine-tune");

    /// <summary>Returns the licence of a checkpoint, or the kind of random weights.</summary>
    private static string Origin(RankedCandidate c) => c.Kind switch
    {
        CandidateKind.Random => "the architecture's own initialisation",
        CandidateKind.MatchedRandom => $"matched to {c.MatchedTo}",
        _ => c.License,
    };

    private static string FineTuneText(RankResult result)
    {
        var tuned = result.Candidates.Select(c => c.FineTuned).OfType<FineTuneScore>().ToList();
        var repeats = tuned[0].Runs.Count;
        var spread = repeats > 1
            ? $"mean of {repeats} divisions of the patients, least to most"
            : "with its 95 % interval";
        var time = NumberText.Clock(TimeSpan.FromSeconds(tuned.Sum(t => t.Seconds)));
        return $"fine-tuned: on {tuned[0].TestImages} images after training on {tuned[0].TrainingImages}, {spread}; "
            + $"{time} of training in all";
    }

    private static string Label(string score) => score switch
    {
        "logMe" => "LogME",
        "hScore" => "H-score",
        "gbc" => "GBC",
        _ => score,
    };
}
