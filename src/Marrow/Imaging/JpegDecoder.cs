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
    private const byte App1 = 0xE1;
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
        if (header.BitDepth != 8)
            throw MarrowException.Bad(path, "8 bits a sample", $"{header.BitDepth}", "Convert the image to 16-bit PNG first.");
        if (header.Channels is not (1 or 3))
            throw MarrowException.Bad(path, "1 (grey) or 3 (colour) channels", $"{header.Channels}", "Convert the image to greyscale first.");

        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data) ?? throw RadiographReader.Corrupt(path, "JPEG data that can't be decoded");
        if (codec.Info.Width != header.Width || codec.Info.Height != header.Height)
            throw RadiographReader.Corrupt(path, "two frame headers that disagree");

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
        var grey = header.Channels == 1;
        if (!grey)
            warnings.Add("Colour converted to luma.");
        return new Radiograph
        {
            Width = size.Width,
            Height = size.Height,
            Pixels = DecodePixels(path, bytes, codec, size, grey),
            BitDepth = 8,
            Source = path,
            OriginalWidth = header.Width,
            OriginalHeight = header.Height,
            Warnings = warnings,
        };
    }

    private static ushort[] DecodePixels(string path, byte[] bytes, SKCodec codec, SKSizeI size, bool grey)
    {
        var bytesPerPixel = grey ? 1 : 4;
        var decoded = new byte[size.Width * size.Height * bytesPerPixel];
        var info = new SKImageInfo(size.Width, size.Height, grey ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque);
        SKCodecResult result;
        unsafe
        {
            fixed (byte* target = decoded)
                result = codec.GetPixels(info, (nint)target, size.Width * bytesPerPixel, SKCodecOptions.Default);
        }
        // libjpeg-turbo fills in what is missing; a last marker tells a whole file from one that lost its end.
        var scan = bytes.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, StartOfScan]);
        var isWhole = scan >= 0 && bytes.AsSpan(scan).IndexOf((ReadOnlySpan<byte>)[0xFF, EndOfImage]) >= 0;
        if (result == SKCodecResult.IncompleteInput || (result == SKCodecResult.Success && !isWhole))
            throw RadiographReader.Truncated(path, "its pixels");
        if (result != SKCodecResult.Success)
            throw RadiographReader.Corrupt(path, $"pixels that can't be decoded ({result})");

        var pixels = new ushort[size.Width * size.Height];
        if (grey)
        {
            for (var i = 0; i < pixels.Length; i++)
                pixels[i] = decoded[i];
        }
        else
        {
            for (var i = 0; i < pixels.Length; i++)
                pixels[i] = Luma.Of(decoded[4 * i], decoded[4 * i + 1], decoded[4 * i + 2]);
        }
        return pixels;
    }
}

/// <summary>ITU-R BT.601, 2.5.1, in thousandths; equal channels stay exactly as they are.</summary>
internal static class Luma
{
    public static ushort Of(int red, int green, int blue) => (ushort)((299 * red + 587 * green + 114 * blue + 500) / 1000);
}
