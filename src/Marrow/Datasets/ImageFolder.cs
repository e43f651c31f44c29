using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// All images below a folder, without labels but for masks: for unlabelled training, prediction, and segmentation. Each
/// file counts once, whatever links lead to it; what a prediction wrote is no data.
/// </summary>
internal static class ImageFolder
{
    public static Dataset Open(DatasetRequest request)
    {
        OptionCheck.Only(request, "masks", "maskClasses");
        var listing = ImageListing.Of(request.Root);
        // A check says what is missing; whoever trains would else train on a part of the data and not know it.
        if (listing.Missed is [var missed, ..] && !request.CollectsBadRows)
            throw MarrowException.Bad(
                missed.Path,
                "a folder or file that can be read",
                missed.Reason,
                "Give it back its permissions or target, or take it out of the folder.");
        var samples = listing.Images
            .Select(path => (Path: path, Id: Id(path)))
            .OrderBy(file => file.Id, StringComparer.Ordinal)
            .Select(file => new Sample(
                id: file.Id,
                imagePath: file.Path,
                patient: ImageList.PatientFolder(file.Id) ?? file.Id));
        DataFault[] faults =
        [
            .. listing.Missed.Select(m => new DataFault("unreadable-folder", Id(m.Path), $"{m.Reason}.")),
            .. listing.Unread.Select(u => new DataFault(
                "unread-format",
                Id(u.Path),
                $"{u.Kind} is not read; left out.",
                "dropped")),
            .. listing.Results.Select(path => new DataFault(
                "prediction-result",
                Id(path),
                "Marrow wrote it; left out.",
                "dropped")),
        ];
        var dataset = new Dataset(name: request.Name, format: request.Format, root: request.Root, samples: [.. samples])
        {
            Faults = faults,
        };
        return MaskSamples.AreAskedFor(request.Options) ? MaskSamples.Attach(request, dataset) : dataset;

        string Id(string path) => Path.GetRelativePath(request.Root, path).Replace('\\', '/');
    }
}
