using System.Buffers;
using System.Security.Cryptography;

namespace Marrow.Weights;

/// <summary>
/// SHA-256 of files. In blocks that stay in a processor's cache: SHA256.HashData takes 4 KiB at a time, and the calls
/// between cost a quarter of the whole.
/// </summary>
internal static class FileHash
{
    private const int BlockBytes = 1 << 18;

    /// <summary>Returns the SHA-256 of the rest of the stream, as 64 lower-case hexadecimal digits.</summary>
    public static string Sha256(Stream stream, CancellationToken cancellation = default) =>
        Sha256(stream.Read, cancellation);

    /// <param name="read">
    /// Fills the beginning of a block with the next bytes and returns their number; 0 at the end.
    /// </param>
    public static string Sha256(Func<Span<byte>, int> read, CancellationToken cancellation = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (int bytes; (bytes = read(block.AsSpan(0, BlockBytes))) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(block, 0, bytes);
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
