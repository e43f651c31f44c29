using Marrow.Imaging;

namespace Marrow.Metrics;

/// <summary>The true and the found points of one image, in the same order, original pixels.</summary>
internal sealed record PointPair
{
    /// <summary>[K]; one with a NaN is not labelled and does not count.</summary>
    public required IReadOnlyList<Point2D> Truth { get; init; }

    /// <summary>The places that were found, [K].</summary>
    public required IReadOnlyList<Point2D> Found { get; init; }

    /// <summary>Of the original image, pixels.</summary>
    public required int ImageWidth { get; init; }
    public required int ImageHeight { get; init; }
    public required string Patient { get; init; }

    /// <summary>The side of an original pixel in millimetres; null where it is not known.</summary>
    public double? MmPerPixel { get; init; }
}

/// <summary>
/// How far found points lie from the true ones, in original pixels and as a share of the image's diagonal.
/// </summary>
internal static class PointErrors
{
    /// <summary>Percent of the diagonal within which a point counts as found.</summary>
    private static readonly int[] Shares = [1, 2, 5];

    /// <summary>
    /// Distances in millimetres within which a point counts as found, as the challenges of cephalometric landmarks
    /// count them (Wang et al., Med Image Anal 31:63, 2016), with the names of the metrics.
    /// </summary>
    private static readonly (string Name, double Mm)[] Distances =
    [
        ("points-within-2mm", 2), ("points-within-2_5mm", 2.5), ("points-within-3mm", 3), ("points-within-4mm", 4),
    ];

    private readonly record struct Error(int Image, int Point, double Pixels, double Share);

    /// <summary>
    /// point-nme (mean distance, % of the image's diagonal), point-error (mean distance, original px),
    /// point-error-median, points-within-1, -2 and -5 (share of points within so many % of the diagonal), then
    /// point-error by point ("point-error.hip"); before these, over the images of which it is known how large a pixel
    /// is, if there are any, point-error-mm (mean distance, mm) and points-within-2mm, -2_5mm, -3mm and -4mm. Every
    /// labelled point counts the same, in whichever image. Throws <see cref="ArgumentException"/> when counts differ.
    /// </summary>
    /// <param name="names">[K].</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<string> names,
        IReadOnlyList<PointPair> pairs,
        BootstrapOptions? bootstrap = null)
    {
        if (pairs.FirstOrDefault(p => p.Truth.Count != names.Count || p.Found.Count != names.Count) is { } wrong)
            throw new ArgumentException(
                $"Expected {names.Count} points, found {wrong.Truth.Count} true and {wrong.Found.Count} found ones.");
        Error[] errors =
        [
            .. pairs
                .SelectMany(
                    (pair, i) =>
                        pair
                            .Truth.Zip(pair.Found)
                            .Select(
                                (p, k) =>
                                {
                                    var pixels = p.First.DistanceTo(p.Second);
                                    return new Error(
                                        i,
                                        k,
                                        pixels,
                                        100
                                            * pixels
                                            / Math.Sqrt(
                                                (double)pair.ImageWidth * pair.ImageWidth
                                                    + (double)pair.ImageHeight * pair.ImageHeight));
                                }
                            ))
                .Where(e => !double.IsNaN(pairs[e.Image].Truth[e.Point].X)),
        ];
        string[] patients = [.. pairs.Select(p => p.Patient)];
        Error[] inMm = [.. errors.Where(e => pairs[e.Image].MmPerPixel is not null)];
        Error[] sorted = [.. errors.OrderBy(e => e.Pixels)];

        return
        [
            Of("point-nme", errors, e => e.Share),
            Of("point-error", errors, e => e.Pixels),
            Bootstrap.Interval("point-error-median", patients, w => Median(sorted, w), bootstrap, Images(errors)),
            .. Shares.Select(share => Of($"points-within-{share}", errors, e => e.Share <= share ? 1 : 0)),
            .. inMm.Length == 0
                ? (MetricValue[])[]
                :
                [
                    Of("point-error-mm", inMm, Mm),
                    .. Distances.Select(within => Of(within.Name, inMm, e => Mm(e) <= within.Mm ? 1 : 0)),
                ],
            .. names.Select(
                (name, k) => Of($"point-error.{name}", [.. errors.Where(e => e.Point == k)], e => e.Pixels)),
        ];

        double Mm(Error e) => e.Pixels * pairs[e.Image].MmPerPixel!.Value;

        MetricValue Of(string name, Error[] chosen, Func<Error, double> value) =>
            Bootstrap.Interval(
                name,
                patients,
                w =>
                {
                    var (sum, count) = (0.0, 0.0);
                    foreach (var e in chosen)
                        (sum, count) = (sum + w[e.Image] * value(e), count + w[e.Image]);
                    return sum / count; // NaN without any
                },
                bootstrap,
                Images(chosen));
    }

    private static int Images(Error[] errors) => errors.DistinctBy(e => e.Image).Count();

    // Of values repeated by weight; the mean of the middle two when their number is even.
    private static double Median(Error[] sorted, int[] weights)
    {
        var total = sorted.Sum(e => (long)weights[e.Image]);
        return total == 0 ? double.NaN : (At((total - 1) / 2) + At(total / 2)) / 2;

        double At(long place)
        {
            foreach (var e in sorted)
            {
                place -= weights[e.Image];
                if (place < 0)
                    return e.Pixels;
            }
            throw new InvalidOperationException("The place is past the end.");
        }
    }
}
