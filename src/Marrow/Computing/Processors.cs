// What a process really has of a machine's processors, from Linux's own files: the ones it may run on (affinity), the
// time that its control groups give it (quota), and how busy others keep them (load). Elsewhere .NET's count is all
// that is known.

using System.Diagnostics;
using System.Globalization;

namespace Marrow.Computing;

/// <summary>A quota of processor time, and where its group's use is counted.</summary>
/// <param name="Cores">Processors' worth of time, 0.5 for half of one.</param>
/// <param name="Group">The folder of the group that has the least.</param>
internal sealed record ProcessorQuota(double Cores, string Group);

/// <summary>Processor time used up to a moment, in seconds since some start.</summary>
/// <param name="Busy">Of all processes on the processors that this one may use.</param>
/// <param name="Own">Of this process.</param>
/// <param name="Group">Of all processes under the same quota; null where that is not counted.</param>
internal readonly record struct ProcessorTimes(double Seconds, double Busy, double Own, double? Group);

/// <summary>
/// Reads the files below <paramref name="root"/>, "/" but in tests. Files that are not there count for nothing.
/// </summary>
internal sealed class Processors(string root = "/")
{
    private const int MostBytes = 1 << 24; // /proc/stat of thousands of processors is below
    private const double TicksPerSecond = 100; // USER_HZ, the unit of /proc/stat, whatever the kernel's own clock

    /// <summary>The processors that this process may run on, by number; ascending.</summary>
    public IReadOnlyList<int> Allowed()
    {
        var list = Lines("proc/self/status")
            .FirstOrDefault(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        var allowed = list is null ? [] : ParseList(list[(list.IndexOf(':') + 1)..]);
        return allowed.Count > 0 ? allowed : [.. Enumerable.Range(0, Environment.ProcessorCount)];
    }

    /// <summary>"0-3,8" -> 0, 1, 2, 3, 8; empty for what is no such list.</summary>
    public static IReadOnlyList<int> ParseList(string text)
    {
        const int most = 65536; // processors; more than any machine has
        var numbers = new SortedSet<int>();
        foreach (var part in text.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                || last < first
                || last >= most)
                return [];
            for (var i = first; i <= last; i++)
                numbers.Add(i);
        }
        return [.. numbers];
    }

    /// <summary>
    /// The least that any of the process's control groups gives; null without a limit. Versions 1 and 2 of cgroups,
    /// also both at once.
    /// </summary>
    public ProcessorQuota? Quota()
    {
        ProcessorQuota? least = null;
        foreach (var line in Lines("proc/self/cgroup"))
        {
            // "0::/path" in version 2, "3:cpu,cpuacct:/path" in version 1.
            var fields = line.Split(':', 3);
            if (fields.Length < 3 || !(fields[1].Length == 0 || fields[1].Split(',').Contains("cpu")))
                continue;
            var isNew = fields[1].Length == 0;
            foreach (var (mounted, mountRoot) in Mounts(isNew))
            {
                // In a container the path may be the host's, and the mount's root the container's own group.
                var path =
                    fields[2].StartsWith(mountRoot, StringComparison.Ordinal) && mountRoot != "/"
                        ? fields[2][mountRoot.Length..]
                        : fields[2];
                for (
                    var group = Within(mounted, path);
                    group.Length >= mounted.Length;
                    group = Path.GetDirectoryName(group) ?? "")
                {
                    if ((isNew ? NewQuota(group) : OldQuota(group)) is { } cores && !(least?.Cores <= cores))
                        least = new(cores, group);
                }
            }
        }
        return least;
    }

    /// <summary>Where a moment stands; the difference of two tells the load between them.</summary>
    public ProcessorTimes Times(IReadOnlyList<int> allowed, ProcessorQuota? quota) =>
        new(
            Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency,
            Busy(allowed),
            OwnSeconds(),
            quota is null ? null : Used(quota.Group));

