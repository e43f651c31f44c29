using System.Text.RegularExpressions;

namespace Marrow.Cli.Doctor;

/// <summary>
/// Writes ~ for the user's folder: its path holds the user's name, and a report of a fault is read by others.
/// </summary>
internal sealed class HomeFolder
{
    private readonly Regex? _paths;

    /// <param name="paths">The home, and the same under other names (behind a link). "/" is nobody's.</param>
    public HomeFolder(params string?[] paths)
    {
        var known = paths
            .OfType<string>()
            .Select(path => path.TrimEnd('/', '\\'))
            .Where(path => path.Length > 1)
            .Distinct()
            .OrderByDescending(path => path.Length).Select(Regex.Escape).ToList();
        if (known.Count > 0)
            _paths = new Regex(
                $@"(?<![\w.-])({string.Join('|', known)})(?![\w.-])",
                RegexOptions.CultureInvariant | (OperatingSystem.IsLinux() ? 0 : RegexOptions.IgnoreCase));
    }

    public static HomeFolder OfUser()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var target =
            home.Length > 0 && Directory.Exists(home)
                ? new DirectoryInfo(home).ResolveLinkTarget(returnFinalTarget: true)?.FullName
                : null;
        return new(home, Environment.GetEnvironmentVariable("HOME"), target);
    }

    public string Hide(string text) => _paths is null ? text : _paths.Replace(text, "~");
}
