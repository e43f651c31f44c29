namespace Marrow;

/// <summary>
/// What is said to be written is on the disk: each file is flushed before it gets its name, and its folder after. An
/// error of fsync is an error: after it the system may have thrown away what it could not write (fsyncgate, 2018), and
/// <c>FileStream.Flush(true)</c> tells nothing of it outside Windows. Failures are <see cref="IOException"/>s in the
/// system's words; <see cref="Remedy"/> says what to do.
/// </summary>
internal static class Disk
{
    private const string Usual = "Check the folder's permissions and the free disk space.";

    /// <summary>For tests: path -> the error that flushing it is to meet, or 0.</summary>
    internal static readonly AsyncLocal<Func<string, int>?> FlushFault = new();

    /// <summary>Writes the buffers and the file to the disk.</summary>
    /// <param name="path">For messages; null: the stream's own.</param>
    public static void Flush(FileStream file, string? path = null)
    {
        path ??= file.Name;
        file.Flush();
        if (OperatingSystem.IsWindows())
            FlushOnWindows(file);
        else
            Require(
                FlushFault.Value?.Invoke(path) is > 0 and var fault ? fault : Posix.Flush(file.SafeFileHandle),
                path);
    }

    /// <summary>The folder's entries: names given, taken and renamed. Windows writes them with the file.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var isOpened = true;
        var error = FlushFault.Value?.Invoke(folder) is > 0 and var fault
            ? fault
            : Posix.FlushFolder(folder, out isOpened);
        if (isOpened || error != Posix.NoAccess) // A folder that may be written but not listed can't be flushed by us.
            Require(error, folder);
    }

    /// <summary>Makes a folder and those above it, each entered on the disk.</summary>
    public static void MakeFolder(string folder)
    {
        var made = new Stack<string>();
        for (var at = Path.GetFullPath(folder); at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            made.Push(at);
        Directory.CreateDirectory(folder);
        foreach (var path in made)
            FlushFolder(Path.GetDirectoryName(path) ?? path);
    }

    /// <summary>
    /// A copy of a regular file, which is on the disk when this returns; nothing may be at its place.
    /// </summary>
    public static void CopyFile(string source, string target)
    {
        using var from = InputFile.Open(source, InputFile.AnySize, 1);
#pragma warning disable RS0030 // A new file is written.
        using var to = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
#pragma warning restore RS0030
        from.CopyTo(to, 1 << 20);
        Flush(to);
    }

    /// <summary>What can be done about a failure, in one sentence or two.</summary>
    public static string Remedy(Exception failure) => OperatingSystem.IsWindows() ? Usual
        : failure.HResult == Posix.InputOutput
            ? "The disk or the connection to it is at fault: see the system's log, and name a place on another disk."
        : failure.HResult == Posix.OverQuota
            ? "Your quota on that disk is used up: delete something, or name a place on another."
        : Usual;

    private static void Require(int error, string path)
    {
        // What has nothing to flush (a pipe, some network and user-space file systems) says so by these.
        if (error != 0 && error != Posix.Invalid && error != Posix.NotSupported && error != Posix.NotImplemented)
            throw new IOException($"{Posix.Describe(error)} while flushing it to the disk: '{path}'", error);
    }

#pragma warning disable RS0030 // Here it tells its errors.
    private static void FlushOnWindows(FileStream file) => file.Flush(flushToDisk: true);
#pragma warning restore RS0030
}
