namespace Marrow.Imaging;

/// <summary>The first bytes of a file, by which it is told what it is.</summary>
internal static class FileStart
{
    /// <summary>None of a file that is empty, no regular file, or can't be read.</summary>
    public static byte[] Read(string path, int most = ImageKinds.StartBytes)
    {
        try
        {
            // What has no length may be a pipe, which would keep the program waiting.
            if (new FileInfo(path).Length == 0)
                return [];
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var start = new byte[most];
            return start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
