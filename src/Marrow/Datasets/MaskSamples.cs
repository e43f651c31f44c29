namespace Marrow.Datasets;

/// <summary>
/// Images with masks for the task segment: a CSV whose column names each mask, or a folder of masks that have the
/// images' names. An image without a mask is kept, unlabelled.
/// </summary>
internal static class MaskSamples
{
    public const string Fault = "bad-mask";
    private const string DefaultClass = "foreground";

    public static bool AreAskedFor(DatasetOptions options) =>
        options.MaskColumn is not null || options.Masks is not null || options.MaskClasses.Count > 0;

    /// <summary>Opens a CSV of images and their masks. Other labels in it are not read.</summary>
    public static Dataset OpenCsv(DatasetRequest request)
    {
        OptionCheck.Only(
            request,
            [
                "split", "csv", "fileColumn", "patientColumn", "maskColumn", "masks", "maskClasses",
                .. SampleParts.Options,
            ]);
        var options = request.Options;
        if (options.MaskColumn is null == options.Masks is null)
            throw MarrowException.Bad(
                $"{request.Name}: options maskColumn and masks",
                "one of them",
                options.Masks is null ? "none" : "both",
                "Name the column, or the folder, that the masks are found by.");
        var table = CsvFolder.ReadTable(request);
        var (file, patient) = CsvFolder.FileAndPatient(request, table);
        var mask = options.MaskColumn is null ? -1 : table.Column(options.MaskColumn);
        var images = new ImageList(request);
        images.ForEachRow(CsvFolder.RowsOfSplit(request, table), row =>
        {
            var id = images.Resolve(ImageList.CheckPath(row.Fields[file], table, row, file));
            if (images.Take(id) is not { } path)
                return;
            var maskPath = mask < 0 ? Find(request, id) : row.Fields[mask].Length == 0 ? null
                : Required(Path.Combine(request.Root, ImageList.CheckPath(row.Fields[mask], table, row, mask)), id);
            if (maskPath is not null)
                MaskFile.RequireSameSize(maskPath, path);
            images.Samples.Add(
                new Sample(id: id, imagePath: path, patient: CsvFolder.PatientOf(row, patient, id))
                {
                    MaskPath = maskPath,
                }
            );
        });
        return new Dataset(
            name: request.Name,
            format: request.Format,
            root: request.Root,
            samples: images.Samples)
        {
            Faults = images.Faults,
            MaskClasses = Classes(request),
            Notes = [.. table.Notes, .. images.Notes],
        };
    }

    /// <summary>
    /// Adds the masks in a folder to the images of a data set, and removes the masks themselves from its images.
    /// </summary>
    public static Dataset Attach(DatasetRequest request, Dataset dataset)
    {
        if (request.Options.Masks is null)
            throw MarrowException.Bad(
                $"{request.Name}: option maskClasses",
                "masks, the folder that they are in",
                "maskClasses alone",
                "Name the folder.");
        var folder = Folder(request);
        var faults = new List<DataFault>();
        var samples = new List<Sample>();
        foreach (var sample in dataset.Samples.Where(s => !s.Id.StartsWith(folder + "/", StringComparison.Ordinal)))
        {
            var maskPath = Find(request, sample.Id);
            try
            {
                if (maskPath is not null)
                    MaskFile.RequireSameSize(maskPath, sample.ImagePath);
            }
            catch (MarrowException e) when (request.CollectsBadRows)
            {
                faults.Add(new(Fault, sample.Id, e.Message, "dropped"));
                continue;
            }
            samples.Add(sample with { MaskPath = maskPath });
        }
        return dataset with
        {
            Samples = samples,
            Faults = [.. dataset.Faults, .. faults],
            MaskClasses = Classes(request),
        };
    }

    private static IReadOnlyList<string> Classes(DatasetRequest request)
    {
        var names = request.Options.MaskClasses;
        if (
            names.Count > MaskFile.MostClasses
            || names.Distinct(StringComparer.Ordinal).Count() != names.Count
            || names.Any(string.IsNullOrWhiteSpace))
            throw MarrowException.Bad(
                $"{request.Name}: option maskClasses",
                $"at most {MaskFile.MostClasses} names that differ",
                string.Join(", ", names),
                "Correct them.");
        return names.Count > 0 ? names : [DefaultClass];
    }

    /// <summary>
    /// Returns the mask of "images/a.jpg", which is the first that exists of MASKS/images/a.png and MASKS/a.png.
    /// </summary>
    private static string? Find(DatasetRequest request, string id)
    {
        var name = Path.ChangeExtension(id, ".png");
        string[] names = name.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
            ? [name, name[(slash + 1)..]]
            : [name];
        return names.Select(n => Path.Combine(request.Root, Folder(request), n)).FirstOrDefault(File.Exists);
    }

    private static string Folder(DatasetRequest request)
    {
        var folder = DataPath.Plain(request.Options.Masks!);
        DataPath.Below(request.Root, folder, $"{request.Name}: option masks");
        return Directory.Exists(Path.Combine(request.Root, folder)) ? folder
            : throw MarrowException.Bad(
                Path.Combine(request.Root, folder),
                "a folder of masks",
                "none of that name",
                "Correct the option masks.");
    }

    private static string Required(string path, string id) =>
        File.Exists(path)
            ? path
            : throw MarrowException.Bad(
                path,
                $"the mask of {id}",
                "no file of that name",
                "Correct the cell, or leave it blank for an image without a mask.");
}
