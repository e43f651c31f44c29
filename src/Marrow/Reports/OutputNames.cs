using System.Text;

namespace Marrow.Reports;

/// <summary>
/// Chooses the names of the files that one image gives, so that every file system accepts them. Images of the same name
/// get a number.
/// </summary>
internal sealed class OutputNames
{
    // Names that Windows keeps for devices, whatever follows the dot.
    private static readonly HashSet<string> Reserved = new(
        ["con", "prn", "aux", "nul", .. Enumerable.Range(1, 9).SelectMany(i => new[] { $"com{i}", $"lpt{i}" })],
        StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase) { "predictions" };

    public string Unique(string file)
    {
        var wanted = Safe(file);
        var name = wanted;
        for (var i = 2; !_names.Add(name); i++)
            name = $"{wanted}-{i}";
        return name;
    }

    /// <summary>Returns a file's name without folder and extension, in a form that every file system accepts.</summary>
    public static string Safe(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file.Replace('\\', '/'));
        name = string.Concat(name.Select(c => char.IsControl(c) || "<>:\"/\\|?*".Contains(c) ? '_' : c))
            .TrimStart('.')
            .TrimEnd('.', ' ');
        if (name.Length == 0 || Reserved.Contains(name.Split('.')[0]))
            name = "_" + name;
        // 255 bytes are the longest name of common file systems; ".overlay.png" and a number need room.
        while (Encoding.UTF8.GetByteCount(name) > 200)
            name = name[..^(char.IsLowSurrogate(name[^1]) ? 2 : 1)];
        return name;
    }
}
