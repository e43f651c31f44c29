namespace Marrow.Datasets;

/// <summary>
/// A CSV with a header beside a folder of images: one row an image, its path below the root, and labels as one class
/// name, as findings, as numbers, as points, as boxes, or as vertebrae. What the columns are called is found or given
/// (<see cref="DatasetOptions"/>).
/// </summary>
internal static class CsvFolder
{
    public const string DefaultFile = "labels.csv";
    private const string SplitColumn = "split";
    internal const double LeastMmPerPixel = 1e-3, MostMmPerPixel = 100; // 1 um to 10 cm: no radiograph is beyond
    private const string Points = "points", Boxes = "boxes", Vertebrae = "vertebrae";
    public static readonly string[] Kinds = ["classes", "findings", "numbers", Points, Boxes, Vertebrae];
    internal static readonly string[] Common =
        ["split", "csv", "fileColumn", "patientColumn", "labelColumns", "kind", .. SampleParts.Options];
    // The last of each are NIH ChestX-ray14's. Case, spaces and underscores do not matter.
    public static readonly string[] FileColumns = ["path", "file", "filename", "image", "Image Index"];
    public static readonly string[] PatientColumns = ["patient", "patient_id", "patientid", "subject", "Patient ID"];
    public static readonly string[] LabelColumns = ["label", "class", "target", "Finding Labels"];
    private static readonly string[] CobbColumns = ["cobb1", "cobb2", "cobb3"];

