using System.Globalization;
using Marrow.Datasets;
using Marrow.Inputs;

namespace Marrow.Training.Runs;

/// <summary>Points that lie outside their image are wrong labels (another size of the image, x and y mixed up): no training starts with them.</summary>
internal static class PointCheck
{
    private const int Named = 3; // in the error; the rest is counted

    /// <summary>Throws <see cref="MarrowException"/> that names the first of them.</summary>
    public static void Require(Dataset dataset, IEnumerable<Sample> samples, PackedCache cache)
    {
        var outside = samples.SelectMany(s => Outside(s, dataset.PointNames, cache.OriginalSize(cache.IndexOf(s)))).ToList();
        if (outside.Count > 0)
            throw MarrowException.Bad(dataset.Name, "points within their images",
                $"{outside.Count} outside: {string.Join("; ", outside.Take(Named))}{(outside.Count > Named ? "; ..." : "")}",
                "Correct the labels: they are pixels of the image as it is stored, x to the right and y down. A point that can't be seen is left blank; marrow data check lists all.");
    }

    private static IEnumerable<string> Outside(Sample sample, IReadOnlyList<string> names, (int Width, int Height) size) =>
        sample.Points.Select((p, k) => (Point: p, Index: k)).Where(p => PointFault.IsOutside(p.Point, size.Width, size.Height))
            .Select(p => $"{sample.Id}: {PointFault.Describe(p.Index < names.Count ? names[p.Index] : p.Index.ToString(CultureInfo.InvariantCulture), p.Point, size.Width, size.Height)}");
}
