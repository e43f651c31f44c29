using Marrow.Spine;

namespace Marrow.Metrics;

/// <summary>Left, top, right, bottom in any pixels; right and bottom lie outside.</summary>
public readonly record struct DetectionBox(double Left, double Top, double Right, double Bottom)
{
    public double Area => Math.Max(Right - Left, 0) * Math.Max(Bottom - Top, 0);

    /// <summary>The smallest box around the four corners.</summary>
    public static DetectionBox Around(Vertebra v)
    {
        double[] x = [v.TopLeft.X, v.TopRight.X, v.BottomLeft.X, v.BottomRight.X];
        double[] y = [v.TopLeft.Y, v.TopRight.Y, v.BottomLeft.Y, v.BottomRight.Y];
        return new(x.Min(), y.Min(), x.Max(), y.Max());
    }

    /// <summary>Intersection over union, 0 to 1; 0 when both are empty.</summary>
    public double IoU(DetectionBox other)
    {
        var width = Math.Min(Right, other.Right) - Math.Max(Left, other.Left);
        var height = Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);
        if (width <= 0 || height <= 0)
            return 0;
        var shared = width * height;
        return shared / (Area + other.Area - shared);
    }
}

/// <summary>What a detector found.</summary>
public readonly record struct ScoredBox(DetectionBox Box, double Score);

/// <summary>
/// COCO's average precision for one class (Lin et al. 2014; the algorithm of pycocotools' COCOeval for all areas): the
/// best 100 detections of each image take, best score first, the free true box of the highest IoU; precision is read
/// at 101 recalls from its upper envelope, and averaged over the IoU thresholds 0.50, 0.55 ... 0.95.
/// </summary>
public static class AveragePrecision
{
    private const int MostDetections = 100; // COCOeval's maxDets
    private const int Recalls = 101;
    private static readonly double[] Thresholds = [.. Enumerable.Range(0, 10).Select(i => 0.5 + i * ((0.95 - 0.5) / 9))];

    /// <summary>ap, ap50 and ap75; NaN without any true box.</summary>
    /// <param name="truth">[images][boxes].</param>
    /// <param name="found">[images][detections], in any order.</param>
    /// <param name="patients">[images].</param>
    public static IReadOnlyList<MetricValue> Measure(IReadOnlyList<IReadOnlyList<DetectionBox>> truth,
        IReadOnlyList<IReadOnlyList<ScoredBox>> found, IReadOnlyList<string> patients, BootstrapOptions? bootstrap = null)
    {
        if (truth.Count != found.Count || truth.Count != patients.Count)
            throw new ArgumentException($"{truth.Count} images with truth, {found.Count} with detections, {patients.Count} patients.");
        var detections = truth.SelectMany((boxes, image) => Match(image, boxes, found[image]))
            .OrderByDescending(d => d.Score).ToArray(); // Stable, as COCOeval's sort is.
        return
        [
            Bootstrap.Interval("ap", patients, w => Enumerable.Range(0, Thresholds.Length).Average(t => At(t, w)), bootstrap),
            Bootstrap.Interval("ap50", patients, w => At(0, w), bootstrap),
            Bootstrap.Interval("ap75", patients, w => At(5, w), bootstrap),
        ];

        double At(int threshold, int[] weights) => Area(detections, threshold, weights, truth);
    }

    private readonly record struct Matched(int Image, double Score, bool[] IsTrue);

    private static IEnumerable<Matched> Match(int image, IReadOnlyList<DetectionBox> truth, IReadOnlyList<ScoredBox> found)
    {
        var best = found.OrderByDescending(f => f.Score).Take(MostDetections).ToArray();
        var isTrue = best.Select(_ => new bool[Thresholds.Length]).ToArray();
        for (var t = 0; t < Thresholds.Length; t++)
        {
            var taken = new bool[truth.Count];
            for (var d = 0; d < best.Length; d++)
            {
                var (match, iou) = (-1, Math.Min(Thresholds[t], 1 - 1e-10));
                for (var g = 0; g < truth.Count; g++)
                {
                    if (!taken[g] && best[d].Box.IoU(truth[g]) is var overlap && overlap >= iou)
                        (match, iou) = (g, overlap);
                }
                if (match < 0)
                    continue;
                taken[match] = isTrue[d][t] = true;
            }
        }
        return best.Zip(isTrue, (b, i) => new Matched(image, b.Score, i));
    }

    private static double Area(Matched[] detections, int threshold, int[] weights, IReadOnlyList<IReadOnlyList<DetectionBox>> truth)
    {
        double boxes = 0, right = 0, all = 0;
        for (var i = 0; i < truth.Count; i++)
            boxes += (double)weights[i] * truth[i].Count;
        if (boxes == 0)
            return double.NaN;
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
