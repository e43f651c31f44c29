using System.Text.RegularExpressions;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>
/// SpineWeb data set 16 (AASCE, MICCAI 2019): data/SPLIT/*.jpg with labels/SPLIT/filenames.csv, landmarks.csv,
/// angles.csv and a .mat file an image. A row of landmarks has 68 x, then 68 y, as shares of the image's width and
/// height; 17 vertebrae top to bottom, each TL, TR, BL, BR. The way: rows -> corners in pixels -> faults found and, as
/// asked, repaired -> samples. A repair only puts points in another order; it never makes one up.
/// </summary>
internal static partial class SpineWeb16
{
    public const string License = "LicenseRef-SpineWeb-research";
    public const string Citation =
        "Wu, Bailey, Rasoulinejad, Li. Automatic landmark estimation for adolescent idiopathic scoliosis assessment "
            + "using BoostNet. MICCAI 2017.";
    private const int Corners = 4 * Vertebra.Count; // 68

    // What the option can be; the first without it.
    public static readonly string[] LandmarkFiles = ["csv", "mat"];

    /// <summary>
    /// The largest distance of a corner from its image, as a share of the image's sides. The training images reach
    /// 0.025.
    /// </summary>
    private const double MaxOutside = 0.1;

    /// <summary>One row as the files contain it, before any repair.</summary>
    internal sealed record Row(
        string Id,
        string ImagePath,
        string MatPath,
        int Width,
        int Height,
        IReadOnlyList<Vertebra> Vertebrae,
        IReadOnlyList<double> CobbDegrees);

    public static Dataset Open(DatasetRequest request)
    {
        OptionCheck.Only(request, "split", "faults", "landmarks", "area");
        var spines = new SpineSamples(request);
        foreach (var row in ReadRows(request, spines.Faults))
        {
            spines.Add(new(id: row.Id, imagePath: row.ImagePath, patient: PatientOf(row.Id))
            {
                Vertebrae = row.Vertebrae,
                CobbDegrees = row.CobbDegrees,
            }, row.Height);
        }
        return spines.ToDataset() with { License = License, Citation = Citation, BodyPart = "spine" };
    }

    /// <summary>
    /// Returns the number before the letters in "...-2017-162 A AP.jpg", since films with the same number may show the
    /// same patient. A name without a number is a group of its own.
    /// </summary>
    internal static string PatientOf(string id)
    {
        var name = Path.GetFileNameWithoutExtension(id);
        return GroupPattern().Match(name) is { Success: true } match ? match.Groups[1].Value : name;
    }

    /// <summary>Returns all rows whose image exists and has a readable header. The other rows become faults.</summary>
    internal static IReadOnlyList<Row> ReadRows(DatasetRequest request, List<DataFault> faults)
    {
        var folder = SplitFolder(request);
        var files = OptionCheck.OneOf(request, "landmarks", request.Options.Landmarks, LandmarkFiles);
        var useMat = files == LandmarkFiles[1];
        var labels = Path.Combine(request.Root, "labels", folder);
        var names = Table("filenames.csv");
        var landmarks = useMat ? null : SameLength(Table("landmarks.csv"), names, 2 * Corners);
        var angles = File.Exists(Path.Combine(labels, "angles.csv")) ? SameLength(Table("angles.csv"), names, 3) : null;

        var images = new ImageList(request);
        var rows = new List<Row>();
        var next = 0;
        images.ForEachRow(names.Rows, nameRow =>
        {
            var index = next++;
            var name = ImageList.CheckPath(nameRow.Fields[0], names, nameRow, 0);
            var id = $"data/{folder}/{name}";
            if (images.Take(id) is not { } path || images.ReadSize(id, path) is not { } size)
                return;
            var matPath = Path.Combine(labels, name + ".mat");
            var vertebrae = landmarks is null
                ? ReadMat(matPath)
                : ParseLandmarks(landmarks, landmarks.Rows[index], size.Width, size.Height);
            double[] cobb = angles is null ? [] : ParseAngles(angles, angles.Rows[index]);
            rows.Add(new Row(id, path, matPath, size.Width, size.Height, vertebrae, cobb));
        });
        faults.AddRange(images.Faults);
        return rows;

        CsvTable Table(string name) =>
            CsvTable.Read(DataPath.Below(request.Root, $"labels/{folder}/{name}", request.Name), hasHeader: false);
    }

    /// <summary>
    /// Reads 17 vertebrae in pixels from the image's own file. Throws <see cref="MarrowException"/> when that is
    /// impossible.
    /// </summary>
    internal static Vertebra[] ReadMat(string path)
    {
        var points = MatFile.ReadMatrix(path, "p2"); // [68, 2]
        if (points.GetLength(0) != Corners || points.GetLength(1) != 2)
            throw MarrowException.Bad(
                path,
                $"{Corners} points",
                $"a matrix of {points.GetLength(0)} x {points.GetLength(1)}",
                "Check the file.");
        var corners = Enumerable.Range(0, Corners).Select(i => new Point2D(points[i, 0], points[i, 1])).ToArray();
        return corners.All(p => double.IsFinite(p.X) && double.IsFinite(p.Y)) ? FromCorners(corners)
            : throw MarrowException.Bad(path, "finite coordinates", "NaN or infinity", "Check the file.");
    }

    private static Vertebra[] ParseLandmarks(CsvTable table, CsvRow row, int width, int height)
    {
        double Share(int column)
        {
            var value = table.Number(row, column);
            return value is >= -MaxOutside and <= 1 + MaxOutside ? value
                : throw table.Bad(
                    row,
                    column,
                    "a share of the image's side, 0 to 1",
                    "Divide pixels by the image's width or height.");
        }
        return FromCorners([
            .. Enumerable.Range(0, Corners).Select(i => new Point2D(Share(i) * width, Share(i + Corners) * height)),
        ]);
    }

    private static double[] ParseAngles(CsvTable table, CsvRow row)
    {
        var degrees = new double[3];
        for (var i = 0; i < degrees.Length; i++)
        {
            degrees[i] = table.Number(row, i);
            if (degrees[i] is < 0 or > 180)
                throw table.Bad(row, i, "degrees from 0 to 180", "Correct the cell.");
        }
        return degrees;
    }

    private static Vertebra[] FromCorners(Point2D[] corners) =>
        [.. corners.Chunk(4).Select(c => new Vertebra(c[0], c[1], c[2], c[3]))];

    private static CsvTable SameLength(CsvTable table, CsvTable names, int columns)
    {
        if (table.Rows.Count != names.Rows.Count)
            throw MarrowException.Bad(
                table.Path,
                $"{names.Rows.Count} rows as in filenames.csv",
                $"{table.Rows.Count}",
                "Check that the files belong together.");
        return table.Rows[0].Fields.Length == columns ? table
            : throw MarrowException.Bad(
                table.Path,
                $"{columns} columns",
                $"{table.Rows[0].Fields.Length}",
                "Check the file.");
    }

    private static string SplitFolder(DatasetRequest request) =>
        OptionCheck.OneOf(request, "split", request.Options.Split, "train", "training", "test") == "test"
            ? "test"
            : "training";

    [GeneratedRegex("-([0-9]+) [A-Z]\\b", RegexOptions.CultureInvariant)]
    private static partial Regex GroupPattern();
}
