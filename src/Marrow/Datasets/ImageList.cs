using System.Globalization;
using System.Text.RegularExpressions;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// The images of a data set as its label files name them: paths are kept inside the root, each image is taken once,
/// and those that do not exist are left out and recorded. Used by every reader that takes paths from a file.
/// </summary>
internal sealed partial class ImageList(DatasetRequest request)
{
    /// <summary>The kind of fault for an image whose path contains a link that leaves the folder.</summary>
    public const string LinkFault = "linked-image";

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _links = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> _leaving = new(StringComparer.Ordinal); // by folder
    private readonly ImageNames _names = new(request.Root);
    private int _found; // by name alone

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
        return IsSafe(id)
            ? id
            : throw table.Bad(
                row,
                column,
                "a path below the data set's folder",
                "Absolute paths and \"..\" are refused: leave out what leads to the folder, so that \"images/a.png\" "
                    + "remains."
            );
    }

    /// <summary>
    /// Returns the only image that a path without a file can mean: the same path with an ending or, for a path without
    /// a folder, the same name in some folder. Otherwise returns the path unchanged.
    /// </summary>
    public string Resolve(string id)
    {
        if (File.Exists(Path.Combine(request.Root, id)) || _names.Meant(id) is not [var meant])
            return id;
        _found++;
        return meant;
    }

    /// <summary>Sentences that say how images were found, for those who check the data.</summary>
    public IReadOnlyList<string> Notes =>
        _found == 0
            ? []
            :
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_found} paths lack their folder or their ending: each is the one image of that name below "
                        + $"{request.Root}"
                ),
            ];

    /// <summary>
    /// Returns true for a path with forward slashes that stays below the root on every operating system.
    /// </summary>
    public static bool IsSafe(string id) =>
        id.Length is > 0 and <= 1024
        && id[0] != '/'
        && !id.Contains(':')
        && !id.Any(char.IsControl)
        && id.Split('/').All(part => part.Length > 0 && part != "." && part != "..");

    /// <summary>
    /// Reads every row. The exception of a row that can't be read ends this, unless a check asked for such rows to be
    /// recorded as faults.
    /// </summary>
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
                Faults.Add(
                    new DataFault(
                        "bad-row",
                        string.Create(CultureInfo.InvariantCulture, $"line {row.Line}"),
                        e.Message,
                        "dropped"));
            }
        }
    }

    /// <summary>
    /// Returns the release with which the paths of a label file begin, such as "v1.0-small" for
    /// "CheXpert-v1.0-small/train/..."; "" when they begin with no such folder.
    /// </summary>
    public static string Release(IReadOnlyList<CsvRow> rows, int column, string name)
    {
        var path = rows.Count > 0 && column < rows[0].Fields.Length ? rows[0].Fields[column] : "";
        return ReleasePattern().Match(path) is { Success: true } match && match.Groups[1].Value == name
            ? match.Groups[2].Value
            : "";
    }

    /// <summary>
    /// Returns the full path of an image; null when it was taken before, and when it does not exist, which is recorded
    /// as a fault.
    /// </summary>
    public string? Take(string id)
    {
        if (!_seen.Add(id))
        {
            Faults.Add(new DataFault("duplicate-row", id, "Named twice; the first row is used.", "dropped"));
            return null;
        }
        var path = Path.Combine(request.Root, id);
        if (File.Exists(path))
        {
            NoteLink(id, path);
            return path;
        }
        Faults.Add(new DataFault(ImageFault.Missing, id, $"{path} does not exist.{Hint(id)}", "dropped"));
        return null;
    }

    /// <summary>
    /// Reads an image's size from its header, for labels that need it; null when that is impossible, which is recorded
    /// as a fault.
    /// </summary>
    public ImageHeader? ReadSize(string id, string path)
    {
        try
        {
            return RadiographReader.ReadHeader(path);
        }
        catch (MarrowException e)
        {
            Faults.Add(new DataFault(ImageFault.KindOf(e), id, e.Message, "dropped"));
            return null;
        }
    }

    private string Hint(string id)
    {
        var others = _names.Elsewhere(id);
        return others.Count switch
        {
            0 => "",
            1 => $" There is {others[0]}: correct the path.",
            > 3 => "",
            _ => $" Of that name there are {SomeText.List(others)}: write the path below the folder.",
        };
    }

    /// <summary>
    /// Records a link on the way to an image, once for each link. The image is used, since its owner may keep it
    /// elsewhere.
    /// </summary>
    private void NoteLink(string id, string path)
    {
        var link = Leaving(Folder(id))
            ?? (new FileInfo(path).LinkTarget is null ? null : DataPath.LeavingLink(request.Root, id));
        if (link is not null && _links.Add(link))
            Faults.Add(
                new DataFault(
                    LinkFault,
                    link,
                    "A link that leads out of the data set's folder; what it leads to is taken."));
    }

    /// <summary>
    /// Returns the link by which a folder leaves the data set's folder, if any. Each folder is examined only once,
    /// since CheXpert has 190,000 of them.
    /// </summary>
    private string? Leaving(string folder)
    {
        if (folder.Length == 0)
            return null;
        if (!_leaving.TryGetValue(folder, out var link))
            _leaving[folder] = link = Leaving(Folder(folder))
                ?? (
                    new FileInfo(Path.Combine(request.Root, folder)).LinkTarget is null
                        ? null
                        : DataPath.LeavingLink(request.Root, folder));
        return link;
    }

    private static string Folder(string id) => id[..Math.Max(0, id.LastIndexOf('/'))];

    /// <summary>
    /// Returns the folder such as "patient00042" in a path of CheXpert or MURA; null when there is none.
    /// </summary>
    public static string? PatientFolder(string id) =>
        PatientPattern().Match(id) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex("(?:^|/)(patient[0-9]+)/", RegexOptions.CultureInvariant)]
    private static partial Regex PatientPattern();

    [GeneratedRegex("^([A-Za-z]+)-([A-Za-z0-9._-]{1,40})/", RegexOptions.CultureInvariant)]
    private static partial Regex ReleasePattern();
}
