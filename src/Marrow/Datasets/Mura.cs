
namespace Marrow.Datasets;

/// <summary>
/// MURA (Rajpurkar et al. 2018): SPLIT_image_paths.csv lists images, SPLIT_labeled_studies.csv gives each study 0 or 1;
/// neither has a header. A path is MURA-v1.1/SPLIT/XR_PART/patientNNNNN/studyN_LABEL/imageN.png; the release's folder
/// is left out when the root is that folder. Scores are means over the views of a study (<see cref="Sample.Study"/>).
/// </summary>
internal static class Mura
{
    public const string License = "LicenseRef-MURA-research";
    public const string Citation =
        "Rajpurkar, Irvin et al. MURA: large dataset for abnormality detection in musculoskeletal radiographs. MIDL "
            + "2018.";
    private const string ReleasePrefix = "MURA";
    private static readonly string[] BodyParts =
    [
        "XR_ELBOW",
        "XR_FINGER",
        "XR_FOREARM",
        "XR_HAND",
        "XR_HUMERUS",
        "XR_SHOULDER",
        "XR_WRIST",
    ];

    public static Dataset Open(DatasetRequest request)
    {
        OptionCheck.Only(request, "split");
        var split = OptionCheck.OneOf(request, "split", request.Options.Split, "train", "valid");
        var wanted = request.Options.BodyPart is { } part ? NormalizePart(request, part) : null;
        var labels = ReadStudies(DataPath.Below(request.Root, split + "_labeled_studies.csv", request.Name));

        var paths = CsvTable.Read(
            DataPath.Below(request.Root, split + "_image_paths.csv", request.Name),
            hasHeader: false);
        var images = new ImageList(request);
        images.ForEachRow(paths.Rows, row =>
        {
            var id = WithoutRelease(ImageList.CheckPath(row.Fields[0], paths, row, 0));
            var study = id[..Math.Max(0, id.LastIndexOf('/'))];
            var bodyPart = id.Split('/').FirstOrDefault(folder => BodyParts.Contains(folder));
            if (bodyPart is null || ImageList.PatientFolder(id) is not { } patient)
                throw paths.Bad(row, 0, "SPLIT/XR_PART/patientNNNNN/studyN_LABEL/imageN.png", "Correct the path.");
            if (wanted is not null && bodyPart != wanted)
                return;
            if (!labels.TryGetValue(study, out var label))
                throw paths.Bad(
                    row,
                    0,
                    $"a study of {split}_labeled_studies.csv",
                    "Check that the two files belong together.");
            if (images.Take(id) is { } path)
                images.Samples.Add(
                    new Sample(id: id, imagePath: path, patient: patient)
                    {
                        Study = study,
                        BodyPart = bodyPart,
                        Labels = [label],
                    }
                );
        });
        return new Dataset(
            name: request.Name,
            format: request.Format,
            root: request.Root,
            samples: images.Samples)
        {
            Classes = ["abnormal"],
            Faults = images.Faults,
            License = License,
            Citation = Citation,
            Version = ImageList.Release(paths.Rows, 0, ReleasePrefix),
            BodyPart = wanted is null ? "upper limb" : wanted["XR_".Length..].ToLowerInvariant(),
        };
    }

    private static Dictionary<string, float> ReadStudies(string path)
    {
        var table = CsvTable.Read(path, hasHeader: false);
        if (table.Rows[0].Fields.Length != 2)
            throw MarrowException.Bad(
                path,
                "2 columns, study and label",
                $"{table.Rows[0].Fields.Length}",
                "Check the file.");
        var labels = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var row in table.Rows)
        {
            var label = table.Number(row, 1);
            if (label is not (0 or 1))
                throw table.Bad(row, 1, "0 or 1", "Correct the cell.");
            var trimmed = row with { Fields = [row.Fields[0].TrimEnd('/'), row.Fields[1]] };
            labels[WithoutRelease(ImageList.CheckPath(trimmed.Fields[0], table, trimmed, 0))] = (float)label;
        }
        return labels;
    }

    private static string WithoutRelease(string id) =>
        id.StartsWith(ReleasePrefix, StringComparison.Ordinal) && id.IndexOf('/') is > 0 and var slash
            ? id[(slash + 1)..]
            : id;

    private static string NormalizePart(DatasetRequest request, string part)
    {
        var upper = part.ToUpperInvariant();
        return OptionCheck.OneOf(
            request,
            "bodyPart",
            upper.StartsWith("XR_", StringComparison.Ordinal) ? upper : "XR_" + upper,
            BodyParts);
    }
}
