using System.Globalization;

namespace Marrow.Datasets;

/// <summary>What the coordinates of a CSV are: pixels of the image as it is stored, or shares of its sides.</summary>
internal static class CsvCoordinates
{
    /// <summary>No image has so few pixels; shares of places outside the image are over 1.</summary>
    public const double LargestShare = 1.5;

    /// <summary>What the option "coordinates" can be; the first without it.</summary>
    public static readonly string[] Units = ["pixels", "shares"];

    public static bool AreShares(DatasetRequest request) =>
        OptionCheck.OneOf(request, "coordinates", request.Options.Coordinates, Units) == Units[1];

    /// <summary>
    /// A whole table of shares taken for pixels would put every place into one corner, and no error would show. Throws
    /// <see cref="MarrowException"/> for one.
    /// </summary>
    /// <param name="what">"points", "boxes".</param>
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
}
