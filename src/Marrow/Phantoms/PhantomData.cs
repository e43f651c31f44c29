using System.Globalization;

namespace Marrow.Phantoms;

/// <summary>Folders of synthetic radiographs with exact labels, in the layouts of real data sets.</summary>
public static class PhantomData
{
    private const string Spine = "spineweb16", Chest = "chexpert", Table = "csv";

    /// <summary>
    /// The layouts: spines with landmarks and angles, chests with findings, and spines with a class, a number and
    /// points in a table.
    /// </summary>
    public static IReadOnlyList<string> Formats { get; } = [Spine, Chest, Table];

    /// <summary>
    /// Makes the folder and says what is in it. Throws <see cref="MarrowException"/> for a folder that has files in it
    /// or can't be written, an unknown format and a size out of range.
    /// </summary>
    /// <param name="count">How many radiographs.</param>
    /// <param name="seed">The same seed gives the same bytes.</param>
    /// <param name="width">Pixels, 64 to 4096; null for what is usual of the format.</param>
    /// <param name="height">Pixels, 64 to 4096; null for what is usual of the format.</param>
    public static TextReport Write(
        string format,
        string folder,
        int count,
        ulong seed,
        int? width = null,
        int? height = null,
        CancellationToken cancellation = default)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw MarrowException.Bad(
                folder,
                "an empty or absent folder",
                "files in it",
                "Name another folder: nothing is written over.");
        Action<string, int, ulong, PhantomOptions?, CancellationToken> write = format switch
        {
            Spine => PhantomWriter.WriteSpine,
            Chest => PhantomWriter.WriteChest,
            Table => PhantomTable.Write,
            _ => throw MarrowException.Bad(
                folder, $"one of the formats {string.Join(", ", Formats)}", $"\"{format}\"", "Correct the format."),
        };
        write(folder, count, seed, new() { Width = width, Height = height }, cancellation);
        return new(
            new { format, folder, count, seed },
            ReportPart.Line(string.Create(
                CultureInfo.InvariantCulture, $"{folder}: {count} phantoms in the layout of {format}")));
    }
}
