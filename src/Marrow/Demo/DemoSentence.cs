using System.Globalization;
using Marrow.Metrics;
using Marrow.Training;

namespace Marrow.Demo;

/// <summary>What the 95 % interval of a gain allows to say.</summary>
public enum DemoVerdict
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

    /// <summary>The detector's clause, then the regressor's.</summary>
    public static string Of(IReadOnlyList<DemoComparison> comparisons)
    {
        var first = comparisons[0].Warm;
        var budget = string.Create(CultureInfo.InvariantCulture,
            $"With {first.TrainingImages} labelled films, measured on {first.HeldOutImages} held out");
        return $"{budget}: {string.Join("; ", comparisons.Select((c, i) => Clause(c, isFirst: i == 0)))}.";
    }

    private static string Clause(DemoComparison comparison, bool isFirst)
    {
        var (warm, scratch) = (Smape(comparison.Warm), Smape(comparison.Scratch));
        var gain = comparison.SmapeGain;
        var start = $"{(isFirst ? "starting" : "starting")} from {comparison.Source}";
        var angles = Verdict(gain) switch
        {
            DemoVerdict.Better => $"{start} made the {comparison.Model}'s angles better, SMAPE {scratch} to {warm} ({Difference(gain.Value, gain.Low, gain.High, "points lower")})",
            DemoVerdict.Worse => $"{start} made the {comparison.Model}'s angles worse, SMAPE {scratch} to {warm} ({Difference(-gain.Value, -gain.High, -gain.Low, "points higher")})",
            _ => $"{start} made no difference to the {comparison.Model}'s angles that these films can show, SMAPE {scratch} from scratch and {warm} ({Difference(gain.Value, gain.Low, gain.High, "points lower")})",
        };
        return comparison.LandmarkGain is not { } landmarks ? angles : $"{angles}, and {Landmarks(comparison, landmarks)}";
    }

    private static string Landmarks(DemoComparison comparison, MetricValue gain)
    {
        var (warm, scratch) = (Pixels(comparison.Warm), Pixels(comparison.Scratch));
        return Verdict(gain) switch
        {
            DemoVerdict.Better => $"its corners better, {scratch} to {warm} px off",
            DemoVerdict.Worse => $"its corners worse, {scratch} to {warm} px off",
            _ => $"none to its corners, {scratch} and {warm} px off",
        };
    }

    private static string Smape(StageResult stage) => $"{Number(Metric(stage, "smape"))} %";
    private static string Pixels(StageResult stage) => Number(Metric(stage, "landmark-error"));
    private static double Metric(StageResult stage, string name) => stage.Metrics.FirstOrDefault(m => m.Name == name)?.Value ?? double.NaN;

    private static string Difference(double value, double low, double high, string what) => double.IsNaN(low)
        ? $"{Number(value)} {what}"
        : $"{Number(value)} {what}, 95 % interval {Number(low)} to {Number(high)}";

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture).Replace('-', '−');
}
