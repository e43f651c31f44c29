namespace Marrow.Datasets;

/// <summary>
/// A CSV of kind "boxes": a row for each box, with the image's path and x1, y1, x2, y2, its top left and bottom right
/// corner in original pixels or as shares of width and height. A column of labels names what is in the box. A row whose
/// four numbers are blank says that its image has no box.
/// </summary>
internal sealed class CsvBoxes
{
    public const string OnlyClass = "object"; // of a table without a column of labels
    private const double Rounding = 0.01; // of shares over the edge
    private static readonly string[] Sides = ["x1", "y1", "x2", "y2"];

    private readonly CsvTable _table;
    private readonly int[] _sides;
    private readonly int _label;
    private readonly bool _areShares;
    private readonly string[] _classes;

    private CsvBoxes(DatasetRequest request, CsvTable table)
    {
        _table = table;
        _sides = [.. Sides.Select(table.Column)];
        _label = request.Options.LabelColumns switch
        {
            [] => CsvFolder.FirstColumn(table, CsvFolder.LabelColumns),
            [var named] => table.Column(named),
            var several => throw MarrowException.Bad(
                $"{request.Name}: option labelColumns",
                "one column, which names what is in each box",
                $"{several.Count}",
                "Name one."),
        };
        _areShares = CsvCoordinates.AreShares(request);
        if (!_areShares)
            CsvCoordinates.RequirePixels(table, _sides, "boxes");
        if (_label >= 0 && request.Options.BoxClass is { } given)
        {
            throw MarrowException.Bad(
                $"{request.Name}: option boxClass",
                $"none, as column {SomeText.Quote(table.Header[_label])} says what is in each box",
                SomeText.Quote(given),
                "Remove it.");
        }
        var names =
            _label < 0
                ? [request.Options.BoxClass ?? OnlyClass]
                : table.Rows.Where(HasBox).Select(row => row.Fields[_label]).Where(name => name.Length > 0);
        _classes = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (_classes.Length is 0 or > ClassNames.Most)
        {
            throw MarrowException.Bad(
                table.Path,
                $"1 to {ClassNames.Most} classes of boxes",
                $"{_classes.Length}",
                $"Check the columns {string.Join(", ", Sides)} and that of labels.");
        }
    }

    public static Dataset Open(DatasetRequest request, CsvTable table, IEnumerable<CsvRow> rows, int file, int patient)
    {
        OptionCheck.Only(request, [.. CsvFolder.Common, "coordinates", "unlisted", "boxClass"]);
        var boxes = new CsvBoxes(request, table);
        var samples = new BoxSamples(request, boxes._areShares);
        samples.Images.ForEachRow(rows, row =>
        {
            var id = samples.Images.Resolve(ImageList.CheckPath(row.Fields[file], table, row, file));
            samples.Add(id, CsvFolder.PatientOf(row, patient, id), boxes.Of(row), $"{table.Path}, line {row.Line}");
        });
        ClassNames.NoteSimilar(table, boxes._classes, samples.Images.Faults);
        return samples.ToDataset(boxes._classes, table.Notes);
    }

    private bool HasBox(CsvRow row) => _sides.Any(side => row.Fields[side].Length > 0);

    /// <summary>Returns the box in a row; null when the row has no numbers.</summary>
    private LabelledBox? Of(CsvRow row)
    {
        if (!HasBox(row))
            return null;
        double[] sides = [.. _sides.Select(side => _table.Number(row, side))];
        if (_areShares)
            CsvCoordinates.RequireShares(_table, row, _sides, sides, Rounding);
        if (!(sides[2] > sides[0] && sides[3] > sides[1]))
        {
            throw _table.Bad(
                row,
                _sides[sides[2] > sides[0] ? 3 : 2],
                "a number over that of the opposite side",
                "Correct the row: x1 and y1 are the box's top left corner, x2 and y2 its bottom right one.");
        }
        return new(ClassOf(row), sides[0], sides[1], sides[2], sides[3]);
    }

    private int ClassOf(CsvRow row)
    {
        if (_label < 0)
            return 0;
        return Array.IndexOf(_classes, row.Fields[_label]) is >= 0 and var found ? found
            : throw _table.Bad(
                row,
                _label,
                "what is in the box",
                "Fill the cell, or leave all four numbers blank where the image has no box.");
    }
}
