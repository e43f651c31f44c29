using System.Runtime.InteropServices;

namespace Marrow.Cli.Doctor;

/// <summary>
/// What this process may do with a folder. Where it is not there yet: with the nearest one above it that is.
/// </summary>
/// <param name="Path">As it was named, in full.</param>
/// <param name="Exists">Whether a folder is there.</param>
/// <param name="IsOther">Something else is there: a file, a link to nothing.</param>
/// <param name="CanRead">List it and open what is in it.</param>
/// <param name="CanWrite">Make files in it.</param>
/// <param name="FreeBytes">For this user on its disk; null where it is not known.</param>
internal sealed partial record FolderFacts(
    string Path,
    bool Exists,
    bool IsOther,
    bool CanRead,
    bool CanWrite,
    long? FreeBytes)
{
    private const int ReadAndEnter = 4 | 1; // R_OK | X_OK of access(2)
    private const int WriteAndEnter = 2 | 1;

    public static FolderFacts Of(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        var exists = Directory.Exists(path);
        var isOther = !exists && (File.Exists(path) || new FileInfo(path).LinkTarget is not null);
        var nearest = path;
        while (!Directory.Exists(nearest) && System.IO.Path.GetDirectoryName(nearest) is { } above)
            nearest = above;
        return new(
            path,
            exists,
            isOther,
            May(nearest, ReadAndEnter),
            !isOther && May(nearest, WriteAndEnter),
            Free(nearest));
    }

    /// <summary>Asks the system, and leaves nothing in the folder.</summary>
    private static bool May(string folder, int mode)
    {
        if (!OperatingSystem.IsWindows())
            return Access(folder, mode) == 0;
        if (mode == WriteAndEnter)
            return AtomicFile.WhyNotWritable(folder) is null;
        try
        {
            _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long? Free(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Access(string path, int mode);
}
