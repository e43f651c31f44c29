using System.Globalization;

namespace Marrow.Cli.Doctor;

/// <summary>
/// What Linux tells of a machine and a process in /proc: text -> numbers; null where a line is not there.
/// </summary>
internal static class ProcFiles
{
    private const int MostBytes = 4 << 20; // /proc/cpuinfo of a machine with 256 cores has 400 KB

    /// <summary>Empty where there is no such file: not on Linux, or hidden from this process.</summary>
    public static string Read(string path)
    {
        try
        {
            return File.Exists(path) ? InputFile.ReadAllText(path, MostBytes) : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MarrowException)
        {
            return "";
        }
    }

    /// <summary>The first "name : value", without its blanks.</summary>
    public static string? Value(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name))
                return line[(colon + 1)..].Trim();
        }
        return null;
    }

    /// <summary>"MemTotal:  16384 kB" -> 16384.</summary>
    public static long? Kibibytes(string text, string name) =>
        long.TryParse(Value(text, name)?.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
}
