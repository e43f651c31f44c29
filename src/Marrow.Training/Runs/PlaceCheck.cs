using System.Globalization;
using Marrow.Datasets;
using Marrow.Inputs;

namespace Marrow.Training.Runs;

/// <summary>
/// Refuses points and boxes outside their image before training starts, since they are wrong labels, for example of
/// another image size or with x and y exchanged.
/// </summary>
internal static class PlaceCheck
{
    private const int Named = 3; // in the error; the rest is counted

    /// <summary>
    /// Throws <see cref="MarrowException"/> when a labelled place lies outside its image. The message names the first
    /// of them.
    /// </summary>
    public static void Require(Dataset dataset, IEnumerable<Sample> samples, PackedCache cache)
    {
        // The points of a strip are those of vertebrae, which may lie on the film's edge.
        var outside = samples.Where(s => s.Vertebrae.Count == 0)
            .SelectMany(s => Outside(s, dataset, cache.OriginalSize(cache.IndexOf(s))))
            .ToList();
        if (outside.Count == 0)
            return;
        var kind = dataset.BoxClasses.Count > 0 ? "boxes" : "points";
        throw MarrowException.Bad(
            dataset.Name,
            $"{kind} within their images",
            $"{outside.Count} outside: "
                + $"{string.Join("; ", outside.Take(Named))}{(outside.Count > Named ? "; ..." : "")}",
            "Correct the labels: they are pixels of the image as it is stored, x to the right and y down. A point "
                + "that can't be seen is left blank; marrow data check lists all."
        );
    }

    private static IEnumerable<string> Outside(Sample sample, Dataset dataset, (int Width, int Height) size) =>
        [
            .. sample
                .Points.Select((p, k) => (Point: p, Name: NameOf(dataset.PointNames, k)))
                .Where(p => PointFault.IsOutside(p.Point, size.Width, size.Height))
                .Select(p => $"{sample.Id}: {PointFault.Describe(p.Name, p.Point, size.Width, size.Height)}"),
            .. (sample.Boxes ?? [])
                .Where(box => box.IsOutside(size.Width, size.Height))
                .Select(box =>
                    $"{sample.Id}: {box.Describe(NameOf(dataset.BoxClasses, box.Class), size.Width, size.Height)}"),
        ];

    private static string NameOf(IReadOnlyList<string> names, int k) =>
        k < names.Count ? names[k] : k.ToString(CultureInfo.InvariantCulture);
}
