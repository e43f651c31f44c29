namespace Marrow.Datasets;

/// <summary>The known data set formats by name. A new format needs one file and one line here.</summary>
public static class DatasetCatalogue
{
    internal static IReadOnlyDictionary<string, Func<DatasetRequest, Dataset>> Formats { get; } =
        new Dictionary<string, Func<DatasetRequest, Dataset>>(StringComparer.Ordinal)
        {
            ["chexpert"] = CheXpert.Open,
            ["coco"] = CocoBoxes.Open,
            ["csv"] = CsvFolder.Open,
            ["images"] = ImageFolder.Open,
            ["mura"] = Mura.Open,
            ["spineweb16"] = SpineWeb16.Open,
        };

    /// <summary>The names of all formats as text: "chexpert, coco, csv, images, mura or spineweb16".</summary>
    public static string Names => SomeText.Either(Formats.Keys);

    /// <summary>
    /// Reads labels and lists images; no image is decoded. Images that do not exist are left out and listed in
    /// <see cref="Dataset.Faults"/>. Licence, citation and version are the options', else those of the folder's
    /// <see cref="DatasetTerms.FileName"/>, else the format's own. Throws <see cref="MarrowException"/> for an unknown
    /// format, an option that the format does not know, a label file that can't be read, or when no image is left.
    /// </summary>
    internal static Dataset Open(DatasetRequest request)
    {
        if (!Formats.TryGetValue(request.Format, out var open))
            throw MarrowException.Bad(
                request.Name,
                $"one of the formats {string.Join(", ", Formats.Keys)}",
                $"\"{request.Format}\"",
                "Correct the format.");
        if (!Directory.Exists(request.Root))
            throw MarrowException.Bad(
                request.Root,
                $"the folder of data set {request.Name}",
                File.Exists(request.Root) ? "a file" : "nothing",
                "Give its folder, as in --data name=DIR.");
        var dataset = open(request);
        if (dataset.Samples.Count == 0)
        {
            var fault =
                dataset.Faults.Count == 0
                    ? "no image"
                    : $"no usable image ({dataset.Faults.Count} faults{Reasons(dataset.Faults)})";
            throw MarrowException.Bad(
                request.Root,
                $"a data set of format {request.Format}",
                fault,
                "Check the folder and the options.");
        }
        dataset = SampleParts.Read(request, dataset);
        foreach (
            var names in (IReadOnlyList<string>[])
                [dataset.Classes, dataset.NumberNames, dataset.PointNames, dataset.BoxClasses])
        {
            if (names.FirstOrDefault(name => name.Any(char.IsControl)) is { } odd)
                throw MarrowException.Bad(
                    request.Root,
                    "names of labels without line breaks and control characters",
                    SomeText.Quote(odd),
                    "Correct the cells or the column's name.");
        }
        var terms = DatasetTerms.Read(request.Root);
        return dataset with
        {
            BodyPart = dataset.BodyPart ?? request.Options.BodyPart?.ToLowerInvariant(),
            License = request.Options.License ?? terms?.License ?? dataset.License,
            Citation = request.Options.Citation ?? terms?.Citation ?? dataset.Citation,
            // A folder with terms of its own holds another data set than the one whose layout it has.
            Version = request.Options.Version ?? (terms is null ? dataset.Version : terms.Version ?? ""),
        };
    }

    /// <summary>
    /// Returns how many faults of each kind there are, with the first of each, such as "; 24 missing-image, the first
    /// a.png: ...".
    /// </summary>
    private static string Reasons(IReadOnlyList<DataFault> faults) =>
        string.Concat(
            faults
                .GroupBy(f => f.Kind)
                .Select(kind =>
                    $"; {kind.Count()} {kind.Key}, the first {kind.First().File}: {kind.First().Detail.TrimEnd('.')}"));
}
