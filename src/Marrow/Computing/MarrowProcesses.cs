using System.Globalization;

namespace Marrow.Computing;

/// <summary>
/// Marrow processes of one machine see each other by their names in /proc ("marrow:2" computes with two threads,
/// "marrow:?" has not chosen yet; "experiment:1" is a run of an experiment): nothing is left behind by one that dies,
/// and nothing has to be writable.
/// </summary>
internal static class MarrowProcesses
{
    private const int MostBytes = 1 << 16; // of a status
    private const string Plain = "marrow", Experiment = "experiment", Undecided = "?";

    /// <summary>Names this process, for others and for top. What can't be written is no loss but of that.</summary>
    public static void Announce(int? threads, bool inExperiment)
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
#pragma warning disable RS0030 // No file but a name that the kernel keeps.
            File.WriteAllText("/proc/self/comm", Name(threads, inExperiment));
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    public static string Name(int? threads, bool inExperiment) =>
        $"{(inExperiment ? Experiment : Plain)}:{threads?.ToString(CultureInfo.InvariantCulture) ?? Undecided}";

    /// <summary>The others that share any of these processors.</summary>
    public static Peers Find(IReadOnlyList<int> allowed, string proc = "/proc")
    {
        var found = default(Peers);
        if (!Directory.Exists(proc))
            return found;
        foreach (var folder in Directory.EnumerateDirectories(proc))
        {
            if (
                !int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || id == Environment.ProcessId)
                continue;
            if (
                Parse(Text(folder, "comm")) is not var (threads, inExperiment)
                || !Shares(Text(folder, "status"), allowed))
                continue;
            found = new(
                found.Starting + (threads is null ? 1 : 0),
                found.Threads + (threads ?? 0),
                found.Experiments + (inExperiment ? 1 : 0));
        }
        return found;
    }

    private static (int? Threads, bool InExperiment)? Parse(string name)
    {
        var parts = name.Trim().Split(':');
        if (parts is not [Plain or Experiment, var count])
            return null;
        return count == Undecided ? (null, parts[0] == Experiment)
            : int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var threads)
                ? (threads, parts[0] == Experiment)
            : null;
    }

    private static bool Shares(string status, IReadOnlyList<int> allowed)
    {
        const string key = "Cpus_allowed_list:";
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return line is null || Processors.ParseList(line[key.Length..]).Any(allowed.Contains);
    }

    /// <summary>Empty for a process that has just ended.</summary>
    private static string Text(string folder, string file)
    {
        try
        {
            return InputFile.ReadAllText(Path.Combine(folder, file), MostBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MarrowException)
        {
            return "";
        }
    }
}
