using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// The columns of a CSV of kind "points": two for each point, NAME_x and NAME_y, original pixels from the image's outer
/// top left corner. A pair of blank cells is a point that is not labelled.
/// </summary>
internal sealed class CsvPoints
{
    private const string X = "_x", Y = "_y";
    private readonly CsvTable _table;
    private readonly (int X, int Y)[] _columns;

    /// <summary>The points that options name, else every pair of columns there is. Throws <see cref="MarrowException"/> where a column is missing or a mirrored pair names no point.</summary>
    public CsvPoints(DatasetRequest request, CsvTable table)
    {
        _table = table;
        Names = request.Options.LabelColumns.Count > 0 ? request.Options.LabelColumns : PairsOf(table);
        if (Names.Count == 0)
            throw MarrowException.Bad(table.Path, $"columns NAME{X} and NAME{Y} for each point", $"the columns {string.Join(", ", table.Header)}", "Name the points by the option labelColumns, or set kind to classes, findings or numbers.");
        _columns = [.. Names.Select(name => (table.Column(name + X), table.Column(name + Y)))];
        Mirrored = request.Options.MirrorPairs is { } pairs ? MirrorOf(request, pairs) : [];
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>See <see cref="Sample.MirroredPoints"/>; empty where the options do not say.</summary>
    public IReadOnlyList<int> Mirrored { get; }

    /// <summary>Throws <see cref="MarrowException"/> for half a point, a cell that is no number, and a place left of or above the image.</summary>
    public Point2D[] Of(CsvRow row) => [.. _columns.Select(c =>
    {
        var point = new Point2D(Number(row, c.X), Number(row, c.Y));
        if (double.IsNaN(point.X) != double.IsNaN(point.Y))
            throw _table.Bad(row, double.IsNaN(point.X) ? c.X : c.Y, "a number, as the point's other coordinate is one", "Fill the cell, or leave both blank.");
        return double.IsNaN(point.X) ? new Point2D(double.NaN, double.NaN) : point;
    })];

    private double Number(CsvRow row, int column)
    {
        var value = _table.Number(row, column, blank: true);
        return value >= 0 || double.IsNaN(value) ? value : throw _table.Bad(row, column, "a place within the image: 0 or more, in pixels from its top left corner", "Correct the cell, or leave the point blank.");
    }

    private static List<string> PairsOf(CsvTable table) => [.. table.Header
        .Where(h => h.Length > X.Length && h.EndsWith(X, StringComparison.OrdinalIgnoreCase))
        .Select(h => h[..^X.Length]).Where(name => table.Find(name + Y) >= 0)];

    private int[] MirrorOf(DatasetRequest request, IReadOnlyDictionary<string, string> pairs)
    {
        int[] mirror = [.. Enumerable.Range(0, Names.Count)];
        foreach (var (left, right) in pairs)
        {
            var (a, b) = (Index(left), Index(right));
            if (a == b || mirror[a] != a || mirror[b] != b)
                throw MarrowException.Bad($"{request.Name}: option mirrorPairs", "two points in each pair, and each point in one pair", $"{left}: {right}", "Correct the pair.");
            (mirror[a], mirror[b]) = (b, a);
        }
        return mirror;

        int Index(string name)
        {
            var at = Names.ToList().FindIndex(n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
            return at >= 0 ? at : throw MarrowException.Bad($"{request.Name}: option mirrorPairs", $"points of {string.Join(", ", Names)}", $"\"{name}\"", "Correct the name.");
        }
    }
}
