using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace Marrow.Imaging;

/// <summary>
/// Writes greyscale pixels of 8 bits as PNG (lossless, no metadata) or baseline JPEG. The same pixels give the
/// same bytes. Files appear whole or not at all. Pixels are row-major from the top left.
/// </summary>
internal static class ImageWriter
{
    /// <summary>
    /// 8-bit grey PNG. <paramref name="pixels"/>: [height * width]. Throws <see cref="MarrowException"/> when it can't
    /// be written.
    /// </summary>
    public static void WritePng8(string path, int width, int height, ReadOnlySpan<byte> pixels)
    {
        var png = EncodePng8(width, height, pixels);
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>The same picture as bytes.</summary>
    internal static byte[] EncodePng8(int width, int height, ReadOnlySpan<byte> pixels)
    {
        CheckSize(width, height, pixels.Length);
        // "Sub": each byte less its left neighbour's. One filter for all rows keeps the writer simple and fast.
        var filtered = new byte[checked((width + 1) * height)];
        for (var y = 0; y < height; y++)
        {
            var source = pixels.Slice(y * width, width);
            var target = filtered.AsSpan(y * (width + 1), width + 1);
            target[0] = PngFilter.Sub;
            target[1] = source[0];
            for (var x = 1; x < width; x++)
                target[x + 1] = (byte)(source[x] - source[x - 1]);
        }
        return EncodePng(width, height, filtered);
    }

    /// <summary>
    /// 8-bit grey JPEG. <paramref name="quality"/>: 1 to 100. Throws <see cref="MarrowException"/> when it can't be
    /// written.
    /// </summary>
    internal static void WriteJpeg(string path, int width, int height, ReadOnlySpan<byte> pixels, int quality = 92)
    {
        CheckSize(width, height, pixels.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque));
        for (var y = 0; y < height; y++)
            pixels.Slice(y * width, width).CopyTo(bitmap.GetPixelSpan()[(y * bitmap.RowBytes)..]);
        using var pixmap = bitmap.PeekPixels();
        using var encoded = pixmap.Encode(SKEncodedImageFormat.Jpeg, quality)
            ?? throw new MarrowException(
                $"{path}: {width}x{height} pixels can't be encoded as JPEG. A JPEG's sides end at 65,500 px.");
        AtomicFile.Write(path, stream => encoded.SaveTo(stream));
    }

    private static byte[] EncodePng(int width, int height, byte[] filtered)
    {
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8; // Bits. Then colour type 0 (grey), deflate, adaptive filters, not interlaced: all 0.
        header[9..].Clear();

        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(filtered);

        using var file = new MemoryStream();
        file.Write(PngChunk.Signature);
        PngChunk.Write(file, PngChunk.Header, header);
        PngChunk.Write(file, PngChunk.Data, compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
        PngChunk.Write(file, PngChunk.End, []);
        return file.ToArray();
    }

    private static void CheckSize(int width, int height, int pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if ((long)width * height != pixels)
            throw new ArgumentException(
                $"Expected {width} x {height} = {(long)width * height} pixels, found {pixels}.");
    }
}
