
namespace Marrow.Datasets;

/// <summary>
/// CheXpert (Irvin et al. 2019): train.csv and valid.csv with Path, Sex, Age, Frontal/Lateral, AP/PA and 14 findings in
/// {1, 0, -1, blank}. Paths start with the release's own folder name, which is left out when the root is that folder.
/// </summary>
internal static class CheXpert
{
    public const string License = "LicenseRef-CheXpert-research";
    public const string Citation =
        "Irvin, Rajpurkar et al. CheXpert: a large chest radiograph dataset with uncertainty labels and expert "
            + "comparison. AAAI 2019.";

    private const string ReleasePrefix = "CheXpert";

    /// <summary>What the option "view" can be; the first without it.</summary>
    public static readonly string[] Views = ["frontal", "lateral", "all"];

    public static readonly string[] Findings =
    [
        "No Finding",
        "Enlarged Cardiomediastinum",
        "Cardiomegaly",
        "Lung Opacity",
        "Lung Lesion",
        "Edema",
        "Consolidation",
        "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture", "Support Devices",
    ];

    public static Dataset Open(DatasetRequest request)
    {
        OptionCheck.Only(request, "split", "uncertain", "blank", "softLabels", "view");
        var split = OptionCheck.OneOf(request, "split", request.Options.Split, "train", "valid");
        var view = OptionCheck.OneOf(request, "view", request.Options.View, Views);
        var blank = LabelPolicy.BlankValue(request, whenNotGiven: null);
        var table = CsvTable.Read(DataPath.Below(request.Root, split + ".csv", request.Name), hasHeader: true);
        var file = table.Column("Path");
        var viewColumn = view == "all" ? -1 : table.Column("Frontal/Lateral");
        var columns = Findings.Select(table.Column).ToArray();
        var policy = new LabelPolicy(request, Findings, blank, LabelPolicy.ReadSoftLabels(request, Findings, IdOf));

        var images = new ImageList(request);
        images.ForEachRow(table.Rows, row =>
        {
            if (viewColumn >= 0 && !row.Fields[viewColumn].Equals(view, StringComparison.OrdinalIgnoreCase))
                return;
            var id = IdOf(row.Fields[file], table, row, file);
            var labels = policy.Labels(table, row, columns, id);
            if (images.Take(id) is not { } path)
                return;
            images.Samples.Add(
                new Sample(
                    id: id,
                    imagePath: path,
                    patient: ImageList.PatientFolder(id)
                        ?? throw table.Bad(
                            row,
                            file,
                            "a path with a folder patientNNNNN",
                            "Correct the path: splits go by patient."))
                {
                    Study = id[..Math.Max(0, id.LastIndexOf('/'))],
                    Labels = labels,
                }
            );
        });
        return new Dataset(
            name: request.Name,
            format: request.Format,
            root: request.Root,
            samples: images.Samples)
        {
            Classes = policy.Classes,
            ThreeClassFindings = policy.ThreeClassFindings,
            Faults = images.Faults,
            License = License,
            Citation = Citation,
            Version = ImageList.Release(table.Rows, file, ReleasePrefix),
            Notes = table.Notes,
            BodyPart = "chest",
        };
    }

    private static string IdOf(string text, CsvTable table, CsvRow row, int column)
    {
        var id = ImageList.CheckPath(text, table, row, column);
        return id.StartsWith(ReleasePrefix, StringComparison.Ordinal) && id.IndexOf('/') is > 0 and var slash
            ? id[(slash + 1)..]
            : id;
    }
}