    /// <summary>
    /// Seconds that the processors were not idle since the machine started. Waiting for disks is idle; what another
    /// guest of the same host took (steal) is not to be had either.
    /// </summary>
    public double Busy(IReadOnlyList<int> allowed)
    {
        var wanted = allowed.Select(i => $"cpu{i}").ToHashSet(StringComparer.Ordinal);
        var ticks = 0.0;
        foreach (var line in Lines("proc/stat"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 5 || !wanted.Contains(fields[0]))
                continue;
            for (var i = 1; i < Math.Min(fields.Length, 9); i++) // user nice system idle iowait irq softirq steal
            {
                if (
                    i is not (4 or 5)
                    && long.TryParse(fields[i], NumberStyles.None, CultureInfo.InvariantCulture, out var n))
                    ticks += n;
            }
        }
        return ticks / TicksPerSecond;
    }

    private static double OwnSeconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static double? NewQuota(string group)
    {
        var fields = Text(Path.Combine(group, "cpu.max"))?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields is [var quota, var period, ..] ? Ratio(quota, period) : null; // "max 100000" is no number
    }

    private static double? OldQuota(string group) =>
        Text(Path.Combine(group, "cpu.cfs_quota_us")) is { } quota
        && Text(Path.Combine(group, "cpu.cfs_period_us")) is { } period
            ? Ratio(quota, period)
            : null; // -1: none

    private static double? Ratio(string quota, string period) =>
        long.TryParse(quota, NumberStyles.None, CultureInfo.InvariantCulture, out var q)
        && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out var p)
        && q > 0
        && p > 0
            ? (double)q / p : null;

    /// <summary>
    /// Seconds that the group has used: version 2 counts them beside its quota, version 1 in the hierarchy cpuacct.
    /// </summary>
    private double? Used(string group)
    {
        if (
            Text(Path.Combine(group, "cpu.stat"))
                ?.Split('\n')
                .FirstOrDefault(l => l.StartsWith("usage_usec ", StringComparison.Ordinal)) is
            { } line)
            return long.TryParse(line[11..], NumberStyles.None, CultureInfo.InvariantCulture, out var micro)
                ? micro / 1e6
                : null;
        foreach (var line2 in Lines("proc/self/cgroup"))
        {
            // Only where the process is in the same group of both hierarchies.
            var fields = line2.Split(':', 3);
            if (
                fields.Length == 3
                && fields[1].Split(',').Contains("cpuacct")
                && fields[2].Length > 1
                && group.EndsWith(fields[2], StringComparison.Ordinal)
                && Text(Path.Combine(root, "sys/fs/cgroup/cpuacct", fields[2].TrimStart('/'), "cpuacct.usage"))
                    is { } nano
                && long.TryParse(nano, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
                return n / 1e9;
        }
        return null;
    }

    /// <summary>Where cgroups are mounted, and what of their tree is seen there.</summary>
    private IEnumerable<(string Folder, string Root)> Mounts(bool isNew)
    {
        foreach (var line in Lines("proc/self/mountinfo"))
        {
            // 30 22 0:27 /root /mounted rw,relatime - cgroup cgroup rw,cpu
            var halves = line.Split(" - ", 2);
            var (left, right) = (halves[0].Split(' '), halves.Length > 1 ? halves[1].Split(' ') : []);
            if (left.Length < 5 || right.Length < 3)
                continue;
            if (isNew ? right[0] == "cgroup2" : right[0] == "cgroup" && right[2].Split(',').Contains("cpu"))
                yield return (Path.Combine(root, left[4].TrimStart('/')), left[3]);
        }
    }

    private static string Within(string folder, string path) =>
        path.Contains("..", StringComparison.Ordinal) ? folder : Path.Combine(folder, path.Trim('/')).TrimEnd('/');

    private string[] Lines(string path) => Text(Path.Combine(root, path))?.Split('\n') ?? [];

    private static string? Text(string path)
    {
        try
        {
            return File.Exists(path) ? InputFile.ReadAllText(path, MostBytes).TrimEnd() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MarrowException)
        {
            return null;
        }
    }
}
