using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// The columns of a CSV of kind "points": two for each point, NAME_x and NAME_y, original pixels from the image's outer
/// top left corner, or shares of its width and height. A pair of blank cells is a point that is not labelled. Points
/// that only have numbers may also stand in columns x1, y1, x2, y2 ...; their names are 1, 2 ...
/// </summary>
internal sealed class CsvPoints
{
    private const string X = "_x", Y = "_y";
    private const int FewestNumbered = 3; // x1, y1, x2, y2 alone are the corners of a box

    private readonly CsvTable _table;
    private readonly (int X, int Y)[] _columns;
    private readonly bool _areShares;

    /// <summary>
    /// Finds the columns of the points that the options name, or otherwise of all pairs of columns. Throws
    /// <see cref="MarrowException"/> when a column is missing, and when a mirrored pair names no point.
    /// </summary>
    public CsvPoints(DatasetRequest request, CsvTable table)
    {
        _table = table;
        Names = request.Options.LabelColumns.Count > 0 ? request.Options.LabelColumns : PairsOf(table);
        if (Names.Count == 0)
            throw MarrowException.Bad(
                table.Path,
                $"columns NAME{X} and NAME{Y} for each point",
                table.ColumnsFound,
                "Name the points by the option labelColumns, or set kind to classes, findings or numbers.");
        OptionCheck.Distinct(request, "labelColumns", Names);
        _columns =
        [
            .. Names.Select(name => table.Find(name + X) < 0 && table.Find("x" + name) >= 0
                ? (table.Column("x" + name), table.Column("y" + name))
                : (table.Column(name + X), table.Column(name + Y))),
        ];
        Mirrored = request.Options.MirrorPairs is { } pairs ? MirrorOf(request, pairs) : [];
        _areShares = CsvCoordinates.AreShares(request);
        if (!_areShares)
            CsvCoordinates.RequirePixels(table, [.. _columns.SelectMany(c => (int[])[c.X, c.Y])], "points");
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>
    /// The point that takes each point's place in a mirror image (see <see cref="Sample.MirroredPoints"/>); empty when
    /// the options do not say it.
    /// </summary>
    public IReadOnlyList<int> Mirrored { get; }

    /// <summary>
    /// Returns the points as the row gives them. Throws <see cref="MarrowException"/> for a point with only one
    /// coordinate, a cell that is not a number, a place left of or above the image, a share over 1, and a row of shares
    /// among rows of pixels.
    /// </summary>
    public Point2D[] Of(CsvRow row)
    {
        Point2D[] points = [.. _columns.Select(c => Point(row, c.X, c.Y))];
        var known = points.Where(p => !double.IsNaN(p.X)).ToList();
        var arePixels = known.Any(p => Math.Max(p.X, p.Y) > CsvCoordinates.LargestShare);
        return _areShares || known.Count < 2 || arePixels
            ? points
            : throw _table.Bad(
                row,
                _columns[0].X,
                "points in pixels",
                "All points of this row are within a pixel of the image's corner: multiply shares by its width and "
                    + "height."
            );
    }

    /// <summary>
    /// Converts the points to pixels of the stored image; null when its size is needed and can't be read.
    /// </summary>
    public Point2D[]? InPixels(Point2D[] points, Func<ImageHeader?> size) =>
        !_areShares ? points
        : size() is not { } image ? null
        : [.. points.Select(p => new Point2D(p.X * image.Width, p.Y * image.Height))];

    private Point2D Point(CsvRow row, int columnX, int columnY)
    {
        var point = new Point2D(Number(row, columnX), Number(row, columnY));
        if (double.IsNaN(point.X) != double.IsNaN(point.Y))
            throw _table.Bad(
                row,
                double.IsNaN(point.X) ? columnX : columnY,
                "a number, as the point's other coordinate is one",
                "Fill the cell, or leave both blank.");
        return double.IsNaN(point.X) ? new Point2D(double.NaN, double.NaN) : point;
    }

    private double Number(CsvRow row, int column)
    {
        var value = _table.Number(row, column, blank: true);
        if (_areShares && value > 1)
            throw _table.Bad(
                row,
                column,
                "a share of the image's side, 0 to 1",
                "Correct the cell, or leave coordinates: shares out for pixels.");
        return value >= 0 || double.IsNaN(value)
            ? value
            : throw _table.Bad(
                row,
                column,
                "a place within the image: 0 or more, in pixels from its top left corner",
                "Correct the cell, or leave the point blank.");
    }

    private static List<string> PairsOf(CsvTable table)
    {
        List<string> named =
        [
            .. table.Header
                .Where(h => h.Length > X.Length && h.EndsWith(X, StringComparison.OrdinalIgnoreCase))
                .Select(h => h[..^X.Length]).Where(name => table.Find(name + Y) >= 0),
        ];
        List<string> numbered =
        [
            .. table.Header
                .Where(h => h is ['x' or 'X', .. { Length: > 0 } digits] && digits.All(char.IsAsciiDigit))
                .Select(h => h[1..]).Where(number => table.Find("y" + number) >= 0),
        ];
        return named.Count > 0 || numbered.Count < FewestNumbered ? named : numbered;
    }

    private int[] MirrorOf(DatasetRequest request, IReadOnlyDictionary<string, string> pairs)
    {
        int[] mirror = [.. Enumerable.Range(0, Names.Count)];
        foreach (var (left, right) in pairs)
        {
            var (a, b) = (Index(left), Index(right));
            if (a == b || mirror[a] != a || mirror[b] != b)
                throw MarrowException.Bad(
                    $"{request.Name}: option mirrorPairs",
                    "two points in each pair, and each point in one pair",
                    $"{left}: {right}",
                    "Correct the pair.");
            (mirror[a], mirror[b]) = (b, a);
        }
        return mirror;

        int Index(string name)
        {
            var at = Names.ToList().FindIndex(n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
            return at >= 0
                ? at
                : throw MarrowException.Bad(
                    $"{request.Name}: option mirrorPairs",
                    $"points of {string.Join(", ", Names)}",
                    $"\"{name}\"",
                    "Correct the name.");
        }
    }
}
