using System.Diagnostics;

namespace Marrow;

/// <summary>
/// Held by the one process that changes a folder: a file ".lock" in it, open and locked. It is held for renames and
/// checks only, never while bytes travel. The system frees it when a process dies; readers need none, since what they
/// read was renamed into place.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    public const string FileName = ".lock";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2),
        LongestPause = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>
    /// Waits for other processes and threads. Throws <see cref="MarrowException"/> after two minutes, or when the
    /// folder can't be written.
    /// </summary>
    public static FolderLock Take(string folder)
    {
        var waiting = Stopwatch.StartNew();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (TryTake(folder) is { } taken)
                return taken;
            if (waiting.Elapsed >= Longest)
                throw new MarrowException(
                    ErrorKind.Conflict,
                    $"{PathOf(folder)}: can't be locked (another process has held it for {Longest.TotalMinutes:0} "
                        + $"minutes). See which program holds it, and end it."
                );
            Thread.Sleep(pause);
        }
    }

    /// <summary>
    /// Null while another process or thread has it. Throws <see cref="MarrowException"/> when the folder can't be
    /// written.
    /// </summary>
    public static FolderLock? TryTake(string folder, string fileName = FileName)
    {
        try
        {
            Directory.CreateDirectory(folder);
            // Nothing is ever written to it, so that a copy by hard links may share it.
            return PlainFile.TryOpen(Path.Combine(folder, fileName), alone: true, mayHaveNames: true) is { } file
                ? new(file)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException(
                $"{Path.Combine(folder, fileName)}: can't be locked ({e.Message}). {Disk.Remedy(e)}",
                e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static string PathOf(string folder) => Path.Combine(folder, FileName);
}
