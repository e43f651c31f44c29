namespace Marrow;

/// <summary>Files are written beside their place, flushed to the disk, then renamed: a reader never sees half a file.</summary>
internal static class AtomicFile
{
    /// <summary>Throws <see cref="MarrowException"/> when the folder can't be written or the disk is full; what was there stays.</summary>
    /// <param name="check">
    /// Given the path of the closed file before it takes its place; it may add to it. What it throws leaves nothing behind.
    /// </param>
    public static void Write(string path, Action<Stream> write, Action<string>? check = null)
    {
        if (Path.GetFileName(path).Length == 0)
            throw MarrowException.Bad(path.Length == 0 ? "\"\"" : path, "the name of a file to write", "none", "Name the file.");
        var temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
#pragma warning disable RS0030 // Written, not read.
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
#pragma warning restore RS0030
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            check?.Invoke(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new MarrowException($"{path}: can't be written ({e.Message}). Check the folder's permissions and the free disk space.", e);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    public static void WriteText(string path, string text) => Write(path, s =>
    {
        using var writer = new StreamWriter(s, leaveOpen: true);
        writer.Write(text);
    });

    /// <summary>Makes the folder where it is absent. Throws <see cref="MarrowException"/> when no file can be written to it.</summary>
    public static void RequireWritable(string folder)
    {
        var probe = Path.Combine(folder, $".{Environment.ProcessId}.probe");
        Write(probe, _ => { });
        TryDelete(probe);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report.
        }
    }
}
