using Microsoft.Win32.SafeHandles;

namespace Marrow;

/// <summary>
/// Opens files that Marrow keeps and adds to (locks, parts of downloads, logs): the very file of that name and no
/// other. A link might lead to any file of the user's, and a pipe would never answer; both are refused.
/// </summary>
internal static class PlainFile
{
    private const int Attempts = 100; // against a file that comes and goes meanwhile

    /// <summary>
    /// Opens for reading and writing, and makes it where it is absent. Null while another process has it for itself
    /// alone (or has it at all, where <paramref name="alone"/> is asked for). Throws <see cref="MarrowException"/> for
    /// what is no plain file, and what .NET throws where it can't be opened.
    /// </summary>
    /// <param name="create">False: null where it is absent.</param>
    /// <param name="mayHaveNames">
    /// Whether other names (hard links) may lead to the same file: nothing is written to it.
    /// </param>
    public static FileStream? TryOpen(string path, bool alone, bool create = true, bool mayHaveNames = false)
    {
        if (OperatingSystem.IsWindows())
            return OnWindows(path, alone, create);
        for (var attempt = 1; ; attempt++)
        {
            if (Posix.OpenNoFollow(path, out var error) is { } found)
                return Checked(found, path, alone, mayHaveNames);
            if (error != Posix.NoEntry)
                throw Refused(path, error);
            if (!create)
                return null;
            try
            {
                // Exclusive, so that a link that somebody puts there is not followed either.
#pragma warning disable RS0030 // A new file, to be written.
                var made = File.OpenHandle(
                    path,
                    FileMode.CreateNew,
                    FileAccess.ReadWrite,
                    FileShare.ReadWrite | FileShare.Delete);
#pragma warning restore RS0030
                return Checked(made, path, alone, mayHaveNames);
            }
            catch (IOException) when (attempt < Attempts && Posix.Status(path) is not null)
            {
                // Made by another at the same moment.
            }
        }
    }

    private static FileStream? Checked(SafeFileHandle handle, string path, bool alone, bool mayHaveNames)
    {
        try
        {
            var status = Posix.Status(handle, path);
            if (status.Kind != PathKind.File)
                throw NotPlain(path, status.Kind);
            if (status.Names > 1 && !mayHaveNames)
                throw MarrowException.Conflict(
                    path,
                    "a file of this name alone",
                    $"one with {status.Names} names (hard links)",
                    "Remove it: it is made anew, and the other names keep what they have.");
            if (Posix.TryLock(handle, alone))
                return new FileStream(handle, FileAccess.ReadWrite, bufferSize: 1);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
        handle.Dispose();
        return null;
    }

    private static FileStream? OnWindows(string path, bool alone, bool create)
    {
        if (new FileInfo(path).LinkTarget is not null)
            throw NotPlain(path, PathKind.Link);
        if (!create && !File.Exists(path))
            return null;
        try
        {
            // Only Delete lets an open file be renamed.
#pragma warning disable RS0030 // For reading and writing, which does not wait.
            return new(
                path,
                create ? FileMode.OpenOrCreate : FileMode.Open,
                FileAccess.ReadWrite,
                alone ? FileShare.Delete : FileShare.ReadWrite | FileShare.Delete,
                1);
#pragma warning restore RS0030
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private static Exception Refused(string path, int error) =>
        Posix.Status(path) switch
        {
            { Kind: not PathKind.File and var kind } => NotPlain(path, kind),
            _ when error is Posix.NoAccess or Posix.NotPermitted => new UnauthorizedAccessException(
                $"{Posix.Describe(error)}: '{path}'"),
            _ => new IOException($"{Posix.Describe(error)}: '{path}'", error),
        };

    private static MarrowException NotPlain(string path, PathKind kind) =>
        MarrowException.Conflict(
            path,
            "a file of Marrow's own, or nothing",
            kind switch
            {
                PathKind.Link => "a link: what it leads to would be written",
                PathKind.Folder => "a folder",
                _ => "a pipe, a device or a socket",
            },
            "Remove it, and see who put it there.");
}
