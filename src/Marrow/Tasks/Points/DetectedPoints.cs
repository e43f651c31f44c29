using Marrow.Imaging;

namespace Marrow.Tasks.Points;

/// <summary>The named points that a first look found on one image, and the crops about them.</summary>
/// <param name="Places">
/// [K], in original pixels; NaN for a point of which training saw no label, and so nothing was found.
/// </param>
/// <param name="Scores">[K], 0 to 1: the share of the point's heatmap that lies near the place.</param>
internal sealed record DetectedPoints(
    int Width, int Height, IReadOnlyList<Point2D> Places, IReadOnlyList<double> Scores) : FirstLook(Width, Height)
{
    private const int NumbersOfOne = 3; // x, y and score
    private const double SmallestSide = 4; // px: a crop of no size has no pixels

    public override bool IsUsable => Places.Any(IsPlace);

    public override IReadOnlyList<double> Numbers =>
        [.. Places.Zip(Scores).SelectMany(p => (double[])[p.First.X, p.First.Y, p.Second])];

    /// <summary>Returns what the numbers were made of; null when they are not of so many points.</summary>
    public static DetectedPoints? Of(int width, int height, IReadOnlyList<double> numbers, int count) =>
        numbers.Count != NumbersOfOne * count ? null : new(
            width,
            height,
            [.. numbers.Chunk(NumbersOfOne).Select(p => new Point2D(p[0], p[1]))],
            [.. numbers.Chunk(NumbersOfOne).Select(p => p[2])]);

    /// <summary>True for a place that is known.</summary>
    public static bool IsPlace(Point2D point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    /// <summary>Returns an upright square about each point, in their order; null for one without a place.</summary>
    /// <param name="side">Of the square, as a share of the image's longer side.</param>
    public IReadOnlyList<ImageCrop?> Crops(double side) =>
        [.. Places.Select(place => IsPlace(place) ? new ImageCrop(place, Pixels(side), Pixels(side)) : null)];

    /// <summary>The side of such a square in original pixels.</summary>
    public double Pixels(double side) => Math.Max(side * Math.Max(Width, Height), SmallestSide);
}
