
namespace Marrow.Metrics;

/// <summary>How well one class was found on one image.</summary>
/// <param name="Dice">2 |A and B| / (|A| + |B|), 0 to 1.</param>
/// <param name="Iou">|A and B| / |A or B|, 0 to 1.</param>
/// <param name="SurfaceDistance">Mean distance of the outlines, both ways, pixels; NaN when a mask is empty.</param>
/// <param name="Hausdorff95">
/// The larger of the two 95th percentiles of those distances, pixels; NaN when a mask is empty.
/// </param>
internal readonly record struct MaskScore(double Dice, double Iou, double SurfaceDistance, double Hausdorff95);

/// <summary>
/// How masks agree with the true ones (definitions as in Maier-Hein et al., Metrics Reloaded, 2024). Where a class is
/// in neither mask, finding nothing is right: Dice and IoU are 1. Where it is in one of them only they are 0. Distances
/// need both outlines: an image on which a class is missed or made up has none, and the count of images tells so.
/// </summary>
internal static class Segmentation
{
    /// <summary>
    /// [classes]: of each class of two masks of one image. Throws <see cref="ArgumentException"/> when sizes differ.
    /// </summary>
    /// <param name="truth">[height * width], 0 background, 1 the first class...</param>
    /// <param name="found">The same.</param>
    public static MaskScore[] Score(
        ReadOnlySpan<byte> truth,
        ReadOnlySpan<byte> found,
        int width,
        int height,
        int classes)
    {
        if (truth.Length != (long)width * height || found.Length != truth.Length)
            throw new ArgumentException($"Masks of {truth.Length} and {found.Length} pixels for {width} x {height}.");
        var counts = new long[(classes + 1) * (classes + 1)]; // [truth, found]
        for (var i = 0; i < truth.Length; i++)
            counts[truth[i] * (classes + 1) + found[i]]++;
        var scores = new MaskScore[classes];
        for (var c = 1; c <= classes; c++)
        {
            long both = counts[c * (classes + 1) + c], inTruth = 0, inFound = 0;
            for (var other = 0; other <= classes; other++)
                (inTruth, inFound) = (
                    inTruth + counts[c * (classes + 1) + other],
                    inFound + counts[other * (classes + 1) + c]);
            var (mean, percentile) = Distances(SurfaceDistance.Between(truth, found, width, height, (byte)c));
            scores[c - 1] = inTruth + inFound == 0
                ? new(1, 1, double.NaN, double.NaN)
                : new(2.0 * both / (inTruth + inFound), (double)both / (inTruth + inFound - both), mean, percentile);
        }
        return scores;
    }

    /// <summary>
    /// dice, iou, surface-distance and hausdorff95 (pixels): the mean over images of the mean over the classes that
    /// have a value there; with several classes each also by name ("dice.heart").
    /// </summary>
    /// <param name="scores">[N][classes].</param>
    /// <param name="patients">[N].</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<string> classes,
        IReadOnlyList<MaskScore[]> scores,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null)
    {
        if (scores.Count != patients.Count || scores.Any(s => s.Length != classes.Count))
            throw new ArgumentException(
                $"{scores.Count} images, {patients.Count} patients; expected {classes.Count} classes an image.");
        (string Name, Func<MaskScore, double> Of)[] metrics =
        [
            ("dice", s => s.Dice),
            ("iou", s => s.Iou),
            ("surface-distance", s => s.SurfaceDistance),
            ("hausdorff95", s => s.Hausdorff95),
        ];
        var results = new List<MetricValue>();
        foreach (var (name, of) in metrics)
            results.Add(Mean(name, [.. scores.Select(s => MeanOfKnown([.. s.Select(of)]))]));
        for (var c = 0; c < classes.Count && classes.Count > 1; c++)
        {
            foreach (var (name, of) in metrics)
                results.Add(Mean($"{name}.{classes[c]}", [.. scores.Select(s => of(s[c]))]));
        }
        return results;

        MetricValue Mean(string name, double[] values) => Bootstrap.Interval(name, patients, weights =>
        {
            var (sum, count) = (0.0, 0.0);
            for (var i = 0; i < values.Length; i++)
            {
                if (!double.IsNaN(values[i]))
                    (sum, count) = (sum + weights[i] * values[i], count + weights[i]);
            }
            return sum / count;
        }, bootstrap, values.Count(v => !double.IsNaN(v)));
    }

    private static double MeanOfKnown(double[] values) =>
        values.Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average();

    private static (double Mean, double Percentile95) Distances((double[] FromFirst, double[] FromSecond)? distances)
    {
        if (distances is not var (a, b))
            return (double.NaN, double.NaN);
        Array.Sort(a);
        Array.Sort(b);
        return (
            (a.Sum() + b.Sum()) / (a.Length + b.Length),
            Math.Max(Bootstrap.Quantile(a, 0.95), Bootstrap.Quantile(b, 0.95)));
    }
}
