namespace Marrow.Datasets;

/// <summary>
/// A CSV with a header beside a folder of images: one row an image, its path below the root, and labels as one class
/// name, as findings, as numbers, or as points. What the columns are called is found or given (<see cref="DatasetOptions"/>).
/// </summary>
internal static class CsvFolder
{
    private const string DefaultFile = "labels.csv";
    private const string SplitColumn = "split";
    private const string Points = "points";
    public static readonly string[] Kinds = ["classes", "findings", "numbers", Points];
    private static readonly string[] Common = ["split", "csv", "fileColumn", "patientColumn", "labelColumns", "kind"];
    public static readonly string[] FileColumns = ["path", "file", "filename", "image"];
    private static readonly string[] PatientColumns = ["patient", "patient_id", "patientid", "subject"];
    private static readonly string[] LabelColumns = ["label", "class", "target"];
    private static readonly string[] CobbColumns = ["cobb1", "cobb2", "cobb3"];

    public static Dataset Open(DatasetRequest request)
    {
        if (MaskSamples.AreAskedFor(request.Options))
            return MaskSamples.OpenCsv(request);
        OptionCheck.Only(request, "split", "csv", "fileColumn", "patientColumn", "labelColumns", "kind", "uncertain", "blank", "softLabels", "units", "mirrorPairs");
        var options = request.Options;
        var table = ReadTable(request);
        var (file, patient) = FileAndPatient(request, table);
        var rows = RowsOfSplit(request, table);

        if (options.Kind == Points)
            return ReadPoints(request, table, rows, file, patient);
        var names = options.LabelColumns.Count > 0 ? options.LabelColumns : [.. table.Header.Where(h => LabelColumns.Contains(h, StringComparer.OrdinalIgnoreCase)).Take(1)];
        if (names.Count == 0)
            throw MarrowException.Bad(table.Path, $"a column {string.Join(", ", LabelColumns)}", $"the columns {string.Join(", ", table.Header)}", "Name them by the option labelColumns; format images reads a folder without labels.");
        var columns = names.Select(table.Column).ToArray();
        var kind = OptionCheck.OneOf(request, "kind", options.Kind ?? (columns.Length == 1 ? "classes" : "findings"), [.. Kinds]);
        OptionCheck.Only(request, [.. Common, .. kind == "findings" ? ["uncertain", "blank", "softLabels"] : kind == "numbers" ? (string[])["units"] : []]);

        var images = new ImageList(request);
        string Id(CsvRow row) => ImageList.CheckPath(row.Fields[file], table, row, file);
        string Patient(CsvRow row, string id) => PatientOf(row, patient, id);
        var dataset = new Dataset { Name = request.Name, Format = request.Format, Root = request.Root, Samples = images.Samples, Faults = images.Faults };
        switch (kind)
        {
            case "classes":
                if (columns.Length != 1)
                    throw MarrowException.Bad($"{request.Name}: option labelColumns", "one column for kind \"classes\"", $"{columns.Length}", "Use kind \"findings\" for several.");
                // All rows name the classes, so that every split has the same ones.
                string[] classes = [.. table.Rows.Select(r => r.Fields[columns[0]]).Where(c => c.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
                if (classes.Length < 2 || classes.Length > MaxClasses)
                    throw MarrowException.Bad(table.Path, $"2 to {MaxClasses} classes in column \"{names[0]}\"", $"{classes.Length}", "Check the column; numbers are of kind \"numbers\".");
                images.ForEachRow(rows, row =>
                {
                    var id = Id(row);
                    if (images.Take(id) is { } path)
                        images.Samples.Add(new Sample { Id = id, ImagePath = path, Patient = Patient(row, id), Labels = OneHot(classes, row.Fields[columns[0]]) });
                });
                return dataset with { Classes = classes, ExclusiveClasses = true };

            case "findings":
                var soft = LabelPolicy.ReadSoftLabels(request, names, ImageList.CheckPath);
                var policy = new LabelPolicy(request, names, LabelPolicy.BlankValue(request, "masked"), soft);
                images.ForEachRow(rows, row =>
                {
                    var id = Id(row);
                    var labels = policy.Labels(table, row, columns, id);
                    if (images.Take(id) is { } path)
                        images.Samples.Add(new Sample { Id = id, ImagePath = path, Patient = Patient(row, id), Labels = labels });
                });
                return dataset with { Classes = policy.Classes, ThreeClassFindings = policy.ThreeClassFindings };

            default:
                var isCobb = names.SequenceEqual(CobbColumns, StringComparer.OrdinalIgnoreCase);
                images.ForEachRow(rows, row =>
                {
                    var id = Id(row);
                    double[] numbers = [.. columns.Select(column => table.Number(row, column, blank: true))];
                    var cobb = isCobb && !numbers.Any(double.IsNaN) ? numbers : [];
                    if (images.Take(id) is { } path)
                        images.Samples.Add(new Sample { Id = id, ImagePath = path, Patient = Patient(row, id), Numbers = numbers, CobbDegrees = cobb });
                });
                return dataset with { NumberNames = names, NumberUnits = UnitsOf(request, names) };
        }
    }

    private static Dataset ReadPoints(DatasetRequest request, CsvTable table, List<CsvRow> rows, int file, int patient)
    {
        OptionCheck.Only(request, [.. Common, "mirrorPairs"]);
        var points = new CsvPoints(request, table);
        var images = new ImageList(request);
        images.ForEachRow(rows, row =>
        {
            var id = ImageList.CheckPath(row.Fields[file], table, row, file);
            var places = points.Of(row);
            if (images.Take(id) is { } path)
                images.Samples.Add(new Sample { Id = id, ImagePath = path, Patient = PatientOf(row, patient, id), Points = places, MirroredPoints = points.Mirrored });
        });
        return new Dataset { Name = request.Name, Format = request.Format, Root = request.Root, Samples = images.Samples, Faults = images.Faults, PointNames = points.Names };
    }

    private static string PatientOf(CsvRow row, int column, string id) => column >= 0 && row.Fields[column].Length > 0 ? row.Fields[column] : id;

    private static string[] UnitsOf(DatasetRequest request, IReadOnlyList<string> names)
    {
        var units = request.Options.Units;
        if (units.Keys.FirstOrDefault(key => !names.Contains(key, StringComparer.OrdinalIgnoreCase)) is { } stranger)
            throw MarrowException.Bad($"{request.Name}: option units", $"columns of {string.Join(", ", names)}", $"\"{stranger}\"", "Correct the name.");
        return [.. names.Select(name => units.FirstOrDefault(u => u.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "")];
    }

    private const int MaxClasses = 1000; // More are identifiers or numbers, not classes.

    public static CsvTable ReadTable(DatasetRequest request) => CsvTable.Read(Path.Combine(request.Root, request.Options.Csv ?? DefaultFile), hasHeader: true);

    /// <summary>The columns of image paths and of patients, as named or found; the second is -1 where there is none.</summary>
    public static (int File, int Patient) FileAndPatient(DatasetRequest request, CsvTable table)
    {
        var options = request.Options;
        var file = options.FileColumn is null ? FirstColumn(table, FileColumns) : table.Column(options.FileColumn);
        if (file < 0)
            throw MarrowException.Bad(table.Path, $"a column {string.Join(", ", FileColumns)}", $"the columns {string.Join(", ", table.Header)}", "Name it by the option fileColumn.");
        return (file, options.PatientColumn is null ? FirstColumn(table, PatientColumns) : table.Column(options.PatientColumn));
    }

    /// <summary>The first of the names that is a column; -1 without one.</summary>
    public static int FirstColumn(CsvTable table, IEnumerable<string> names) =>
        names.Select(table.Find).Where(column => column >= 0).DefaultIfEmpty(-1).First();

    /// <summary>The values of the column "split"; none without that column.</summary>
    public static string[] Splits(DatasetRequest request)
    {
        var table = ReadTable(request);
        var column = table.Find(SplitColumn);
        return column < 0 ? [] : [.. table.Rows.Select(row => row.Fields[column]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    public static List<CsvRow> RowsOfSplit(DatasetRequest request, CsvTable table)
    {
        if (request.Options.Split is not { } split)
            return [.. table.Rows];
        var column = table.Column(SplitColumn);
        List<CsvRow> rows = [.. table.Rows.Where(row => row.Fields[column] == split)];
        if (rows.Count == 0)
            throw MarrowException.Bad($"{request.Name}: option split", $"one of {string.Join(", ", table.Rows.Select(r => r.Fields[column]).Distinct().Take(10))}", $"\"{split}\"", "Correct it.");
        return rows;
    }

    /// <summary>[classes]; NaN for all when the cell is empty.</summary>
    private static float[] OneHot(string[] classes, string name) =>
        [.. classes.Select(c => name.Length == 0 ? float.NaN : c == name ? 1f : 0f)];
}
