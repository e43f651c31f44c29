using System.Globalization;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>
/// A CSV of kind "vertebrae": a row for each of the 17 vertebrae T1 to L5 of an image, with the image's path and the
/// four corners, two columns each, in original pixels or as shares of width and height. A column "vertebra" numbers
/// them from the top; without it they stand in that order.
/// </summary>
internal sealed class CsvVertebrae
{
    /// <summary>The kind of fault for an image whose vertebrae are not 17.</summary>
    public const string CountFault = "vertebra-count";

    private const double Outside = 0.1; // of the image's sides: corners may lie so far beyond its edge
    private static readonly string[] Corners =
        ["tl_x", "tl_y", "tr_x", "tr_y", "bl_x", "bl_y", "br_x", "br_y"];

    private readonly CsvTable _table;
    private readonly int[] _corners;
    private readonly int _number;
    private readonly bool _areShares;

    private sealed record Film(CsvRow First, string Patient)
    {
        /// <summary>The vertebrae by their number from the top.</summary>
        public SortedDictionary<int, Vertebra> Vertebrae { get; } = [];
    }

    private CsvVertebrae(DatasetRequest request, CsvTable table)
    {
        _table = table;
        _corners = [.. Corners.Select(table.Column)];
        _number = table.Find("vertebra");
        _areShares = CsvCoordinates.AreShares(request);
        if (!_areShares)
            CsvCoordinates.RequirePixels(table, _corners, "corners");
    }

    public static Dataset Open(DatasetRequest request, CsvTable table, IEnumerable<CsvRow> rows, int file, int patient)
    {
        OptionCheck.Only(request, [.. CsvFolder.Common, "coordinates", "faults", "area"]);
        var vertebrae = new CsvVertebrae(request, table);
        var images = new ImageList(request);
        var films = new Dictionary<string, Film>(StringComparer.Ordinal);
        images.ForEachRow(rows, row =>
        {
            var id = images.Resolve(ImageList.CheckPath(row.Fields[file], table, row, file));
            vertebrae.Add(films, id, CsvFolder.PatientOf(row, patient, id), row);
        });
        var spines = new SpineSamples(request);
        foreach (var (id, film) in films)
        {
            if (images.Take(id) is not { } path || images.ReadSize(id, path) is not { } size)
                continue;
            if (film.Vertebrae.Count != Vertebra.Count)
            {
                images.Faults.Add(new(
                    CountFault,
                    id,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{film.Vertebrae.Count} rows, where a spine from T1 to L5 has {Vertebra.Count}"),
                    "dropped"));
                continue;
            }
            spines.Add(new(id: id, imagePath: path, patient: film.Patient)
            {
                Vertebrae = [.. film.Vertebrae.Values.Select(v => vertebrae.InPixels(v, size))],
            }, size.Height);
        }
        spines.Faults.InsertRange(0, images.Faults);
        return spines.ToDataset() with { Notes = [.. table.Notes, .. images.Notes] };
    }

    private void Add(Dictionary<string, Film> films, string id, string patient, CsvRow row)
    {
        if (!films.TryGetValue(id, out var film))
            films[id] = film = new(row, patient);
        if (film.Patient != patient)
            throw MarrowException.Bad(
                $"{_table.Path}, line {row.Line}",
                $"the same patient of {id} in each of its rows",
                $"{SomeText.Quote(patient)} and, in line {film.First.Line}, {SomeText.Quote(film.Patient)}",
                "Correct one of the rows.");
        var number = _number < 0 ? film.Vertebrae.Count + 1 : NumberOf(row);
        if (!film.Vertebrae.TryAdd(number, Of(row)))
            throw _table.Bad(
                row, _number, $"each vertebra of {id} once", "Remove one of the two rows, or correct its number.");
    }

    private int NumberOf(CsvRow row) =>
        _table.Number(row, _number) is var number && number is >= 1 and <= Vertebra.Count && number % 1 == 0
            ? (int)number
            : throw _table.Bad(
                row, _number, $"a number from 1, the topmost (T1), to {Vertebra.Count} (L5)", "Correct the cell.");

    private Vertebra Of(CsvRow row)
    {
        double[] sides = [.. _corners.Select(column => _table.Number(row, column))];
        if (_areShares)
            CsvCoordinates.RequireShares(_table, row, _corners, sides, Outside);
        return new(new(sides[0], sides[1]), new(sides[2], sides[3]), new(sides[4], sides[5]), new(sides[6], sides[7]));
    }

    private Vertebra InPixels(Vertebra v, ImageHeader size) =>
        _areShares ? v.Transform(AffineTransform.Scale(size.Width, size.Height)) : v;
}
