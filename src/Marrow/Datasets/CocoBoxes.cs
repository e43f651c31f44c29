using System.Text.Json;
using System.Text.Json.Serialization;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// COCO's JSON of object detection (Lin et al. 2014): "images", "annotations" with a "bbox" of left, top, width and
/// height each, and "categories". Images without an annotation have no box, as in COCO itself. Outlines are not read.
/// The format knows no patients: where an image has a member "patient" or "patient_id", that is taken.
/// </summary>
internal static class CocoBoxes
{
    public const string DefaultFile = "annotations.json";
    private const long MostBytes = 1 << 30; // COCO's own largest file has 0.5 GB
    private const double SameShape = 0.02; // by which the sides' ratio of a scaled copy may differ, for rounding

    private sealed record Document(
        IReadOnlyList<Image>? Images, IReadOnlyList<Annotation>? Annotations, IReadOnlyList<Category>? Categories);

    private sealed record Image(
        JsonElement? Id,
        [property: JsonPropertyName("file_name")] string? FileName,
        int Width,
        int Height,
        JsonElement? Patient,
        [property: JsonPropertyName("patient_id")] JsonElement? PatientId);

    private sealed record Annotation(
        [property: JsonPropertyName("image_id")] JsonElement? ImageId,
        [property: JsonPropertyName("category_id")] JsonElement? CategoryId,
        IReadOnlyList<double>? Bbox,
        int Iscrowd);

    private sealed record Category(JsonElement? Id, string? Name);

    private static readonly JsonSerializerOptions Plain = new(JsonSerializerDefaults.Web);

    public static Dataset Open(DatasetRequest request)
    {
        OptionCheck.Only(request, "annotations", "imageFolder", "unlisted");
        var path = DataPath.OfOption(request, "annotations", request.Options.Annotations ?? DefaultFile);
        var document = Read(path);
        var categories = document.Categories ?? [];
        var classes = Classes(path, categories);
        var byCategory = categories
            .Select((category, place) => (Key: Key(category.Id), place))
            .ToDictionary(c => c.Key, c => c.place);
        var byImage = (document.Annotations ?? []).ToLookup(
            annotation => Key(annotation.ImageId),
            StringComparer.Ordinal);
        var samples = new BoxSamples(request, areShares: true);
        var prefix = request.Options.ImageFolder is { } folder ? DataPath.Plain(folder) + "/" : "";
        var crowds = 0;
        foreach (var (place, image) in (document.Images ?? []).Index())
        {
            try
            {
                Add(image, $"{path}, images[{place}]");
            }
            catch (MarrowException e) when (request.CollectsBadRows)
            {
                samples.Images.Faults.Add(new DataFault("bad-row", $"images[{place}]", e.Message, "dropped"));
            }
        }
        return samples.ToDataset(
            classes,
            crowds == 0 ? [] : [$"{Path.GetFileName(path)}: {crowds} boxes around crowds (iscrowd) are left out"]);

        void Add(Image image, string place)
        {
            var id = prefix + (image.FileName ?? "").Replace('\\', '/');
            if (!ImageList.IsSafe(id))
                throw MarrowException.Bad(
                    place,
                    "a file_name below the data set's folder",
                    SomeText.Quote(id),
                    "Correct it, or give the option imageFolder.");
            if (image.Width < 1 || image.Height < 1)
                throw MarrowException.Bad(
                    place,
                    "the image's width and height in pixels",
                    $"{image.Width} x {image.Height}",
                    "Add them: boxes are read against them.");
            id = samples.Images.Resolve(id);
            RequireShape(id, image, place);
            var patient = Key(image.Patient ?? image.PatientId) is { Length: > 0 } named ? named : id;
            var own = byImage[Key(image.Id)].ToList();
            crowds += own.Count(annotation => annotation.Iscrowd != 0);
            var boxes = own.Where(annotation => annotation.Iscrowd == 0)
                .Select(annotation => (LabelledBox?)Box(annotation, image, place))
                .ToList();
            foreach (var box in boxes.DefaultIfEmpty(null))
                samples.Add(id, patient, box, place);
        }

        LabelledBox Box(Annotation annotation, Image image, string place)
        {
            if (annotation.Bbox is not [var left, var top, > 0 and var width, > 0 and var height])
                throw MarrowException.Bad(
                    place,
                    "a bbox of left, top, width and height over 0",
                    SomeText.Quote(string.Join(", ", annotation.Bbox ?? [])),
                    "Correct the annotation.");
            if (!byCategory.TryGetValue(Key(annotation.CategoryId), out var category))
                throw MarrowException.Bad(
                    place,
                    "a category_id of categories",
                    SomeText.Quote(Key(annotation.CategoryId)),
                    "Correct the annotation, or add the category.");
            return new LabelledBox(category, left, top, left + width, top + height)
                .Transform(AffineTransform.Scale(1.0 / image.Width, 1.0 / image.Height));
        }

        // Boxes of a smaller copy of the image are right; those of an image that was cut are not.
        void RequireShape(string id, Image image, string place)
        {
            var file = Path.Combine(request.Root, id);
            if (!File.Exists(file) || Size(file) is not { } size)
                return;
            var difference = Math.Abs(
                Math.Log((double)size.Width * image.Height / ((double)size.Height * image.Width)));
            if (difference > SameShape)
                throw MarrowException.Bad(
                    place,
                    $"an image of {image.Width} x {image.Height} px, or a smaller copy of it",
                    $"{size.Width} x {size.Height} px in {file}",
                    "Boxes do not fit a cut image: use the one that was labelled.");
        }
    }

    /// <summary>
    /// Returns the size of an image; null when it can't be read, which is reported when its boxes are converted to
    /// pixels.
    /// </summary>
    private static ImageHeader? Size(string file)
    {
        try
        {
            return RadiographReader.ReadHeader(file);
        }
        catch (MarrowException)
        {
            return null;
        }
    }

    private static Document Read(string path)
    {
        const string remedy = "Give COCO's file of object detection (instances_*.json) by the option annotations.";
        try
        {
            using var file = InputFile.Open(path, MostBytes);
            var document = JsonSerializer.Deserialize<Document>(file, Plain);
            return document is { Images: not null, Categories: not null } ? document
                : throw MarrowException.Bad(
                    path,
                    "COCO's members images, annotations and categories",
                    "JSON without them",
                    remedy);
        }
        catch (JsonException e)
        {
            throw MarrowException.Bad(path, "COCO's JSON of object detection", $"none ({e.Message})", remedy, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). {remedy}", e);
        }
    }

    private static string[] Classes(string path, IReadOnlyList<Category> categories)
    {
        string[] names = [.. categories.Select(category => category.Name ?? "")];
        if (
            names.Length is 0 or > ClassNames.Most
            || names.Any(string.IsNullOrWhiteSpace)
            || HasTwice(names)
            || HasTwice([.. categories.Select(c => Key(c.Id))]))
            throw MarrowException.Bad(
                path,
                $"1 to {ClassNames.Most} categories, each with an id and a name of its own",
                $"{names.Length}: {SomeText.List(names)}",
                "Correct the categories.");
        return names;

        static bool HasTwice(string[] values) => values.Distinct(StringComparer.Ordinal).Count() != values.Length;
    }

    /// <summary>Returns an id as it is written, as a number or a text; "" when there is none.</summary>
    private static string Key(JsonElement? id) =>
        id is { ValueKind: JsonValueKind.Number or JsonValueKind.String } value ? value.ToString() : "";
}
