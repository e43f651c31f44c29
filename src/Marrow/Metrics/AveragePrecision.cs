namespace Marrow.Metrics;

/// <summary>
/// COCO's average precision (Lin et al. 2014; the algorithm of pycocotools' COCOeval for all areas): precision is read
/// at 101 recalls from its upper envelope and averaged over the IoU thresholds 0.50, 0.55 ... 0.95, and over the
/// classes that some image has.
/// </summary>
internal static class AveragePrecision
{
    private const int Recalls = 101;

    /// <summary>ap, ap50 and ap75; NaN without any true box.</summary>
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
        return
        [
            Interval("ap", w => Enumerable.Range(0, DetectionMatches.Thresholds.Length).Average(t => At(t, w))),
            Interval("ap50", w => At(0, w)),
            Interval("ap75", w => At(5, w)),
        ];

        MetricValue Interval(string name, Func<int[], double> statistic) =>
            Bootstrap.Interval(name, matches.Patients, statistic, bootstrap);

        double At(int threshold, int[] weights) => matches.Classes.Select(c => Area(c, threshold, weights))
            .Where(area => !double.IsNaN(area)).DefaultIfEmpty(double.NaN).Average();
    }

    /// <summary>ap50 of one class, for a data set of several.</summary>
    internal static MetricValue OfClass(
        DetectionMatches matches,
        int wanted,
        string name,
        BootstrapOptions? bootstrap
    ) =>
        Bootstrap.Interval(
            $"ap50.{name}",
            matches.Patients,
            w => matches.Classes.FirstOrDefault(c => c.Class == wanted) is { } found ? Area(found, 0, w) : double.NaN,
            bootstrap);

    private static double Area(DetectionMatches.ClassMatches found, int threshold, int[] weights)
    {
        var detections = found.Detections;
        var boxes = found.Count(weights);
        if (boxes == 0)
            return double.NaN;
        double right = 0, all = 0;
        var recalls = new double[detections.Length];
        var precisions = new double[detections.Length];
        for (var d = 0; d < detections.Length; d++)
        {
            var weight = weights[detections[d].Image];
            right += detections[d].IsTrue[threshold] ? weight : 0;
            all += weight;
            recalls[d] = right / boxes;
            precisions[d] = all == 0 ? 0 : right / all;
        }
        for (var d = detections.Length - 2; d >= 0; d--)
            precisions[d] = Math.Max(precisions[d], precisions[d + 1]);
        double sum = 0;
        for (int r = 0, d = 0; r < Recalls; r++)
        {
            while (d < recalls.Length && recalls[d] < r * 0.01)
                d++;
            if (d == recalls.Length)
                break; // Recalls never reached count as precision 0.
            sum += precisions[d];
        }
        return sum / Recalls;
    }
}
