namespace Marrow.Datasets;

/// <summary>The part of the data to which its makers gave an image.</summary>
internal enum SamplePart
{
    /// <summary>None: a share of such images is drawn for each part.</summary>
    Any,
    Train,
    Validation,
    HeldOut,
}

/// <summary>
/// The parts of a data set as its makers made them, from a column of a table that names images: "train", "valid" or
/// "test", where blank leaves it to the recipe's shares. The table is the label file itself, or another one beside it.
/// </summary>
internal static class SampleParts
{
    public static readonly string[] Options = ["partColumn", "partCsv"];

    // As published data sets write them.
    private static readonly (SamplePart Part, string[] Names)[] Known =
    [
        (SamplePart.Train, ["train", "training"]),
        (SamplePart.Validation, ["valid", "validation", "val"]),
        (SamplePart.HeldOut, ["test", "testing"]),
    ];

    /// <summary>
    /// Returns the data set with the part of each image that the table names. Throws <see cref="MarrowException"/> for
    /// a cell that is no part, and when the table names none of the images.
    /// </summary>
    public static Dataset Read(DatasetRequest request, Dataset dataset)
    {
        var options = request.Options;
        if (options.PartColumn is not { } name)
            return options.PartCsv is null
                ? dataset
                : throw MarrowException.Bad(
                    $"{request.Name}: option partCsv",
                    "partColumn beside it",
                    "partCsv alone",
                    "Name the column that holds the parts.");
        var table = options.PartCsv is { } other
            ? CsvFolder.ReadTable(request, "partCsv", other)
            : CsvFolder.ReadTable(request);
        var column = table.Column(name);
        var (file, _) = CsvFolder.FileAndPatient(request, table);
        var images = new ImageList(request);
        var parts = new Dictionary<string, SamplePart>(StringComparer.Ordinal);
        images.ForEachRow(table.Rows, row =>
        {
            if (PartOf(table, row, column) is var part && part == SamplePart.Any)
                return;
            var id = images.Resolve(ImageList.CheckPath(row.Fields[file], table, row, file));
            if (!parts.TryAdd(id, part) && parts[id] != part)
                throw table.Bad(
                    row, column, $"{Named(parts[id])}, as in an earlier row of {id}", "Correct one of them.");
        });
        Sample[] samples =
        [
            .. dataset.Samples.Select(s => s with { Part = parts.GetValueOrDefault(s.Id) }),
        ];
        var counts = Known.Select(k => (k.Part, Count: samples.Count(s => s.Part == k.Part))).ToList();
        if (counts.All(c => c.Count == 0))
            throw MarrowException.Bad(
                table.Path,
                $"train, valid or test in column {SomeText.Quote(name)} for some image of the data set",
                parts.Count == 0 ? "blank cells alone" : $"other images, such as {SomeText.Quote(parts.Keys.First())}",
                "Name the column and the table of the data set's own parts, or leave partColumn out.");
        return dataset with
        {
            Samples = samples,
            Faults = [.. dataset.Faults, .. images.Faults],
            Notes =
            [
                .. dataset.Notes,
                $"{Path.GetFileName(table.Path)}: column {SomeText.Quote(name)} says to which part an image belongs: "
                    + string.Join(", ", counts.Select(c => $"{c.Count} {Named(c.Part)}"))
                    + $", {samples.Count(s => s.Part == SamplePart.Any)} not said",
            ],
        };
    }

    private static SamplePart PartOf(CsvTable table, CsvRow row, int column)
    {
        var text = row.Fields[column];
        if (text.Length == 0)
            return SamplePart.Any;
        foreach (var (part, names) in Known)
        {
            if (names.Contains(text, StringComparer.OrdinalIgnoreCase))
                return part;
        }
        throw table.Bad(row, column, "train, valid or test", "Correct it; blank leaves it to the shares.");
    }

    private static string Named(SamplePart part) => Known.First(k => k.Part == part).Names[0];
}
