using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// Collects the boxes of a label file that names an image once for each of them, and makes a sample of each image. An
/// image that is named without a box is known to have none.
/// </summary>
/// <param name="areShares">
/// True when boxes are shares of the image's width and height, false when they are pixels.
/// </param>
internal sealed class BoxSamples(DatasetRequest request, bool areShares)
{
    /// <summary>
    /// The values of the option for images that the label file does not name: they are left out, or they have no box.
    /// </summary>
    public static readonly string[] Unlisted = ["left-out", "no-boxes"];

    private readonly Dictionary<string, Image?> _images = new(StringComparer.Ordinal); // null for one that is missing

    private sealed record Image(string Path, string Patient, List<LabelledBox> Boxes)
    {
        public bool IsEmpty { get; set; }
    }

    public ImageList Images { get; } = new(request);

    /// <summary>Adds the content of one row. An image that does not exist becomes a fault.</summary>
    /// <param name="box">The box; null when the row says that there is none.</param>
    /// <param name="place">The place of the row for error messages, such as "labels.csv, line 5".</param>
    public void Add(string id, string patient, LabelledBox? box, string place)
    {
        if (!_images.TryGetValue(id, out var image))
            _images[id] = image = Images.Take(id) is { } path ? new(path, patient, []) : null;
        if (image is null)
            return;
        if (image.Patient != patient)
            throw Contradiction(
                $"patient {SomeText.Quote(patient)} and, in an earlier row, {SomeText.Quote(image.Patient)}");
        if (box is null ? image.Boxes.Count > 0 : image.IsEmpty)
            throw Contradiction("a row with a box and one without");
        if (box is { } found)
            image.Boxes.Add(found);
        else
            image.IsEmpty = true;

        MarrowException Contradiction(string what) =>
            MarrowException.Bad(place, $"the same said of {id} in each of its rows", what, "Correct one of the rows.");
    }

    /// <summary>
    /// Returns the images in the order in which they were first named, followed by those that were not named.
    /// </summary>
    public Dataset ToDataset(IReadOnlyList<string> classes, IReadOnlyList<string> notes)
    {
        var samples = new List<Sample>();
        foreach (var (id, image) in _images)
        {
            if (image is not null && InPixels(id, image) is { } boxes)
                samples.Add(new(id: id, imagePath: image.Path, patient: image.Patient) { Boxes = boxes });
        }
        if (OptionCheck.OneOf(request, "unlisted", request.Options.Unlisted, Unlisted) == Unlisted[1])
        {
            samples.AddRange(ImageFolder.Open(request.With(new DatasetOptions())).Samples
                .Where(sample => !_images.ContainsKey(sample.Id))
                .Select(sample => sample with { Boxes = [] }));
        }
        return new Dataset(
            name: request.Name,
            format: request.Format,
            root: request.Root,
            samples: samples)
        {
            Faults = Images.Faults,
            BoxClasses = classes,
            Notes = [.. notes, .. Images.Notes],
        };
    }

    /// <summary>
    /// Returns the boxes in pixels; null when the image's size is needed and can't be read, which becomes a fault.
    /// </summary>
    private IReadOnlyList<LabelledBox>? InPixels(string id, Image image)
    {
        if (!areShares || image.Boxes.Count == 0)
            return image.Boxes;
        return Images.ReadSize(id, image.Path) is { } size
            ? [.. image.Boxes.Select(box => box.Transform(AffineTransform.Scale(size.Width, size.Height)))]
            : null;
    }
}
