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
    public const string Citation =
        "Wu, Bailey, Rasoulinejad, Li. Automatic landmark estimation for adolescent idiopathic scoliosis assessment "
            + "using BoostNet. MICCAI 2017.";
    private const int Corners = 4 * Vertebra.Count; // 68

    // What the options can be; the first of each without it.
    public static readonly string[] FaultPolicies = ["repair", "drop", "keep"];
    public static readonly string[] LandmarkFiles = ["csv", "mat"];
    public static readonly string[] Areas = ["vertebrae", "spine"];

    // The shorter end plate of a vertebra over its longer one: 0.58 and more in all 481 training images but the two
    // whose points are lost or doubled (0.02 and 0.15).
    private const double LeastPlateRatio = 0.5;

    // Height over the median height of the same spine: 2.4 and less in all but one, whose last points are at its top
    // (28).
    private const double MaxHeightRatio = 4;

    // Sound spines stay under 42 degrees in the training images; those with a vertebra marked askew have 61 and more.
    private const double MaxTiltDegrees = 60;

    /// <summary>
    /// The kind of fault for rows that need no repair and whose angles are right. They are kept unless all faults are
    /// dropped. Five training images have it.
    /// </summary>
    private const string DiscsMarked = "discs-marked";

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
        var policy = OptionCheck.OneOf(request, "faults", request.Options.Faults, FaultPolicies);
        var wholeSpine = OptionCheck.OneOf(request, "area", request.Options.Area, Areas) == Areas[1];
        var faults = new List<DataFault>();
        var samples = new List<Sample>();
        foreach (var row in ReadRows(request, faults))
        {
            var verdict = Judge(row.Vertebrae);
            var usable = policy == "keep" || verdict.Faults.Count == 0 || (policy == "repair" && verdict.IsSound);
            var repaired = policy == "repair" && verdict.IsSound && verdict.Reordered;
            foreach (var (kind, detail) in verdict.Faults)
                faults.Add(
                    new DataFault(
                        kind,
                        row.Id,
                        detail,
                        !usable ? "dropped"
                            : repaired && kind != DiscsMarked ? "repaired"
                            : "kept"));
            if (!usable)
                continue;
            var measured = repaired || row.CobbDegrees.Count == 0
                ? Measure(repaired ? verdict.Vertebrae : row.Vertebrae, row.Height)
                : row.CobbDegrees;
            var vertebrae = repaired ? verdict.Vertebrae : row.Vertebrae;
            samples.Add(new Sample(
                id: row.Id,
                imagePath: row.ImagePath,
                patient: PatientOf(row.Id))
            {
                Vertebrae = vertebrae,
                CobbDegrees = measured,
                MaskAreas = SpineAreas.Of(vertebrae, wholeSpine),
            });
        }
        return new Dataset(
            name: request.Name,
            format: request.Format,
            root: request.Root,
            samples: samples)
        {
            MaskClasses = [wholeSpine ? "spine" : "vertebra"],
            Faults = faults,
            License = License,
            Citation = Citation,
        };
    }

    /// <summary>
    /// Returns the three angles in degrees; empty when the corners of a vertebra coincide, so that it has no direction.
    /// </summary>
    internal static IReadOnlyList<double> Measure(IReadOnlyList<Vertebra> vertebrae, int imageHeight) =>
        vertebrae.All(HasDirection) ? CobbAngles.Measure(vertebrae, imageHeight).Degrees : [];

    private static bool HasDirection(Vertebra v) => v.Axis is not { X: 0, Y: 0 };

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

    /// <summary>
    /// The points of a row in their right order, the faults that were found, and whether any fault remains.
    /// </summary>
    internal sealed record Verdict(
        IReadOnlyList<Vertebra> Vertebrae,
        bool Reordered,
        bool IsSound,
        IReadOnlyList<(string Kind, string Detail)> Faults);

    internal static Verdict Judge(IReadOnlyList<Vertebra> marked)
    {
        var ordered = VertebraOrder.Repair(marked);
        var faults = ordered.Faults.Select(f => (f.Kind, f.Detail)).ToList();
        var isSound = ordered.IsSound;
        var v = ordered.Vertebrae;
        double[] heights =
        [
            .. v.Select(x => (x.TopLeft.DistanceTo(x.BottomLeft) + x.TopRight.DistanceTo(x.BottomRight)) / 2),
        ];
        var medianHeight = heights.Order().ElementAt(heights.Length / 2);
        for (var i = 0; i < v.Count; i++)
        {
            var (upper, lower) = (v[i].TopLeft.DistanceTo(v[i].TopRight), v[i].BottomLeft.DistanceTo(v[i].BottomRight));
            if (
                HasDirection(v[i])
                && Math.Min(upper, lower) >= LeastPlateRatio * Math.Max(upper, lower)
                && heights[i] <= MaxHeightRatio * medianHeight)
                continue;
            isSound = false;
            faults.Add(
                (
                    "absurd-shape",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"vertebra {i} has end plates of {upper:F0} and {lower:F0} px and a height of {heights[i]:F0} "
                            + $"px"
                    )));
        }
        for (var i = 0; i < v.Count; i++)
        {
            var tilt = TiltDegrees(v[i].Axis, v[Math.Min(i + 1, v.Count - 1)].Center - v[Math.Max(i - 1, 0)].Center);
            if (tilt <= MaxTiltDegrees)
                continue;
            isSound = false;
            faults.Add(
                (
                    "absurd-angle",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"vertebra {i} stands {tilt:F0} degrees askew to the spine there")));
        }
        var thinner = Enumerable
            .Range(0, v.Count - 1)
            .Count(i => heights[i] < v[i].LowerMidpoint.DistanceTo(v[i + 1].UpperMidpoint));
        if (isSound && 2 * thinner > v.Count)
            faults.Add(
                (DiscsMarked, $"{thinner} of {v.Count} are thinner than the gap below: discs marked as vertebrae"));
        return new Verdict(v, ordered.Faults.Count > 0, isSound, faults);
    }

    /// <summary>
    /// Returns the angle between a vertebra's axis and the direction across the spine, 0 to 180 degrees; 0 when one of
    /// them is missing.
    /// </summary>
    private static double TiltDegrees(Point2D axis, Point2D down)
    {
        var across = new Point2D(down.Y, -down.X);
        return Math.Abs(Math.Atan2(axis.X * across.Y - axis.Y * across.X, axis.X * across.X + axis.Y * across.Y))
            * (180 / Math.PI);
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
