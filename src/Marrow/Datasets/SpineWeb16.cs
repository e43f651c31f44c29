using System.Globalization;
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
    public const string Citation = "Wu, Bailey, Rasoulinejad, Li. Automatic landmark estimation for adolescent idiopathic scoliosis assessment using BoostNet. MICCAI 2017.";
    private const int Corners = 4 * Vertebra.Count; // 68

    // The shorter end plate of a vertebra over its longer one: 0.58 and more in all 481 training images but the two
    // whose points are lost or doubled (0.02 and 0.15).
    private const double LeastPlateRatio = 0.5;

    /// <summary>Shares of the image's sides that a corner may lie outside of it; 0.025 is met in the training images.</summary>
    private const double MaxOutside = 0.1;

    /// <summary>One row as the files have it, before anything is repaired.</summary>
    internal sealed record Row(string Id, string ImagePath, string MatPath, int Width, int Height, IReadOnlyList<Vertebra> Vertebrae, IReadOnlyList<double> CobbDegrees);

    public static Dataset Open(DatasetRequest request)
    {
        OptionCheck.Only(request, "split", "faults", "landmarks");
        var policy = OptionCheck.OneOf(request, "faults", request.Options.Faults, "repair", "drop", "keep");
        var faults = new List<DataFault>();
        var samples = new List<Sample>();
        foreach (var row in ReadRows(request, faults))
        {
            var (vertebrae, found, isSound) = Judge(row.Vertebrae);
            var usable = policy == "keep" || found.Count == 0 || (policy == "repair" && isSound);
            var repaired = policy == "repair" && isSound && found.Count > 0;
            foreach (var (kind, detail) in found)
                faults.Add(new DataFault(kind, row.Id, detail, repaired ? "repaired" : usable ? "kept" : "dropped"));
            if (!usable)
                continue;
            var measured = repaired || row.CobbDegrees.Count == 0
                ? CobbAngles.Measure(repaired ? vertebrae : row.Vertebrae, row.Height).Degrees
                : row.CobbDegrees;
            samples.Add(new Sample
            {
                Id = row.Id,
                ImagePath = row.ImagePath,
                Patient = PatientOf(row.Id),
                Vertebrae = repaired ? vertebrae : row.Vertebrae,
                CobbDegrees = measured,
            });
        }
        return new Dataset
        {
            Name = request.Name,
            Format = request.Format,
            Root = request.Root,
            Samples = samples,
            Faults = faults,
            License = License,
            Citation = Citation,
        };
    }

    /// <summary>
    /// The number before the letters of "...-2017-162 A AP.jpg": films of one number may be of one patient. A name
    /// without it is a group of one.
    /// </summary>
    internal static string PatientOf(string id)
    {
        var name = Path.GetFileNameWithoutExtension(id);
        return GroupPattern().Match(name) is { Success: true } match ? match.Groups[1].Value : name;
    }

    /// <summary>All rows whose image exists and has a readable header; the others become faults.</summary>
    internal static IEnumerable<Row> ReadRows(DatasetRequest request, List<DataFault> faults)
    {
        var folder = SplitFolder(request);
        var useMat = OptionCheck.OneOf(request, "landmarks", request.Options.Landmarks, "csv", "mat") == "mat";
        var labels = Path.Combine(request.Root, "labels", folder);
        var names = CsvTable.Read(Path.Combine(labels, "filenames.csv"), hasHeader: false);
        var landmarks = useMat ? null : SameLength(CsvTable.Read(Path.Combine(labels, "landmarks.csv"), hasHeader: false), names, 2 * Corners);
        var anglesPath = Path.Combine(labels, "angles.csv");
        var angles = File.Exists(anglesPath) ? SameLength(CsvTable.Read(anglesPath, hasHeader: false), names, 3) : null;

        var images = new ImageList(request.Root);
        for (var i = 0; i < names.Rows.Count; i++)
        {
            var name = ImageList.CheckPath(names.Rows[i].Fields[0], names, names.Rows[i], 0);
            var cobb = angles is null ? [] : ParseAngles(angles, angles.Rows[i]);
            Row? row = null;
            images.Add($"data/{folder}/{name}", path =>
            {
                row = ReadRow($"data/{folder}/{name}", path, Path.Combine(labels, name + ".mat"), landmarks, i, cobb, faults);
                return new Sample { Id = name, ImagePath = path, Patient = name };
            });
            if (row is not null)
                yield return row;
        }
        faults.AddRange(images.Faults);
    }

    private static Row? ReadRow(string id, string path, string matPath, CsvTable? landmarks, int index, double[] cobb, List<DataFault> faults)
    {
        ImageHeader header;
        try
        {
            header = RadiographReader.ReadHeader(path);
        }
        catch (MarrowException e)
        {
            faults.Add(new DataFault(ImageFault.KindOf(e), id, e.Message, "dropped"));
            return null;
        }
        var vertebrae = landmarks is null
            ? ReadMat(matPath)
            : ParseLandmarks(landmarks, landmarks.Rows[index], header.Width, header.Height);
        return new Row(id, path, matPath, header.Width, header.Height, vertebrae, cobb);
    }

    /// <summary>17 vertebrae in pixels from an image's own file. Throws <see cref="MarrowException"/>.</summary>
    internal static Vertebra[] ReadMat(string path)
    {
        var points = MatFile.ReadMatrix(path, "p2"); // [68, 2]
        if (points.GetLength(0) != Corners || points.GetLength(1) != 2)
            throw MarrowException.Bad(path, $"{Corners} points", $"a matrix of {points.GetLength(0)} x {points.GetLength(1)}", "Check the file.");
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
                : throw table.Bad(row, column, "a share of the image's side, 0 to 1", "Divide pixels by the image's width or height.");
        }
        return FromCorners([.. Enumerable.Range(0, Corners).Select(i => new Point2D(Share(i) * width, Share(i + Corners) * height))]);
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

    /// <summary>What is wrong with a row's points, and the points in their right order where that mends it.</summary>
    internal static (IReadOnlyList<Vertebra> Vertebrae, IReadOnlyList<(string Kind, string Detail)> Faults, bool IsSound) Judge(IReadOnlyList<Vertebra> marked)
    {
        var faults = new List<(string Kind, string Detail)>();
        var unrolled = UnrollEndPlate(marked);
        if (!ReferenceEquals(unrolled, marked))
            faults.Add(("rolled-end-plates", "the points are rolled by one end plate"));
        var ordered = VertebraOrder.Repair(unrolled);
        faults.AddRange(ordered.Faults.Select(f => (f.Kind, f.Detail)));
        var isSound = ordered.IsSound;
        for (var i = 0; i < ordered.Vertebrae.Count; i++)
        {
            var v = ordered.Vertebrae[i];
            var (upper, lower) = (v.TopLeft.DistanceTo(v.TopRight), v.BottomLeft.DistanceTo(v.BottomRight));
            if (Math.Min(upper, lower) >= LeastPlateRatio * Math.Max(upper, lower))
                continue;
            isSound = false;
            faults.Add(("absurd-shape", string.Create(CultureInfo.InvariantCulture, $"vertebra {i} has end plates of {upper:F0} and {lower:F0} px")));
        }
        return (ordered.Vertebrae, faults, isSound);
    }

    /// <summary>
    /// The list moved by one end plate when its last plate lies above all others while the one before it does not (or
    /// its first plate below all others); otherwise the same list.
    /// </summary>
    private static IReadOnlyList<Vertebra> UnrollEndPlate(IReadOnlyList<Vertebra> marked)
    {
        var plates = marked.SelectMany(v => new[] { (Left: v.TopLeft, Right: v.TopRight), (Left: v.BottomLeft, Right: v.BottomRight) }).ToArray();
        var middles = plates.Select(p => Point2D.Midpoint(p.Left, p.Right).Y).ToArray();
        var lastIsTop = middles[^1] < middles[..^1].Min() && middles[^2] >= middles[..^2].Max();
        var firstIsBottom = middles[0] > middles[1..].Max() && middles[1] <= middles[2..].Min();
        if (lastIsTop)
            plates = [plates[^1], .. plates[..^1]];
        else if (firstIsBottom)
            plates = [.. plates[1..], plates[0]];
        else
            return marked;
        return [.. plates.Chunk(2).Select(pair => new Vertebra(pair[0].Left, pair[0].Right, pair[1].Left, pair[1].Right))];
    }

    private static Vertebra[] FromCorners(Point2D[] corners) => [.. corners.Chunk(4).Select(c => new Vertebra(c[0], c[1], c[2], c[3]))];

    private static CsvTable SameLength(CsvTable table, CsvTable names, int columns)
    {
        if (table.Rows.Count != names.Rows.Count)
            throw MarrowException.Bad(table.Path, $"{names.Rows.Count} rows as in filenames.csv", $"{table.Rows.Count}", "Check that the files belong together.");
        return table.Rows[0].Fields.Length == columns ? table
            : throw MarrowException.Bad(table.Path, $"{columns} columns", $"{table.Rows[0].Fields.Length}", "Check the file.");
    }

    private static string SplitFolder(DatasetRequest request) =>
        OptionCheck.OneOf(request, "split", request.Options.Split, "train", "training", "test") == "test" ? "test" : "training";

    [GeneratedRegex("-([0-9]+) [A-Z]\\b", RegexOptions.CultureInvariant)]
    private static partial Regex GroupPattern();
}
