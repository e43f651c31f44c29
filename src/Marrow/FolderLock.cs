using System.Diagnostics;

namespace Marrow;

/// <summary>
/// Held by the one process that changes a folder: a file ".lock" in it, open and locked. It is held for renames and checks
/// only, never while bytes travel. The system frees it when a process dies; readers need none, since what they read was
/// renamed into place.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    public const string FileName = ".lock";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2), LongestPause = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Waits for other processes and threads. Throws <see cref="MarrowException"/> after two minutes, or when the folder can't be written.</summary>
    public static FolderLock Take(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var waiting = Stopwatch.StartNew();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                Directory.CreateDirectory(folder);
                return new(InputFile.OpenOrCreate(path, FileShare.None, 1));
            }
            catch (IOException) when (File.Exists(path) && waiting.Elapsed < Longest)
            {
                Thread.Sleep(pause);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MarrowException($"{path}: can't be locked ({e.Message}). Check the folder's permissions, and whether another program holds it.", e);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
