using System.Buffers.Binary;
using SkiaSharp;

namespace Marrow.Imaging;

/// <summary>
/// JPEG (ITU-T T.81). The markers up to the frame header are read here, so that size, depth and EXIF are known before
/// Skia (libjpeg-turbo) decodes the pixels, at a reduced scale where asked.
/// </summary>
internal static class JpegDecoder
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;
    private const byte App1 = 0xE1, App14 = 0xEE;
    private const int MaxSegments = 1000; // Real files have under a hundred.

    /// <summary>Of a stream at its first byte, which is known to start as a JPEG does.</summary>
    public static ImageHeader ReadHeader(string path, Stream stream)
    {
        var orientation = ExifOrientation.Upright;
        stream.Position = 2;
        Span<byte> word = stackalloc byte[4];
        for (var segment = 0; segment < MaxSegments; segment++)
        {
            stream.ReadExactly(word);
            while (word[0] == 0xFF && word[1] == 0xFF) // Fill bytes may come before a marker.
            {
                word[1..].CopyTo(word);
                stream.ReadExactly(word[3..]);
            }
            var marker = word[1];
            var length = BinaryPrimitives.ReadUInt16BigEndian(word[2..]) - 2;
            if (word[0] != 0xFF || length < 0)
                throw RadiographReader.Corrupt(path, $"no marker at byte {stream.Position - 4}");
            if (marker is StartOfScan or EndOfImage)
                throw RadiographReader.Corrupt(path, "no frame header before the first scan");

            var isFrame = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC); // SOF0..15 less DHT, JPG, DAC
            if (isFrame && marker > 0xC2)
                throw MarrowException.Bad(
                    path,
                    "a JPEG that is sequential or progressive, with Huffman codes",
                    $"a {Process(marker)} one",
                    "Convert the image to PNG first.");
            if (isFrame)
                return ReadFrame(path, stream, length, orientation);
            var next = stream.Position + length;
            if (marker == App1)
            {
                var exif = new byte[length]; // At most 64 KiB.
                stream.ReadExactly(exif);
                if (exif.AsSpan().StartsWith("Exif\0\0"u8))
                    orientation = ExifOrientation.Parse(exif.AsSpan(6));
            }
            stream.Position = next;
        }
        throw RadiographReader.Corrupt(path, $"over {MaxSegments} segments before the frame header");
    }

    /// <summary>Of T.81, table B.1.</summary>
    private static string Process(byte frame) =>
        (frame & 3) == 3 ? "lossless"
        : frame >= 0xC9 ? "arithmetically coded"
        : "hierarchical";

    private static ImageHeader ReadFrame(string path, Stream stream, int length, int orientation)
    {
        Span<byte> frame = stackalloc byte[6]; // precision, height, width, components
        if (length < frame.Length)
            throw RadiographReader.Corrupt(path, $"a frame header of {length} bytes");
        stream.ReadExactly(frame);
        var height = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]);
        var width = BinaryPrimitives.ReadUInt16BigEndian(frame[3..]);
        return new ImageHeader(ImageFormat.Jpeg, width, height, BitDepth: frame[0], Channels: frame[5], orientation);
    }

    public static Radiograph Decode(string path, byte[] bytes, ImageHeader header, int minWidth, int minHeight)
    {
        if (header.BitDepth == 12)
            throw MarrowException.Bad(
                path,
                "8 bits a sample",
                "a JPEG of 12 bits",
                "Convert it to 16-bit PNG first, with libjpeg-turbo 3 and netpbm: djpeg FILE | pnmtopng > FILE.png.");
        if (header.BitDepth != 8)
            throw MarrowException.Bad(
                path,
                "8 bits a sample",
                $"{header.BitDepth}",
                "Convert the image to 16-bit PNG first.");
        if (header.Channels is not (1 or 3 or 4))
            throw MarrowException.Bad(
                path,
                "1 (grey), 3 (colour) or 4 (CMYK) channels",
                $"{header.Channels}",
                "Convert the image to greyscale first.");
        if (header.Channels == 4 && !HasAdobeMarker(bytes))
            throw MarrowException.Bad(
                path,
                "a CMYK JPEG that says by Adobe's marker which of its values are inks",
                "none",
                "Convert the image to greyscale PNG first, for example: magick FILE -colorspace gray FILE.png.");
        switch (JpegData.Find(bytes))
        {
            case JpegData.Fault.EndsEarly:
                throw RadiographReader.Truncated(path, "its pixels");
            case JpegData.Fault.Damaged:
                throw RadiographReader.Corrupt(
                    path,
                    "pixels that can't be decoded: part of their data is missing or was changed");
        }

        using var data = SKData.CreateCopy(bytes);
        using var codec = SkiaPixels.Open(path, data, header, "JPEG");
        var size = codec.Info.Size;
        for (var divisor = 8; divisor > 1 && minWidth > 0 && minHeight > 0; divisor /= 2)
        {
            var reduced = codec.GetScaledDimensions(1f / divisor);
            if (reduced.Width < minWidth || reduced.Height < minHeight)
                continue;
            size = reduced;
            break;
        }

        var warnings = RadiographReader.Warnings(header);
        if (header.Channels == 3)
            warnings.Add("Colour converted to luma.");
        if (header.Channels == 4)
            warnings.Add("CMYK converted to luma.");
        return new Radiograph(
            size.Width,
            size.Height,
            header.Channels == 1
                    ? SkiaPixels.Grey(path, codec, size)
                    : SkiaPixels.Luma(path, codec, size, out _, out _),
            8,
            path)
        {
            OriginalWidth = header.Width,
            OriginalHeight = header.Height,
            Warnings = warnings,
        };
    }

    /// <summary>
    /// APP14, with which Adobe's programs and most others say that their CMYK is stored inverted, as Skia takes it.
    /// </summary>
    private static bool HasAdobeMarker(byte[] bytes)
    {
        for (var at = 2; at + 9 < bytes.Length && bytes[at] == 0xFF && bytes[at + 1] != StartOfScan;)
        {
            if (bytes[at + 1] == App14 && bytes.AsSpan(at + 4).StartsWith("Adobe"u8))
                return true;
            at += bytes[at + 1] == 0xFF ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 2));
        }
        return false;
    }
}

/// <summary>ITU-R BT.601, 2.5.1, in thousandths; equal channels stay exactly as they are.</summary>
internal static class Luma
{
    public static ushort Of(int red, int green, int blue) =>
        (ushort)((299 * red + 587 * green + 114 * blue + 500) / 1000);
}
