using System.Text.RegularExpressions;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// The images of a data set as its label files name them: paths are kept inside the root, each image is taken once,
/// and those that do not exist are left out and recorded. Used by every reader that takes paths from a file.
/// </summary>
internal sealed partial class ImageList(DatasetRequest request)
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    public List<Sample> Samples { get; } = [];
    public List<DataFault> Faults { get; } = [];

    /// <summary>
    /// A path from a label file to an id below the root, with forward slashes. Throws <see cref="MarrowException"/>
    /// for one that leads out of the root or names no file, by the rules of every operating system.
    /// </summary>
    public static string CheckPath(string text, CsvTable table, CsvRow row, int column)
    {
        var id = text.Replace('\\', '/');
        while (id.StartsWith("./", StringComparison.Ordinal))
            id = id[2..];
        return IsSafe(id) ? id : throw table.Bad(row, column, "a path below the data set's folder", "Correct the path: absolute ones and \"..\" are refused.");
    }

    /// <summary>A path, with forward slashes, that stays below the root on every operating system.</summary>
    public static bool IsSafe(string id) => id.Length is > 0 and <= 1024 && id[0] != '/' && !id.Contains(':') && !id.Any(char.IsControl)
        && id.Split('/').All(part => part.Length > 0 && part != "." && part != "..");

    /// <summary>Reads every row; one that can't be read ends it by its exception, or is recorded where a check asked for that.</summary>
    public void ForEachRow(IEnumerable<CsvRow> rows, Action<CsvRow> read)
    {
        foreach (var row in rows)
        {
            try
            {
                read(row);
            }
            catch (MarrowException e) when (request.CollectsBadRows)
            {
                Faults.Add(new DataFault("bad-row", FormattableString.Invariant($"line {row.Line}"), e.Message, "dropped"));
            }
        }
    }

    /// <summary>
    /// The release that the paths of a label file begin with: of "CheXpert-v1.0-small/train/..." it is "v1.0-small".
    /// "" where they begin with no such folder.
    /// </summary>
    public static string Release(IReadOnlyList<CsvRow> rows, int column, string name)
    {
        var path = rows.Count > 0 && column < rows[0].Fields.Length ? rows[0].Fields[column] : "";
        return ReleasePattern().Match(path) is { Success: true } match && match.Groups[1].Value == name ? match.Groups[2].Value : "";
    }

    /// <summary>Where the image lies; null when it was taken before or does not exist, which is recorded as a fault.</summary>
    public string? Take(string id)
    {
        if (!_seen.Add(id))
        {
            Faults.Add(new DataFault("duplicate-row", id, "Named twice; the first row is used.", "dropped"));
            return null;
        }
        var path = Path.Combine(request.Root, id);
        if (File.Exists(path))
            return path;
        Faults.Add(new DataFault(ImageFault.Missing, id, $"{path} does not exist.", "dropped"));
        return null;
    }

    /// <summary>The folder "patient00042" in a path, as CheXpert and MURA have it; null without one.</summary>
    public static string? PatientFolder(string id) => PatientPattern().Match(id) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex("(?:^|/)(patient[0-9]+)/", RegexOptions.CultureInvariant)]
    private static partial Regex PatientPattern();

    [GeneratedRegex("^([A-Za-z]+)-([A-Za-z0-9._-]{1,40})/", RegexOptions.CultureInvariant)]
    private static partial Regex ReleasePattern();
}