    public static Dataset Open(DatasetRequest request)
    {
        if (MaskSamples.AreAskedFor(request.Options))
            return MaskSamples.OpenCsv(request);
        OptionCheck.Only(
            request,
            [
                .. Common,
                "uncertain",
                "blank",
                "softLabels",
                "units",
                "mirrorPairs",
                "coordinates",
                "mmPerPixel",
                "unlisted",
                "boxClass",
                "faults",
                "area",
            ]);
        var options = request.Options;
        var table = ReadTable(request);
        var (file, patient) = FileAndPatient(request, table);
        var rows = RowsOfSplit(request, table);

        if (options.Kind == Points)
            return ReadPoints(request, table, rows, file, patient);
        if (options.Kind == Boxes)
            return CsvBoxes.Open(request, table, rows, file, patient);
        if (options.Kind == Vertebrae)
            return CsvVertebrae.Open(request, table, rows, file, patient);
        var names =
            options.LabelColumns.Count > 0 ? options.LabelColumns
            : FirstColumn(table, LabelColumns) is >= 0 and var found ? [table.Header[found]]
            : [];
        if (names.Count == 0)
            throw MarrowException.Bad(
                table.Path,
                $"a column {string.Join(", ", LabelColumns)}",
                table.ColumnsFound,
                "Name them by the option labelColumns; format images reads a folder without labels.");
        OptionCheck.Distinct(request, "labelColumns", names);
        var columns = names.Select(table.Column).ToArray();
        var list =
            columns.Length == 1 && options.Kind is null or "findings"
                ? FindingList.Of(table, columns[0], options.Kind is not null)
                : null;
        var kind = OptionCheck.OneOf(
            request,
            "kind",
            options.Kind ?? (columns.Length == 1 && list is null ? "classes" : "findings"),
            [.. Kinds]);
        OptionCheck.Only(request, [.. Common, .. kind switch
        {
            "findings" => list is null ? ["uncertain", "blank", "softLabels"] : ["blank"],
            "numbers" => ["units"],
            _ => (string[])[],
        }]);

        var images = new ImageList(request);
        string Id(CsvRow row) => images.Resolve(ImageList.CheckPath(row.Fields[file], table, row, file));
        void ForEachImage(Func<CsvRow, string, Sample> read) => images.ForEachRow(rows, row =>
        {
            var id = Id(row);
            var sample = read(row, id);
            if (images.Take(id) is { } path)
                images.Samples.Add(sample with { ImagePath = path });
        });
        Sample Named(CsvRow row, string id) => new(id: id, imagePath: "", patient: PatientOf(row, patient, id));
        var dataset = new Dataset(
            name: request.Name,
            format: request.Format,
            root: request.Root,
            samples: images.Samples)
        {
            Faults = images.Faults,
        };
        switch (kind)
        {
            case "classes":
                if (columns.Length != 1)
                    throw MarrowException.Bad(
                        $"{request.Name}: option labelColumns",
                        "one column for kind \"classes\"",
                        $"{columns.Length}",
                        "Use kind \"findings\" for several.");
                var classes = ClassNames.Of(request, table, columns[0], images.Faults);
                ForEachImage((row, id) => Named(row, id) with { Labels = OneHot(classes, row.Fields[columns[0]]) });
                dataset = dataset with { Classes = classes, ExclusiveClasses = true };
                break;

            case "findings" when list is not null:
                if (list.Names.Count is 0 or > ClassNames.Most)
                    throw MarrowException.Bad(
                        table.Path,
                        $"1 to {ClassNames.Most} findings in column {SomeText.Quote(names[0])}",
                        $"{list.Names.Count}",
                        "Check the column; several findings in one cell are separated by |.");
                ClassNames.NoteSimilar(table, list.Names, images.Faults);
                var blank = LabelPolicy.BlankValue(request, "masked");
                ForEachImage((row, id) => Named(row, id) with { Labels = list.Labels(row, blank) });
                dataset = dataset with
                {
                    Classes = list.Names,
                    Notes =
                    [
                        $"{Path.GetFileName(table.Path)}: column {SomeText.Quote(names[0])} lists findings, "
                            + $"{list.Names.Count} in all, of which any may hold",
                    ],
                };
                break;

            case "findings":
                var soft = LabelPolicy.ReadSoftLabels(request, names, (text, softTable, row, column) =>
                    images.Resolve(ImageList.CheckPath(text, softTable, row, column)));
                var policy = new LabelPolicy(request, names, LabelPolicy.BlankValue(request, "masked"), soft);
                ForEachImage((row, id) => Named(row, id) with { Labels = policy.Labels(table, row, columns, id) });
                dataset = dataset with { Classes = policy.Classes, ThreeClassFindings = policy.ThreeClassFindings };
                break;

            default:
                var isCobb = names.SequenceEqual(CobbColumns, StringComparer.OrdinalIgnoreCase);
                ForEachImage(
                    (row, id) =>
                    {
                        double[] numbers = [.. columns.Select(column => table.Number(row, column, blank: true))];
                        return Named(row, id) with
                        {
                            Numbers = numbers,
                            CobbDegrees = isCobb && !numbers.Any(double.IsNaN) ? numbers : [],
                        };
                    }
                );
                dataset = dataset with { NumberNames = names, NumberUnits = UnitsOf(request, names) };
                break;
        }
        return dataset with { Notes = [.. table.Notes, .. dataset.Notes, .. images.Notes] };
    }

