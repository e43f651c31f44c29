using System.Net;

namespace Marrow.Hub.Registry;

/// <summary>
/// Sends a part of a file as the body of a request, and reports the number of bytes as they are sent.
/// </summary>
internal sealed class FileRangeContent(string path, long offset, long length) : HttpContent
{
    private const int BufferBytes = 64 << 10;

    public event Action<int>? Moved;

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken)
    {
        using var file = OpenFile();
        var buffer = new byte[BufferBytes];
        for (var done = 0L; done < length;)
        {
            var count = await RandomAccess
                .ReadAsync(
                    file,
                    buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done)),
                    offset + done,
                    cancellationToken)
                .ConfigureAwait(false);
            if (count == 0)
                throw MarrowException.Damaged(
                    path,
                    $"{offset + length} bytes or more",
                    $"{offset + done}",
                    "The checkpoint is damaged: fetch or save it again.");
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            done += count;
            Moved?.Invoke(count);
        }
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle OpenFile()
    {
        try
        {
            return InputFile.OpenHandle(path, InputFile.AnySize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check its permissions.", e);
        }
    }
}
