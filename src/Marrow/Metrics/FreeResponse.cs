using System.Globalization;

namespace Marrow.Metrics;

/// <summary>
/// The free-response ROC (Chakraborty 1989): which share of the true boxes is found, at an IoU of 0.5, while so many
/// false boxes are shown on an average image. Images without a true box count among those that false boxes are shown
/// on.
/// </summary>
internal static class FreeResponse
{
    /// <summary>False boxes an image, as LUNA16 has them (Setio et al. 2017).</summary>
    internal static readonly double[] Rates = [0.125, 0.25, 0.5, 1, 2, 4, 8];

    /// <summary>The mean over all rates as "froc", and each as "froc.0.5"; NaN without any true box.</summary>
    /// <param name="truth">[images][boxes].</param>
    /// <param name="found">[images][detections], in any order.</param>
    /// <param name="patients">[images].</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<IReadOnlyList<DetectionBox>> truth,
        IReadOnlyList<IReadOnlyList<ScoredBox>> found,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null) => Measure(new(truth, found, patients), bootstrap);

    internal static IReadOnlyList<MetricValue> Measure(DetectionMatches matches, BootstrapOptions? bootstrap)
    {
        DetectionMatches.Match[] falling =
            [.. matches.Classes.SelectMany(c => c.Detections).Concat(matches.Strays).OrderByDescending(d => d.Score)];
        return
        [
            Interval("froc", weights => Rates.Average(rate => Recall(weights, rate))),
            .. Rates.Select(rate =>
                Interval(
                    string.Create(CultureInfo.InvariantCulture, $"froc.{rate}"), weights => Recall(weights, rate))),
        ];

        MetricValue Interval(string name, Func<int[], double> statistic) =>
            Bootstrap.Interval(name, matches.Patients, statistic, bootstrap);

        double Recall(int[] weights, double rate)
        {
            var (boxes, mostWrong) = (matches.Classes.Sum(c => c.Count(weights)), rate * weights.Sum());
            if (boxes == 0)
                return double.NaN;
            double right = 0, wrong = 0, found = 0;
            for (var d = 0; d < falling.Length;)
            {
                // Detections of one score are shown together or not at all.
                var score = falling[d].Score;
                for (; d < falling.Length && falling[d].Score == score; d++)
                {
                    var weight = weights[falling[d].Image];
                    if (falling[d].IsTrue[0])
                        right += weight;
                    else
                        wrong += weight;
                }
                if (wrong > mostWrong)
                    break;
                found = right;
            }
            return found / boxes;
        }
    }
}
