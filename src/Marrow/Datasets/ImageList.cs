using System.Text.RegularExpressions;

namespace Marrow.Datasets;

/// <summary>
/// The images of a data set as its label files name them: paths are kept inside the root, each image is taken once,
/// and those that do not exist are left out and recorded. Used by every reader that takes paths from a file.
/// </summary>
internal sealed partial class ImageList(string root)
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
        var safe = id.Length is > 0 and <= 1024 && id[0] != '/' && !id.Contains(':') && !id.Any(char.IsControl)
            && id.Split('/').All(part => part.Length > 0 && part != "." && part != "..");
        return safe ? id : throw table.Bad(row, column, "a path below the data set's folder", "Correct the path: absolute ones and \"..\" are refused.");
    }

    /// <summary>Adds the image unless it was there before or does not exist; both are recorded as faults.</summary>
    public void Add(string id, Func<string, Sample> create)
    {
        if (!_seen.Add(id))
        {
            Faults.Add(new DataFault("duplicate-row", id, "Named twice; the first row is used.", "dropped"));
            return;
        }
        var path = Path.Combine(root, id);
        if (!File.Exists(path))
        {
            Faults.Add(new DataFault("missing-image", id, $"{path} does not exist.", "dropped"));
            return;
        }
        Samples.Add(create(path));
    }

    /// <summary>The folder "patient00042" in a path, as CheXpert and MURA have it; null without one.</summary>
    public static string? PatientFolder(string id) => PatientPattern().Match(id) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex("(?:^|/)(patient[0-9]+)/", RegexOptions.CultureInvariant)]
    private static partial Regex PatientPattern();
}
