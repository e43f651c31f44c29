using System.Buffers.Binary;

namespace Marrow.Imaging;

/// <summary>
/// BMP of Windows, as microscopes and old viewers save it. The header is judged here, Skia decodes the pixels.
/// </summary>
internal static class BmpDecoder
{
    private const int FileHeaderBytes = 14, ShortestHeader = 12, UsualHeader = 40, LongestHeader = 124;

    /// <summary>The letters, and a header of a length that exists: two letters alone begin many a text.</summary>
    public static bool Begins(ReadOnlySpan<byte> start) =>
        start.Length >= FileHeaderBytes + 4 && start.StartsWith("BM"u8)
        && BinaryPrimitives.ReadUInt32LittleEndian(start[FileHeaderBytes..])
            is ShortestHeader
                or 16
                or (>= UsualHeader and <= LongestHeader);

    public static ImageHeader ReadHeader(string path, Stream stream)
    {
        var start = new byte[FileHeaderBytes + UsualHeader];
        stream.ReadExactly(start.AsSpan(0, FileHeaderBytes + ShortestHeader));
        var info = start.AsSpan(FileHeaderBytes);
        var pixels = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(10));
        if (BinaryPrimitives.ReadUInt32LittleEndian(info) == ShortestHeader)
            return Header(
                path,
                stream,
                BinaryPrimitives.ReadUInt16LittleEndian(info[4..]),
                BinaryPrimitives.ReadUInt16LittleEndian(info[6..]),
                BinaryPrimitives.ReadUInt16LittleEndian(info[10..]),
                0,
                pixels);
        stream.ReadExactly(start.AsSpan(FileHeaderBytes + ShortestHeader));
        return Header(
            path,
            stream,
            BinaryPrimitives.ReadInt32LittleEndian(info[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(info[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(info[14..]),
            BinaryPrimitives.ReadUInt32LittleEndian(info[16..]),
            pixels);
    }

    public static Radiograph Decode(string path, byte[] bytes, ImageHeader header) =>
        SkiaPixels.Read(path, bytes, header, "BMP", []);

    /// <param name="height">Negative where the first row is the topmost.</param>
    /// <param name="compression">0 none, 1 and 2 run lengths, 3 and 6 none with bit masks.</param>
    /// <param name="pixels">Where they begin.</param>
    private static ImageHeader Header(
        string path,
        Stream stream,
        long width,
        long height,
        int bits,
        uint compression,
        uint pixels)
    {
        height = Math.Abs(height);
        if (width is <= 0 or > int.MaxValue || height is 0 or > int.MaxValue)
            throw RadiographReader.Corrupt(path, $"a size of {width}x{height}");
        if (bits is not (1 or 4 or 8 or 16 or 24 or 32) || compression is not (0 or 1 or 2 or 3 or 6))
            throw MarrowException.Bad(
                path,
                "a BMP of pixels",
                $"{bits} bits a pixel and compression {compression}",
                "Convert the image to PNG first.");
        var rowBytes = (width * bits + 31) / 32 * 4;
        if (compression is not (1 or 2) && stream.Length < pixels + rowBytes * height)
            throw RadiographReader.Truncated(path, "its pixels");
        return new ImageHeader(
            ImageFormat.Bmp,
            (int)width,
            (int)height,
            Math.Min(bits, 8),
            bits switch
            {
                32 => 4,
                16 or 24 => 3,
                _ => 1,
            }
        );
    }
}
