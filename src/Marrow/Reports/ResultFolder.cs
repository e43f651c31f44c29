using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Marrow.Imaging;

namespace Marrow.Reports;

/// <summary>
/// The folder that predictions are written to. What lies there and was written by a prediction is replaced; whatever
/// else lies there is never touched: labelme keeps its labels in a.json beside a.png, and a reader may have added
/// columns to predictions.csv. Results are known by their mark (<see cref="ResultMark"/>); predictions.json holds the
/// digest of the table, so that a table that was edited is a table of the user's.
/// </summary>
internal sealed class ResultFolder(string folder)
{
    public const string Json = ".json", Overlay = ".overlay.png", Mask = ".mask.png", Evidence = ".evidence.png";

    private const string Table = "predictions", Csv = ".csv";
    private const int MostNamed = 3;
    private const string Remedy =
        "Name another folder with --out, or move them away: nothing that others wrote is replaced.";

    private readonly OutputNames _names = new();

    /// <summary>The mark of the table, which is stored beside it.</summary>
    /// <param name="Csv">
    /// The SHA-256, in lower-case hexadecimal, of the table that is about to be written and of the one before.
    /// </param>
    private sealed record TableMark(string MadeBy, IReadOnlyList<string> Csv);

    /// <summary>Returns the path of a table.</summary>
    /// <param name="name">The name of one of several tables; null for the main one.</param>
    public string CsvPath(string? name = null) =>
        Path.Combine(folder, name is null ? $"{Table}{Csv}" : $"{Table}.{name}{Csv}");

    private static string MarkOf(string csvPath) => csvPath[..^Csv.Length] + Json;

    /// <summary>Returns the ending of the file with a mask.</summary>
    /// <param name="task">The name of the one of several tasks that made it; null where there is one task.</param>
    public static string MaskOf(string? task) => task is null ? Mask : $".{task}{Mask}";

    /// <summary>Returns the ending of the file with the heat of one explanation of an image.</summary>
    /// <param name="number">Of the explanation, from 1.</param>
    public static string Heat(int number) => FormattableString.Invariant($".heat-{number}.png");

    /// <summary>Returns the ending of the overlay of one explanation of an image.</summary>
    /// <param name="number">Of the explanation, from 1.</param>
    public static string Explained(int number) => FormattableString.Invariant($".explain-{number}.png");

    /// <summary>Returns the name, without folder and ending, of the files for the next image.</summary>
    public string NameOf(string image) => _names.Unique(image);

    public string PathOf(string name, string ending) => Path.Combine(folder, name + ending);

    /// <summary>
    /// Throws <see cref="MarrowException"/>, before any work, when a file that no prediction has written is in the
    /// place of a result.
    /// </summary>
    /// <param name="tables">The names of tables beside the main one.</param>
    public static void RequireFree(
        string folder, IEnumerable<string> images, IReadOnlyList<string> tables, params string[] endings)
    {
        var results = new ResultFolder(folder);
        var foreign = new List<string>();
        foreach (var path in tables.Prepend(null).Select(results.CsvPath))
        {
            Look(path);
            Look(MarkOf(path));
        }
        foreach (var image in images)
        {
            var name = results.NameOf(image);
            foreach (var ending in endings)
                Look(results.PathOf(name, ending));
        }
        if (foreign.Count == 0)
            return;
        var more =
            foreign.Count > MostNamed
                ? string.Create(CultureInfo.InvariantCulture, $" and {foreign.Count - MostNamed} more")
                : "";
        throw MarrowException.Conflict(
            folder,
            "a folder without files of these names that marrow predict did not write",
            string.Join(", ", foreign.Take(MostNamed)) + more,
            Remedy);

        void Look(string path)
        {
            if (IsForeign(path))
                foreign.Add(Path.GetFileName(path));
        }
    }

    /// <summary>
    /// Writes the JSON document of an image. Its first property marks the file as written by a prediction.
    /// </summary>
    public string WriteJson(string name, object document)
    {
        var path = PathOf(name, Json);
        Require(path);
        AtomicFile.WriteText(path, ResultMark.Json(document));
        return path;
    }

    /// <summary>Writes a PNG that is marked as written by a prediction.</summary>
    public string WritePicture(string name, string ending, ReadOnlySpan<byte> png)
    {
        var path = PathOf(name, ending);
        Require(path);
        var marked = ResultMark.Mark(png);
        AtomicFile.Write(path, stream => stream.Write(marked));
        return path;
    }

    /// <summary>
    /// Removes a picture of an earlier prediction that this one does not replace, since it would show outdated results.
    /// </summary>
    /// <returns>False when there was none.</returns>
    public bool Drop(string name, string ending)
    {
        var path = PathOf(name, ending);
        if (!Path.Exists(path) || IsForeign(path))
            return false;
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException(
                $"{path}: an earlier result can't be removed ({e.Message}). Check the folder's permissions.",
                e);
        }
    }

    /// <summary>Writes a table, after the file that marks it as written by a prediction.</summary>
    /// <param name="name">The name of one of several tables; null for the main one.</param>
    public void WriteCsv(string? name, Action<Stream> write)
    {
        var (csv, mark) = (CsvPath(name), MarkOf(CsvPath(name)));
        Require(csv);
        Require(mark);
        using var table = new MemoryStream();
        write(table);
        var digest = Convert.ToHexStringLower(SHA256.HashData(table.GetBuffer().AsSpan(0, (int)table.Length)));
        string[] before = File.Exists(csv) ? [DigestOf(csv)] : [];
        AtomicFile.WriteText(
            mark,
            JsonSerializer.Serialize(new TableMark(ResultMark.MadeBy, [digest, .. before]), MarrowJson.Options) + "\n");
        AtomicFile.Write(csv, table.WriteTo);
    }

    private void Require(string path)
    {
        if (IsForeign(path))
            throw MarrowException.Conflict(
                path,
                "nothing, or an earlier result of marrow predict",
                Directory.Exists(path) ? "a folder" : "a file that it did not write",
                Remedy);
    }

    private static bool IsForeign(string path)
    {
        // A link is nobody's result, wherever it leads.
        if (new FileInfo(path).LinkTarget is not null || Directory.Exists(path))
            return true;
        if (!File.Exists(path))
            return false;
        return !(
            path.EndsWith(Csv, StringComparison.Ordinal) ? IsKnownTable(path)
            : path.EndsWith(Json, StringComparison.Ordinal) ? ResultMark.IsOnJson(path)
            : ResultMark.IsOnPicture(FileStart.Read(path)));
    }

    private static bool IsKnownTable(string path)
    {
        if (!ResultMark.IsOnJson(MarkOf(path)))
            return false;
        try
        {
            return MarrowJson
                .Read<TableMark>(MarkOf(path), "the mark of a table", "Remove it.")
                .Csv.Contains(DigestOf(path));
        }
        catch (Exception e) when (e is MarrowException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string DigestOf(string path)
    {
        using var stream = InputFile.Open(path, InputFile.AnySize);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
