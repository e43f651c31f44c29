using System.Globalization;
using Marrow.Metrics;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>What the 95 % interval of a gain allows to say.</summary>
internal enum DemoVerdict
{
    Better,

    /// <summary>The interval holds 0, or could not be had.</summary>
    NoDifference,
    Worse,
}

/// <summary>
/// One sentence on what the checkpoints were worth, from the numbers of the run alone: better or worse only where the
/// interval of the difference leaves 0 out, else that these films show no difference.
/// </summary>
internal static class DemoSentence
{
    public static DemoVerdict Verdict(MetricValue gain) => gain switch
    {
        { Low: > 0 } => DemoVerdict.Better,
        { High: < 0 } => DemoVerdict.Worse,
        _ => DemoVerdict.NoDifference,
    };

    public static string Of(IReadOnlyList<DemoComparison> comparisons)
    {
        var trained = comparisons[0].Warm;
        return string.Create(CultureInfo.InvariantCulture,
            $"With {trained.TrainingImages} labelled films to train on and {trained.HeldOutImages} held out to "
                + $"measure on, {string.Join("; ", comparisons.Select(Clause))}."
        );
    }

    private static string Clause(DemoComparison comparison)
    {
        var phrases = new List<string>
        {
            Phrase(comparison, "smape", "SMAPE", $"the {comparison.Model}'s", comparison.SmapeGain),
        };
        if (comparison.LandmarkGain is { } landmarks)
            phrases.Add(Phrase(comparison, "landmark-error", "landmark error", "its", landmarks));
        return $"{comparison.Source} {string.Join(" and ", phrases)}";
    }

    private static string Phrase(DemoComparison comparison, string metric, string name, string whose, MetricValue gain)
    {
        var (scratch, warm) = (Number(comparison.Scratch, metric), Number(comparison.Warm, metric));
        return Verdict(gain) switch
        {
            DemoVerdict.Better => $"lowered {whose} {name} from {scratch} to {warm} {gain.Unit}",
            DemoVerdict.Worse => $"raised {whose} {name} from {scratch} to {warm} {gain.Unit}, which is worse",
            _ =>
                $"made no difference that they can show to {whose} {name} ({scratch} {gain.Unit} from scratch, {warm} "
                    + $"{gain.Unit} with it)",
        };
    }

    private static string Number(StageResult stage, string metric) =>
        (stage.Metrics.FirstOrDefault(m => m.Name == metric)?.Value ?? double.NaN).ToString(
            "0.0",
            CultureInfo.InvariantCulture);
}
