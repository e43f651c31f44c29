namespace Marrow;

/// <summary>
/// Files are written beside their place, flushed to the disk, then renamed, and their folder is flushed: a reader never
/// sees half a file, and after a power cut there is the old one or the new one. All that Marrow writes whole goes this
/// way.
/// </summary>
public static class AtomicFile
{
    /// <summary>
    /// Throws <see cref="MarrowException"/> when the folder can't be written, the disk is full or does not take what
    /// was written; what was there stays. A link at the path is replaced, never written through.
    /// </summary>
    /// <param name="check">
    /// Given the path of the closed file before it takes its place; it may add to it. What it throws leaves nothing
    /// behind.
    /// </param>
    internal static void Write(string path, Action<Stream> write, Action<string>? check = null)
    {
        if (Path.GetFileName(path).Length == 0)
            throw MarrowException.Bad(
                path.Length == 0 ? "\"\"" : path,
                "the name of a file to write",
                "none",
                "Name the file.");
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        var temporary = Path.Combine(folder, Leftovers.NewName());
        try
        {
            Disk.MakeFolder(folder);
            Leftovers.SweepFor(full);
            using (var stream = New(temporary))
            {
                write(stream);
                Disk.Flush(stream);
            }
            check?.Invoke(temporary);
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new MarrowException($"{path}: can't be written ({Said(e, temporary, path)}). {Disk.Remedy(e)}", e);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
        FlushFolder(path, folder);
    }

    public static void WriteText(string path, string text) => Write(path, s =>
    {
        using var writer = new StreamWriter(s, leaveOpen: true);
        writer.Write(text);
    });

    /// <summary>
    /// Makes the folder where it is absent. Throws <see cref="MarrowException"/> when no file can be written to it.
    /// </summary>
    internal static void RequireWritable(string folder)
    {
        if (WhyNotWritable(folder) is { } why)
            throw new MarrowException($"{folder}: can't be written ({why.Message}). {Disk.Remedy(why)}", why);
    }

    /// <summary>Null where a file can be made in the folder, which must be there or makeable.</summary>
    public static Exception? WhyNotWritable(string folder)
    {
        var probe = Path.Combine(Path.GetFullPath(folder), Leftovers.NewName());
        try
        {
            Disk.MakeFolder(folder);
            New(probe).Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e;
        }
        finally
        {
            TryDelete(probe);
        }
    }

#pragma warning disable RS0030 // Written, not read: nothing is there yet, and no link leads elsewhere.
    private static FileStream New(string path) =>
        new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
#pragma warning restore RS0030

    private static void FlushFolder(string path, string folder)
    {
        try
        {
            Disk.FlushFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException(
                $"{path}: is written, but may be the earlier one again after a power cut ({e.Message}). "
                    + $"{Disk.Remedy(e)} Then write it again.",
                e);
        }
    }

    /// <summary>The name of the temporary means nothing to a reader.</summary>
    private static string Said(Exception e, string temporary, string path) =>
        e.Message.Replace(temporary, path, StringComparison.Ordinal);

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
