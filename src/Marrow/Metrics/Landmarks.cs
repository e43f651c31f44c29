using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Metrics;

/// <summary>The true and the found vertebrae of one image, both top to bottom in original pixels.</summary>
internal sealed record LandmarkPair
{
    public required IReadOnlyList<Vertebra> Truth { get; init; }
    public required IReadOnlyList<Vertebra> Found { get; init; }

    /// <summary>Of the original image, pixels.</summary>
    public required int ImageWidth { get; init; }
    public required int ImageHeight { get; init; }
    public required string Patient { get; init; }
}

/// <summary>
/// How far found corners lie from the true ones. Vertebrae are paired by their place from the top. An image whose count
/// differs has no pairs: it is left out of the errors, and "complete-spines" says how many were not.
/// </summary>
internal static class Landmarks
{
    private static readonly (string Name, Func<Vertebra, Point2D> Of)[] Corners =
    [
        ("top-left", v => v.TopLeft),
        ("top-right", v => v.TopRight),
        ("bottom-left", v => v.BottomLeft),
        ("bottom-right", v => v.BottomRight),
    ];

    /// <summary>
    /// complete-spines (share of images with as many vertebrae found as there are), landmark-error (mean over corners,
    /// original px), landmark-error-median, landmark-nmse, then landmark-error by corner ("landmark-error.top-left").
    /// </summary>
    /// <remarks>
    /// NMSE as the field reports it on SpineWeb 16: x divided by the image's width and y by its height, as in
    /// landmarks.csv; the mean of the squared differences over the 136 coordinates, then over images.
    /// </remarks>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<LandmarkPair> pairs,
        BootstrapOptions? bootstrap = null)
    {
        string[] everyone = [.. pairs.Select(p => p.Patient)];
        var complete = pairs.Select(p => p.Truth.Count == p.Found.Count ? 1.0 : 0).ToArray();
        var paired = pairs.Where(p => p.Truth.Count == p.Found.Count && p.Truth.Count > 0).ToList();
        string[] patients = [.. paired.Select(p => p.Patient)];
        var distances = paired
            .Select(p =>
                Corners.Select(c => p.Truth.Zip(p.Found, (t, f) => c.Of(t).DistanceTo(c.Of(f))).ToArray()).ToArray())
            .ToArray();
        var nmse = paired.Select(Nmse).ToArray();
        var sorted = WeightedValues.Of(
            distances.SelectMany((image, i) => image.SelectMany(corner => corner.Select(d => (d, i)))));

        var results = new List<MetricValue>
        {
            Bootstrap.Interval("complete-spines", everyone, w => Weighted.Mean(complete, w), bootstrap),
            Of("landmark-error", image => image.SelectMany(corner => corner)),
            Bootstrap.Interval("landmark-error-median", patients, w => sorted.Median(w), bootstrap),
            Bootstrap.Interval("landmark-nmse", patients, w => Weighted.Mean(nmse, w), bootstrap),
        };
        for (var c = 0; c < Corners.Length; c++)
        {
            var corner = c;
            results.Add(Of($"landmark-error.{Corners[c].Name}", image => image[corner]));
        }
        return results;

        // Each corner counts the same, in whichever image.
        MetricValue Of(string name, Func<double[][], IEnumerable<double>> chosen)
        {
            var sums = distances.Select(image => chosen(image).Sum()).ToArray();
            var counts = distances.Select(image => chosen(image).Count()).ToArray();
            return Bootstrap.Interval(name, patients, w =>
            {
                var (sum, count) = (0.0, 0.0);
                for (var i = 0; i < sums.Length; i++)
                    (sum, count) = (sum + w[i] * sums[i], count + (double)w[i] * counts[i]);
                return sum / count;
            }, bootstrap);
        }
    }

    private static double Nmse(LandmarkPair pair) => pair.Truth.Zip(pair.Found).Average(v => Corners.Average(c =>
    {
        var error = c.Of(v.First) - c.Of(v.Second);
        var (x, y) = (error.X / pair.ImageWidth, error.Y / pair.ImageHeight);
        return (x * x + y * y) / 2;
    }));
}
