using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Metrics;

namespace Marrow.Training.Ranking;

/// <summary>
/// Writes the recommendation: the ranking in one sentence, which claims no more than the intervals support.
/// </summary>
internal static class Recommendation
{
    /// <param name="ranked">The candidates, the best one first, with their differences.</param>
    public static string Of(
        IReadOnlyList<RankedCandidate> ranked,
        string metric,
        Func<RankedCandidate, RankedCandidate, MetricValue> difference)
    {
        var checkpoints = ranked.Where(c => c.Kind == CandidateKind.Checkpoint).ToList();
        var best = checkpoints[0];
        var control = ranked.Where(c => c.Kind != CandidateKind.Checkpoint).OrderBy(c => c.Rank).First();
        var higher = MetricCatalogue.Get(metric).HigherIsBetter;
        var gain = difference(best, control);
        string sentence;
        if (!IsBetter(gain, higher))
            sentence =
                $"No checkpoint is measurably better than random weights on these images ({Label(metric)} of "
                    + $"{best.Name} minus {control.Name}: {Text(gain)})";
        else if (checkpoints.Count == 1)
            sentence =
                $"Start from {best.Name}: it is better than random weights ({Label(metric)} minus {control.Name}: "
                    + $"{Text(gain)})";
        else
        {
            var next = checkpoints[1];
            var lead = difference(best, next);
            sentence = IsBetter(lead, higher)
                ? $"Start from {best.Name}: it is better than {next.Name}, the next ({Label(metric)} difference "
                    + $"{Text(lead)}), and than random weights"
                : $"{best.Name} and {next.Name} can't be told apart ({Label(metric)} difference {Text(lead)}); start "
                    + $"from {best.Name}{Freer(best, next)}";
        }
        return sentence + FineTuned(ranked, higher, metric) + ".";
    }

    private static bool IsBetter(MetricValue difference, bool higher) =>
        higher ? difference.Low > 0 : difference.High < 0;

    private static string Freer(RankedCandidate best, RankedCandidate next) =>
        Restrictions(next) < Restrictions(best)
            ? $", or from {next.Name}, whose licence ({next.License}) restricts less"
            : "";

    private static int Restrictions(RankedCandidate c) => int.PopCount((int)Licenses.RestrictionsOf(c.License));

    private static string FineTuned(IReadOnlyList<RankedCandidate> ranked, bool higher, string metric)
    {
        var tuned = ranked.Where(c => c.FineTuned is not null).ToList();
        if (tuned.Count < 2)
            return "";
        var ordered = (
            higher ? tuned.OrderByDescending(c => c.FineTuned!.Mean) : tuned.OrderBy(c => c.FineTuned!.Mean)
        ).ToList();
        var agrees = ordered[0] == tuned[0];
        return string.Create(CultureInfo.InvariantCulture,
            $"; the short fine-tune {(agrees ? "puts it first as well" : $"puts {ordered[0].Name} first")} "
                + $"({Label(metric)} {Number(ordered[0].FineTuned!.Mean, metric)}, next {ordered[1].Name} "
                + $"{Number(ordered[1].FineTuned!.Mean, metric)})"
        );
    }

    private static string Label(string metric) => metric.ToUpperInvariant();

    private static string Number(double value, string metric) =>
        value.ToString(metric == "auroc" ? "0.000" : "0.0", CultureInfo.InvariantCulture);

    private static string Text(MetricValue d) =>
        $"{Number(d.Value, d.Name)}, 95 % interval {Number(d.Low, d.Name)} to {Number(d.High, d.Name)}";
}
