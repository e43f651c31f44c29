using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Strip;

/// <summary>
/// Turns samples of whole images into samples of strips: the labelled vertebrae, four corners each, or the labelled
/// points in the order of their columns, one each, are the items of the curve that is laid straight.
/// </summary>
internal static class StripSamples
{
    private const string OnlyPoint = "point"; // the name of the one point that an item has when items are points

    private static readonly int[] MirroredCorners = [1, 0, 3, 2];

    /// <summary>
    /// Returns true for an image whose items are all labelled: a curve can't be laid through places nobody knows.
    /// </summary>
    public static bool IsLabelled(Sample sample) =>
        sample.Vertebrae.Count > 1 || (sample.Points.Count > 1 && sample.Points.All(p => double.IsFinite(p.X)));

    /// <summary>Returns the names of an item's points.</summary>
    public static IReadOnlyList<string> PointsOf(Dataset dataset) =>
        dataset.Samples.Any(s => s.Vertebrae.Count > 0) ? CroppedSamples.CornerNames : [OnlyPoint];

    /// <summary>True for a model whose items are the vertebrae of a spine with their four corners.</summary>
    public static bool AreOfSpines(CheckpointConfig config) =>
        config.Model.Items == Vertebra.Count && config.Classes.Count == CroppedSamples.CornerNames.Count;

    /// <summary>
    /// Returns how many items the curve of every image has; the least that a curve can have where no image is labelled.
    /// Throws <see cref="MarrowException"/> when images differ in it.
    /// </summary>
    public static int ItemsOf(Dataset dataset)
    {
        var labelled = dataset.Samples.Where(IsLabelled).ToList();
        var counts = labelled.Select(Items).Distinct().DefaultIfEmpty(2).Order().ToList();
        return counts is [var all]
            ? all
            : throw MarrowException.Bad(
                dataset.Name,
                "images whose curves have the same number of items",
                $"{counts[0]} to {counts[^1]}",
                "Leave out the images that show fewer.");
    }

    /// <summary>Returns the sample as a strip sees it. Its other targets stay.</summary>
    public static Sample Of(Sample sample)
    {
        if (sample.Vertebrae.Count == 0)
            return sample with
            {
                Curve = sample.Points,
                MirroredPoints = [.. Enumerable.Range(0, sample.Points.Count)],
            };
        return sample with
        {
            Curve = [.. sample.Vertebrae.Select(v => v.Center)],
            Points = [.. sample.Vertebrae.SelectMany(Corners)],
            MirroredPoints = [.. sample.Vertebrae.SelectMany((_, v) => MirroredCorners.Select(c => 4 * v + c))],
        };
    }

    /// <summary>Returns the four corners in the order of <see cref="CroppedSamples.CornerNames"/>.</summary>
    public static IReadOnlyList<Point2D> Corners(Vertebra v) => [v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight];

    /// <summary>
    /// Returns for each point of an item the one that takes its place in a mirrored strip: of four corners the one on
    /// the other side, of any other number each itself.
    /// </summary>
    public static IReadOnlyList<int> Mirrored(int points) =>
        points == MirroredCorners.Length ? MirroredCorners : [.. Enumerable.Range(0, points)];

    private static int Items(Sample sample) =>
        sample.Vertebrae.Count > 0 ? sample.Vertebrae.Count : sample.Points.Count;
}
