namespace Marrow.Imaging;

/// <summary>The first bytes of a file, by which it is told what it is.</summary>
internal static class FileStart
{
    /// <summary>None of a file that is empty, no regular file, or can't be read.</summary>
    public static byte[] Read(string path, int most = ImageKinds.StartBytes)
    {
        try
        {
            using var file = InputFile.Open(path, InputFile.AnySize, bufferBytes: 1);
            var start = new byte[most];
            return start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MarrowException)
        {
            return [];
        }
    }
}