    private static Dataset ReadPoints(DatasetRequest request, CsvTable table, List<CsvRow> rows, int file, int patient)
    {
        OptionCheck.Only(request, [.. Common, "mirrorPairs", "coordinates", "mmPerPixel"]);
        var points = new CsvPoints(request, table);
        var mmPerPixel = MmPerPixelOf(request);
        var images = new ImageList(request);
        images.ForEachRow(rows, row =>
        {
            var id = images.Resolve(ImageList.CheckPath(row.Fields[file], table, row, file));
            var places = points.Of(row);
            if (
                images.Take(id) is not { } path
                || points.InPixels(places, () => images.ReadSize(id, path)) is not { } pixels)
                return;
            images.Samples.Add(
                new Sample(id: id, imagePath: path, patient: PatientOf(row, patient, id))
                {
                    Points = pixels,
                    MirroredPoints = points.Mirrored,
                    MmPerPixel = mmPerPixel,
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
            PointNames = points.Names,
            Notes = [.. table.Notes, .. images.Notes],
        };
    }

    private static double? MmPerPixelOf(DatasetRequest request) =>
        request.Options.MmPerPixel is not { } given || given is >= LeastMmPerPixel and <= MostMmPerPixel
            ? request.Options.MmPerPixel
            : throw MarrowException.Bad(
                $"{request.Name}: option mmPerPixel",
                FormattableString.Invariant($"the side of a pixel, {LeastMmPerPixel} to {MostMmPerPixel} mm"),
                FormattableString.Invariant($"{given}"),
                "Correct it, or leave it out for distances in pixels.");

    /// <summary>Returns the patient of a row. An image without a patient counts as a patient of its own.</summary>
    public static string PatientOf(CsvRow row, int column, string id) =>
        column >= 0 && row.Fields[column].Length > 0 ? row.Fields[column] : id;

    private static string[] UnitsOf(DatasetRequest request, IReadOnlyList<string> names)
    {
        var units = request.Options.Units;
        if (units.Keys.FirstOrDefault(key => !names.Contains(key, StringComparer.OrdinalIgnoreCase)) is { } stranger)
            throw MarrowException.Bad(
                $"{request.Name}: option units",
                $"columns of {string.Join(", ", names)}",
                $"\"{stranger}\"",
                "Correct the name.");
        return
        [
            .. names.Select(name =>
                units.FirstOrDefault(u => u.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? ""),
        ];
    }

    public static CsvTable ReadTable(DatasetRequest request) =>
        ReadTable(request, "csv", request.Options.Csv ?? DefaultFile);

    /// <summary>Reads the table that an option names.</summary>
    public static CsvTable ReadTable(DatasetRequest request, string option, string path) =>
        CsvTable.Read(DataPath.OfOption(request, option, path), hasHeader: true);

    /// <summary>
    /// Returns the columns of image paths and of patients, by the options or by their usual names. The second one is -1
    /// when there is none.
    /// </summary>
    public static (int File, int Patient) FileAndPatient(DatasetRequest request, CsvTable table)
    {
        var options = request.Options;
        var file = options.FileColumn is null ? FirstColumn(table, FileColumns) : table.Column(options.FileColumn);
        if (file < 0)
            throw MarrowException.Bad(
                table.Path,
                $"a column {string.Join(", ", FileColumns)}",
                table.ColumnsFound,
                "Name it by the option fileColumn.");
        return (
            file,
            options.PatientColumn is null ? FirstColumn(table, PatientColumns) : table.Column(options.PatientColumn));
    }

    /// <summary>Returns the index of the first of these names that is a column; -1 when none is.</summary>
    public static int FirstColumn(CsvTable table, IEnumerable<string> names) =>
        names
            .Select(name => table.Header.ToList().FindIndex(column => IsNamed(column, name)))
            .Where(column => column >= 0)
            .DefaultIfEmpty(-1)
            .First();

    /// <summary>Returns true when a column has this name, regardless of case, spaces and underscores.</summary>
    public static bool IsNamed(string column, string name)
    {
        return Plain(column).Equals(Plain(name), StringComparison.OrdinalIgnoreCase);

        static string Plain(string text) =>
            text.Replace(" ", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
    }

    /// <summary>Returns the distinct values of the column "split"; none when there is no such column.</summary>
    public static string[] Splits(DatasetRequest request)
    {
        var table = ReadTable(request);
        var column = table.Find(SplitColumn);
        return column < 0
            ? []
            :
            [
                .. table
                    .Rows.Select(row => row.Fields[column])
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ];
    }

    public static List<CsvRow> RowsOfSplit(DatasetRequest request, CsvTable table)
    {
        if (request.Options.Split is not { } split)
            return [.. table.Rows];
        var column = table.Column(SplitColumn);
        List<CsvRow> rows = [.. table.Rows.Where(row => row.Fields[column] == split)];
        if (rows.Count == 0)
            throw MarrowException.Bad(
                $"{request.Name}: option split",
                $"one of {SomeText.List([.. table.Rows.Select(r => r.Fields[column]).Distinct()])}",
                $"\"{split}\"",
                "Correct it.");
        return rows;
    }

    /// <summary>Returns the labels, [classes], of a class name; all are NaN when the cell is empty.</summary>
    private static float[] OneHot(string[] classes, string name) =>
        [.. classes.Select(c => name.Length == 0 ? float.NaN : c == name ? 1f : 0f)];
}
