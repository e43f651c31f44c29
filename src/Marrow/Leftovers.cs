using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Marrow;

/// <summary>
/// Names of files and folders that are on their way, and what becomes of those whose writer was killed. A name says who
/// writes: <c>.marrow-MACHINE-PROCESS-RANDOM.tmp</c>, where MACHINE stands for one start of one machine (and one space
/// of process numbers in it). One is removed when its process is surely dead, or when nothing was written to it for a
/// day. Nothing of any other name is ever removed, and no link is followed.
/// </summary>
internal static partial class Leftovers
{
    /// <summary>After it the writer is taken for dead, wherever it ran.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromDays(1);

    private static readonly string Machine = Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(MachineText()))
    )[..8];

    /// <summary>
    /// Folders that this process has looked through, and what earlier versions left there: NAME.PROCESS.THREAD.tmp.
    /// </summary>
    private static readonly ConcurrentDictionary<string, IReadOnlyList<string>> Swept = new(StringComparer.Ordinal);

    /// <summary>A new name, of this process; at most 50 characters, however long the final name is.</summary>
    public static string NewName() => string.Create(CultureInfo.InvariantCulture,
        $".marrow-{Machine}-{Environment.ProcessId}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.tmp");

    /// <summary>Whether <see cref="NewName"/> may have made it, here or elsewhere.</summary>
    public static bool IsOne(string name) => Pattern().IsMatch(name);

    /// <summary>
    /// Before a file is written: removes what dead processes left in its folder, the first time that this process
    /// writes there, and what earlier versions left of this very file. A folder that can't be listed or changed stays
    /// as it is.
    /// </summary>
    public static void SweepFor(string path)
    {
        var (folder, name) = (Path.GetDirectoryName(path)!, Path.GetFileName(path));
        foreach (
            var early in Swept
                .GetOrAdd(folder, Sweep)
                .Where(early => EarlyPattern().Match(early).Groups["name"].Value == name))
            DeleteOld(new FileInfo(Path.Combine(folder, early)));
    }

    /// <summary>Removes what dead processes left in a folder, the first time that this process asks for it.</summary>
    public static void SweepOnce(string folder) => Swept.GetOrAdd(folder, Sweep);

    /// <summary>
    /// The same for a folder of a cache, in which all names are Marrow's own: 32 digits and a known ending.
    /// </summary>
    public static void SweepCache(string folder)
    {
        foreach (var early in Swept.GetOrAdd(folder, Sweep).Where(early => CachePattern().IsMatch(early)))
            DeleteOld(new FileInfo(Path.Combine(folder, early)));
    }

    /// <summary>
    /// Removes what dead processes left in a folder. Returns the names that earlier versions may have left.
    /// </summary>
    internal static IReadOnlyList<string> Sweep(string folder)
    {
        var early = new List<string>();
        try
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*.tmp"))
            {
                if (IsOne(entry.Name) && IsAbandoned(entry))
                    Delete(entry);
                else if (EarlyPattern().IsMatch(entry.Name))
                    early.Add(entry.Name);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there yet, or not ours to tidy.
        }
        return early;
    }

    /// <summary>
    /// True when nothing in it was written for <see cref="Age"/>; false also where that can't be told.
    /// </summary>
    public static bool IsOld(FileSystemInfo entry)
    {
        try
        {
            var newest = entry is DirectoryInfo folder
                ? folder
                    .EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
                    .Select(f => f.LastWriteTimeUtc)
                    .Append(folder.LastWriteTimeUtc)
                    .Max()
                : entry.LastWriteTimeUtc;
            return newest < DateTime.UtcNow - Age;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // Moved or deleted while it was looked at.
        }
    }

    /// <summary>
    /// Deletes a file or a folder with all in it; of a link the link alone. What can't be deleted stays.
    /// </summary>
    public static void Delete(FileSystemInfo entry)
    {
        try
        {
            if (entry is DirectoryInfo folder && Posix.Status(entry.FullName) is { IsFolder: true })
                folder.Delete(recursive: true);
            else
                File.Delete(entry.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Open elsewhere, on Windows; not ours; or another process deletes it too.
        }
    }

    private static bool IsAbandoned(FileSystemInfo entry)
    {
        if (Posix.Status(entry.FullName) is not { Kind: PathKind.File or PathKind.Folder })
            return false; // Marrow makes no links and no pipes.
        var match = Pattern().Match(entry.Name);
        var process = int.Parse(match.Groups["process"].Value, CultureInfo.InvariantCulture);
        if (match.Groups["machine"].Value != Machine)
            return IsOld(entry);
        return !IsAlive(process) || IsOld(entry);
    }

    private static void DeleteOld(FileInfo file)
    {
        if (Posix.Status(file.FullName) is { Kind: PathKind.File } && IsOld(file))
            Delete(file);
    }

    private static bool IsAlive(int process)
    {
        if (!OperatingSystem.IsWindows())
            return Posix.IsAlive(process);
        try
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>
    /// Process numbers mean something within one start of one machine, in containers within one of their spaces.
    /// </summary>
    private static string MachineText()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return $"{InputFile.ReadAllText("/proc/sys/kernel/random/boot_id", 1024).Trim()} "
                    + $"{new FileInfo("/proc/self/ns/pid").LinkTarget}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /proc another name of this process's own will do: age tells then.
            return Guid.NewGuid().ToString();
        }
        return Environment.MachineName;
    }

    [GeneratedRegex(
        @"^\.marrow-(?<machine>[0-9a-f]{8})-(?<process>[0-9]{1,9})-[0-9a-f]{16}\.tmp$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^(?<name>.+)\.[0-9]{1,10}\.[0-9]{1,10}\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex EarlyPattern();

    [GeneratedRegex(
        @"^[0-9a-f]{32}(\.packed|\.safetensors|\.json)?\.[0-9]{1,10}\.[0-9]{1,10}\.tmp$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex CachePattern();
}
