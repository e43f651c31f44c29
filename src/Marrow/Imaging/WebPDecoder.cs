using System.Buffers.Binary;

namespace Marrow.Imaging;

/// <summary>
/// WebP (RFC 9649). The chunks up to the first picture's header are judged here, Skia decodes the pixels.
/// </summary>
internal static class WebPDecoder
{
    private const int MaxChunks = 1000;
    private const uint Lossy = 0x20385056, Lossless = 0x4C385056, Extended = 0x58385056; // "VP8 ", "VP8L", "VP8X"
    private const byte Animated = 2;

    public static bool Begins(ReadOnlySpan<byte> start) =>
        start.Length >= 12 && start.StartsWith("RIFF"u8) && start[8..12].SequenceEqual("WEBP"u8);

    public static ImageHeader ReadHeader(string path, Stream stream)
    {
        Span<byte> start = stackalloc byte[30];
        stream.ReadExactly(start);
        // RIFF's length does not count the eight bytes that hold it.
        if (stream.Length < 8 + (long)BinaryPrimitives.ReadUInt32LittleEndian(start[4..]))
            throw RadiographReader.Truncated(path, "its chunks");
        var (width, height, alpha) = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]) switch
        {
            Extended => (1 + Three(start[24..]), 1 + Three(start[27..]), (start[20] & 16) != 0),
            Lossless when start[20] == 0x2F => Packed(BinaryPrimitives.ReadUInt32LittleEndian(start[21..])),
            Lossy => (
                BinaryPrimitives.ReadUInt16LittleEndian(start[26..]) & 0x3FFF,
                BinaryPrimitives.ReadUInt16LittleEndian(start[28..]) & 0x3FFF,
                false),
            _ => throw RadiographReader.Corrupt(path, "a WebP that begins with no picture"),
        };
        return new ImageHeader(ImageFormat.WebP, width, height, 8, alpha ? 4 : 3);

        static (int, int, bool) Packed(uint bits) =>
            ((int)(bits & 0x3FFF) + 1, (int)(bits >> 14 & 0x3FFF) + 1, (bits >> 28 & 1) != 0);
    }

    public static Radiograph Decode(string path, byte[] bytes, ImageHeader header)
    {
        RequireWholeChunks(path, bytes);
        var animated =
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)) == Extended && (bytes[20] & Animated) != 0;
        return SkiaPixels.Read(
            path,
            bytes,
            header,
            "WebP",
            animated ? ["An animation: its first picture is used."] : []);
    }

    /// <summary>Skia gives what it has of a picture whose chunk says that there is more.</summary>
    private static void RequireWholeChunks(string path, byte[] bytes)
    {
        var end = 8 + (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));
        var at = 12L;
        for (var chunk = 0; chunk < MaxChunks && at + 8 <= Math.Min(end, bytes.Length); chunk++)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan((int)at + 4));
            at += 8 + (long)length + (length & 1);
            if (at - (length & 1) > bytes.Length)
                throw RadiographReader.Truncated(path, "a chunk");
        }
    }

    private static int Three(ReadOnlySpan<byte> bytes) => bytes[0] | bytes[1] << 8 | bytes[2] << 16;
}
