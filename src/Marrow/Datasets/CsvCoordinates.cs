using System.Globalization;

namespace Marrow.Datasets;

/// <summary>
/// The units in which a CSV can give coordinates: pixels of the stored image, or shares of its sides.
/// </summary>
internal static class CsvCoordinates
{
    /// <summary>
    /// The largest place that is read as a share. Places outside the image have shares over 1, and no image has so few
    /// pixels that this could be one.
    /// </summary>
    public const double LargestShare = 1.5;

    /// <summary>What the option "coordinates" can be; the first without it.</summary>
    public static readonly string[] Units = ["pixels", "shares"];

    public static bool AreShares(DatasetRequest request) =>
        OptionCheck.OneOf(request, "coordinates", request.Options.Coordinates, Units) == Units[1];

    /// <summary>
    /// Throws <see cref="MarrowException"/> for a table of shares that is read as pixels, since all its places would
    /// lie in one corner and no other error would show.
    /// </summary>
    /// <param name="what">The kind of places, "points" or "boxes".</param>
    public static void RequirePixels(CsvTable table, IReadOnlyList<int> columns, string what)
    {
        var numbers = table
            .Rows.SelectMany(row => columns.Select(column => row.Fields[column]))
            .Select(cell =>
                double.TryParse(cell.Replace(',', '.'), CultureInfo.InvariantCulture, out var value)
                    ? value
                    : double.NaN)
            .Where(value => !double.IsNaN(value))
            .ToList();
        if (numbers.Count > 0 && numbers.All(value => Math.Abs(value) <= LargestShare))
            throw MarrowException.Bad(
                table.Path,
                $"{what} in pixels",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"no coordinate above {numbers.Max():0.###}: shares of the image's width and height"),
                "Set coordinates: shares, or multiply them by width and height.");
    }

    /// <summary>Throws <see cref="MarrowException"/> when a number of a row is no share of the image's side.</summary>
    /// <param name="outside">How far beyond the image's edge a place may lie, as a share of its side.</param>
    public static void RequireShares(
        CsvTable table, CsvRow row, IReadOnlyList<int> columns, double[] shares, double outside)
    {
        var wrong = Array.FindIndex(shares, share => share < -outside || share > 1 + outside);
        if (wrong >= 0)
            throw table.Bad(
                row,
                columns[wrong],
                "a share of the image's side, 0 to 1",
                "Correct the cell, or leave coordinates: shares out for pixels.");
    }
}
