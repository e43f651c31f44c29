using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Modules;

namespace Marrow.Tasks.Detect;

/// <summary>
/// Chooses a detector's anchors for the boxes that it has to learn: the pyramid levels whose cells are about a quarter
/// of a box's side apart, sizes that double from level to level, and the usual ratios of height to width. Among several
/// such sets it takes the smallest one that overlaps the boxes nearly as well as the best.
/// </summary>
internal static class AnchorFit
{
    private const int MostBoxes = 2000;
    private const int FinestLevel = 2, CoarsestLevel = 6; // stride 4 to 64
    private const double StrideShare = 0.25; // RetinaNet's own: an anchor of 32 px on the level of stride 8
    private const double NearlyBest = 0.01; // of mean IoU that a smaller set may lack
    private const double LeastSide = 2; // px of the input: a thinner box is no thing any more
    private const int SizesTried = 8; // within one octave

    private static readonly double[][] Scales = [[1], [1, Math.Sqrt(2)], [1, Math.Cbrt(2), Math.Cbrt(4)]];

    /// <summary>The sides of a box, in the pixels of the model's input.</summary>
    internal readonly record struct Sides(double Width, double Height)
    {
        public double Size => Math.Sqrt(Width * Height);

        public double Ratio => Height / Width;

        /// <summary>Returns the intersection over union of two boxes with the same centre.</summary>
        public double Overlap(Sides other)
        {
            var shared = Math.Min(Width, other.Width) * Math.Min(Height, other.Height);
            return shared / (Width * Height + other.Width * other.Height - shared);
        }
    }

    /// <summary>
    /// Returns a detector of one class without corners. It has RetinaNet's own anchors when the data has no boxes.
    /// </summary>
    /// <param name="data">The training part. No other images may influence the choice.</param>
    public static DetectorSpec Of(Dataset data, InputContract input)
    {
        var spec = new DetectorSpec { Corners = 0 };
        var boxes = SidesOf(data, input);
        return boxes.Count == 0 ? spec : Of(boxes, spec);
    }

    internal static DetectorSpec Of(IReadOnlyList<Sides> boxes, DetectorSpec spec)
    {
        double[] sizes = [.. boxes.Select(box => box.Size).Order()];
        var first = LevelOf(Quantile(sizes, 0.05));
        var last = Math.Max(first, LevelOf(Quantile(sizes, 0.95)));
        var candidates = Candidates(boxes, first, last).Select(s => (Spec: s, Overlap: MeanOverlap(boxes, s))).ToList();
        var best = candidates.Max(candidate => candidate.Overlap);
        var chosen = candidates.Where(candidate => candidate.Overlap >= best - NearlyBest)
            .OrderBy(candidate => AnchorGrid.AnchorsPerCell(candidate.Spec))
            .ThenByDescending(candidate => candidate.Overlap)
            .First()
            .Spec;
        return spec with
        {
            FirstPyramidLevel = chosen.FirstPyramidLevel,
            AnchorSizes = chosen.AnchorSizes,
            AnchorScales = chosen.AnchorScales,
            AnchorRatios = chosen.AnchorRatios,
        };
    }

    /// <summary>Returns the mean, over all boxes, of the best overlap with an anchor of the same centre.</summary>
    internal static double MeanOverlap(IReadOnlyList<Sides> boxes, DetectorSpec spec)
    {
        Sides[] anchors =
        [
            .. from size in spec.AnchorSizes
               from scale in spec.AnchorScales
               from ratio in spec.AnchorRatios
               select new Sides(size * scale / Math.Sqrt(ratio), size * scale * Math.Sqrt(ratio)),
        ];
        return boxes.Average(box => anchors.Max(box.Overlap));
    }

    private static IEnumerable<DetectorSpec> Candidates(IReadOnlyList<Sides> boxes, int first, int last)
    {
        // A RetinaNet's finest level has stride 4 or 8; coarser things are found on the levels above.
        var finest = Math.Min(first, FinestLevel + 1);
        foreach (var ratios in (double[][])[Ratios(boxes, 1), Ratios(boxes, 2), Ratios(boxes, 3)])
        {
            foreach (var scales in Scales)
            {
                for (var s = 0; s < SizesTried; s++)
                {
                    // A level's anchors are a quarter to a half of its stride's reciprocal share, in steps within an
                    // octave.
                    var smallest = (1 << finest) / StrideShare * Math.Pow(2, (double)s / SizesTried - 0.5);
                    yield return new DetectorSpec
                    {
                        FirstPyramidLevel = finest,
                        AnchorSizes =
                        [
                            .. Enumerable
                                .Range(0, last - finest + 1)
                                .Select(level => Math.Round(smallest * (1 << level), 1)),
                        ],
                        AnchorScales = [.. scales.Select(scale => Math.Round(scale, 3))],
                        AnchorRatios = ratios,
                    };
                }
            }
        }
    }

    /// <summary>
    /// Returns the ratios of height to width around which the boxes gather, by k-means of their logarithms.
    /// </summary>
    private static double[] Ratios(IReadOnlyList<Sides> boxes, int count)
    {
        double[] logs = [.. boxes.Select(box => Math.Log(box.Ratio)).Order()];
        double[] centers = [.. Enumerable.Range(0, count).Select(k => Quantile(logs, (k + 0.5) / count))];
        for (var round = 0; round < 20; round++)
        {
            var groups = logs.GroupBy(log => Array.IndexOf(centers, centers.MinBy(center => Math.Abs(center - log))))
                .ToDictionary(g => g.Key, g => g.Average());
            centers = [.. centers.Select((center, k) => groups.GetValueOrDefault(k, center))];
        }
        return [.. centers.Select(center => Math.Round(Math.Exp(center), 2)).Distinct().Order()];
    }

    private static int LevelOf(double size) =>
        Math.Clamp((int)Math.Round(Math.Log2(size * StrideShare)), FinestLevel, CoarsestLevel);

    private static double Quantile(double[] sorted, double share) => sorted[(int)(share * (sorted.Length - 1))];

    /// <summary>
    /// Returns the sides of all boxes. Images with an unreadable header are skipped, since decoding them will report
    /// the error.
    /// </summary>
    private static List<Sides> SidesOf(Dataset data, InputContract input)
    {
        var sides = new List<Sides>();
        foreach (var sample in data.Samples.Where(sample => sample.Boxes is { Count: > 0 }))
        {
            ImageHeader header;
            try
            {
                header = RadiographReader.ReadHeader(sample.ImagePath);
            }
            catch (MarrowException)
            {
                continue;
            }
            var toInput = Preprocessor.ToInput(input, header.Width, header.Height);
            sides.AddRange(
                sample
                    .Boxes!.Select(box => box.Transform(toInput))
                    .Select(box => new Sides(
                        Math.Max(LeastSide, box.Right - box.Left),
                        Math.Max(LeastSide, box.Bottom - box.Top))));
            if (sides.Count >= MostBoxes)
                break;
        }
        return sides;
    }
}
