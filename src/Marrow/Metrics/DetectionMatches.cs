using Marrow.Spine;

namespace Marrow.Metrics;

/// <summary>Left, top, right, bottom in any pixels; right and bottom lie outside.</summary>
/// <param name="Class">What is in it; a box is found by one of the same class alone.</param>
internal readonly record struct DetectionBox(double Left, double Top, double Right, double Bottom, int Class = 0)
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
internal readonly record struct ScoredBox(DetectionBox Box, double Score);

/// <summary>
/// Which detections are true, by the rule of pycocotools' COCOeval: the best 100 of each image and class take, best
/// score first, the free true box of the highest IoU that reaches the threshold.
/// </summary>
internal sealed class DetectionMatches
{
    private const int MostDetections = 100; // COCOeval's maxDets

    /// <summary>IoU 0.50, 0.55 ... 0.95.</summary>
    public static readonly double[] Thresholds = [.. Enumerable.Range(0, 10).Select(i => 0.5 + i * ((0.95 - 0.5) / 9))];

    /// <param name="truth">[images][boxes].</param>
    /// <param name="found">[images][detections], in any order.</param>
    /// <param name="patients">[images].</param>
    public DetectionMatches(
        IReadOnlyList<IReadOnlyList<DetectionBox>> truth,
        IReadOnlyList<IReadOnlyList<ScoredBox>> found,
        IReadOnlyList<string> patients)
    {
        if (truth.Count != found.Count || truth.Count != patients.Count)
            throw new ArgumentException(
                $"{truth.Count} images with truth, {found.Count} with detections, {patients.Count} patients.");
        Patients = patients;
        int[] classes = [.. truth.SelectMany(boxes => boxes).Select(box => box.Class).Distinct().Order()];
        Classes = [.. classes.Select(c => OfClass(c, truth, found))];
        // A class that no image has is never right to find.
        var strays = found.SelectMany(boxes => boxes).Select(f => f.Box.Class).Distinct().Except(classes);
        Strays = [.. strays.SelectMany(c => OfClass(c, truth, found).Detections)];
    }

    /// <summary>[images].</summary>
    public IReadOnlyList<string> Patients { get; }

    /// <summary>The classes that some image has, in their order.</summary>
    public IReadOnlyList<ClassMatches> Classes { get; }

    /// <summary>Detections of classes that no image has.</summary>
    public IReadOnlyList<Match> Strays { get; }

    /// <summary>One detection.</summary>
    /// <param name="IsTrue">For each of <see cref="Thresholds"/>.</param>
    internal readonly record struct Match(int Image, double Score, bool[] IsTrue);

    /// <summary>What was found of one class.</summary>
    /// <param name="Detections">By falling score.</param>
    /// <param name="Boxes">[images]: how many there are.</param>
    internal sealed record ClassMatches(int Class, Match[] Detections, int[] Boxes)
    {
        /// <summary>How many boxes there are where images count as often as the weights say.</summary>
        public double Count(int[] weights) => Boxes.Zip(weights, (boxes, weight) => (double)boxes * weight).Sum();
    }

    private static ClassMatches OfClass(
        int wanted, IReadOnlyList<IReadOnlyList<DetectionBox>> truth, IReadOnlyList<IReadOnlyList<ScoredBox>> found)
    {
        DetectionBox[][] boxes = [.. truth.Select(image => image.Where(box => box.Class == wanted).ToArray())];
        var detections = found.SelectMany(
            (image, i) => OfImage(i, boxes[i], [.. image.Where(f => f.Box.Class == wanted)]));
        // Stable, as COCOeval's sort is.
        return new(wanted, [.. detections.OrderByDescending(d => d.Score)], [.. boxes.Select(image => image.Length)]);
    }

    private static IEnumerable<Match> OfImage(int image, DetectionBox[] truth, ScoredBox[] found)
    {
        var best = found.OrderByDescending(f => f.Score).Take(MostDetections).ToArray();
        var isTrue = best.Select(_ => new bool[Thresholds.Length]).ToArray();
        for (var t = 0; t < Thresholds.Length; t++)
        {
            var taken = new bool[truth.Length];
            for (var d = 0; d < best.Length; d++)
            {
                var (match, iou) = (-1, Math.Min(Thresholds[t], 1 - 1e-10));
                for (var g = 0; g < truth.Length; g++)
                {
                    if (!taken[g] && best[d].Box.IoU(truth[g]) is var overlap && overlap >= iou)
                        (match, iou) = (g, overlap);
                }
                if (match < 0)
                    continue;
                taken[match] = isTrue[d][t] = true;
            }
        }
        return best.Zip(isTrue, (b, i) => new Match(image, b.Score, i));
    }
}
