using System.Buffers.Binary;
using System.IO.Compression;

namespace Marrow.Imaging;

/// <summary>
/// PNG (W3C, second edition) to greyscale, all colour types and depths. Skia decodes 16-bit grey to 8 bits; a
/// radiograph's values must be exact, so PNGs are decoded here. Checksums are verified; nothing is allocated that the
/// file is too short to fill. The way: chunks -> inflate -> unfilter a row -> grey values of the row -> their place.
/// </summary>
internal static class PngDecoder
{
    private const byte Grey = 0, Rgb = 2, Palette = 3, GreyAlpha = 4, Rgba = 6; // Colour types, section 11.2.2
    private const int HeaderBytes = 13;
    // A deflate stream can't expand further (zlib, "Maximum Expansion Factor").
    private const int MaxDeflateRatio = 1032;

    // x0, y0, dx, dy of the seven passes of Adam7 (section 8.2), and of a picture that is not interlaced.
    private static readonly (int X0, int Y0, int Dx, int Dy)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    private static readonly (int X0, int Y0, int Dx, int Dy)[] OnePass = [(0, 0, 1, 1)];

    /// <summary>
    /// What the chunks say; <see cref="Alpha"/> by palette entry, <see cref="ColourKey"/> the one transparent colour.
    /// </summary>
    private sealed record Layout(int Width, int Height, int Depth, byte ColourType, bool Interlaced)
    {
        public byte[] PaletteRgb { get; set; } = [];
        public byte[] Alpha { get; set; } = [];
        public ushort[]? ColourKey { get; set; }

        public int Channels => ColourType switch { Rgb => 3, GreyAlpha => 2, Rgba => 4, _ => 1 };
        public long RowBytes(int width) => ((long)width * Channels * Depth + 7) / 8;
    }

    public static ImageHeader ReadHeader(string path, Stream stream)
    {
        var start = new byte[8 + 8 + HeaderBytes + 4];
        stream.ReadExactly(start);
        var layout = ParseHeader(path, NextChunk(path, start, PngChunk.Signature.Length));
        return new ImageHeader(ImageFormat.Png, layout.Width, layout.Height, layout.Depth, layout.Channels);
    }

    public static Radiograph Decode(string path, byte[] bytes, ImageHeader header)
    {
        var chunk = NextChunk(path, bytes, PngChunk.Signature.Length);
        var layout = ParseHeader(path, chunk);
        using var compressed = new MemoryStream();
        for (
            chunk = NextChunk(path, bytes, chunk.End);
            chunk.Type != PngChunk.End;
            chunk = NextChunk(path, bytes, chunk.End))
        {
            var data = chunk.Data.Span;
            if (chunk.Type == PngChunk.Data)
                compressed.Write(data);
            else if (chunk.Type == PngChunk.Palette)
                layout.PaletteRgb = data.ToArray();
            else if (chunk.Type == PngChunk.Transparency)
                ParseTransparency(path, layout, data);
            else if (chunk.Type == PngChunk.Exif)
                header = header with { ExifOrientation = ExifOrientation.Parse(data) };
            else if ((chunk.Type >> 24 & 0x20) == 0) // An upper-case first letter: critical (section 5.4).
                throw RadiographReader.Corrupt(path, $"an unknown critical chunk at byte {chunk.End}");
        }
        if (layout.ColourType == Palette && (layout.PaletteRgb.Length == 0 || layout.PaletteRgb.Length % 3 != 0))
            throw RadiographReader.Corrupt(path, "a palette image without a palette");
        if (compressed.Length * MaxDeflateRatio < layout.RowBytes(layout.Width) * layout.Height)
            throw RadiographReader.Truncated(path, "its pixels");

        compressed.Position = 0;
        using var inflate = new ZLibStream(compressed, CompressionMode.Decompress);
        var pixels = new ushort[layout.Width * layout.Height];
        bool transparent;
        try
        {
            transparent = DecodePasses(path, layout, inflate, pixels);
            inflate.ReadByte(); // Past the end: has the checksum verified.
        }
        catch (EndOfStreamException e)
        {
            throw RadiographReader.Truncated(path, "its pixels", e);
        }
        catch (InvalidDataException e)
        {
            throw RadiographReader.Corrupt(path, "pixels that can't be decompressed", e);
        }

        var warnings = RadiographReader.Warnings(header);
        if (layout.ColourType is Rgb or Rgba or Palette)
            warnings.Add("Colour converted to luma.");
        if (transparent)
            warnings.Add("Transparent pixels laid on black.");
        return new Radiograph(layout.Width, layout.Height, pixels, layout.Depth == 16 ? 16 : 8, path)
        {
            Warnings = warnings,
        };
    }

    private readonly record struct Chunk(uint Type, ReadOnlyMemory<byte> Data, int End);

    /// <summary>The chunk at <paramref name="offset"/>, its length and checksum verified.</summary>
    private static Chunk NextChunk(string path, byte[] bytes, int offset)
    {
        if (bytes.Length - offset < 12)
            throw RadiographReader.Truncated(path, "its chunks");
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(offset));
        if (length > (uint)(bytes.Length - offset - 12))
            throw RadiographReader.Truncated(path, "a chunk");
        var end = offset + 12 + (int)length;
        var found = Crc32.Compute(bytes.AsSpan(offset + 4, (int)length + 4));
        if (found != BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(end - 4)))
            throw RadiographReader.Corrupt(path, $"a chunk with a wrong checksum at byte {offset}");
        return new Chunk(
            BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(offset + 4)),
            bytes.AsMemory(offset + 8, (int)length),
            end);
    }

    private static Layout ParseHeader(string path, Chunk chunk)
    {
        var data = chunk.Data.Span;
        if (chunk.Type != PngChunk.Header || data.Length != HeaderBytes)
            throw RadiographReader.Corrupt(path, "a PNG that does not begin with its header");
        var width = BinaryPrimitives.ReadUInt32BigEndian(data);
        var height = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        if (width is 0 or > int.MaxValue || height is 0 or > int.MaxValue)
            throw RadiographReader.Corrupt(path, $"a size of {width}x{height}");
        var (depth, colour) = (data[8], data[9]);
        var known = colour switch
        {
            Grey => depth is 1 or 2 or 4 or 8 or 16,
            Palette => depth is 1 or 2 or 4 or 8,
            Rgb or GreyAlpha or Rgba => depth is 8 or 16,
            _ => false,
        };
        if (!known || data[10] != 0 || data[11] != 0 || data[12] > 1)
            throw RadiographReader.Corrupt(
                path,
                $"colour type {colour} with {depth} bits, compression {data[10]}, filter {data[11]}, interlace "
                    + $"{data[12]}"
            );
        return new Layout((int)width, (int)height, depth, colour, data[12] == 1);
    }

    private static void ParseTransparency(string path, Layout layout, ReadOnlySpan<byte> data)
    {
        if (layout.ColourType == Palette)
        {
            layout.Alpha = data.ToArray();
            return;
        }
        if (layout.ColourType is not (Grey or Rgb) || data.Length != 2 * layout.Channels)
            throw RadiographReader.Corrupt(
                path,
                $"transparency of {data.Length} bytes for colour type {layout.ColourType}");
        layout.ColourKey = new ushort[layout.Channels];
        for (var c = 0; c < layout.Channels; c++)
            layout.ColourKey[c] = BinaryPrimitives.ReadUInt16BigEndian(data[(2 * c)..]);
    }

    /// <summary>Fills <paramref name="pixels"/> ([height * width]); true when one of them was not opaque.</summary>
    private static bool DecodePasses(string path, Layout layout, Stream inflate, ushort[] pixels)
    {
        var filterStep = Math.Max(1, layout.Channels * layout.Depth / 8);
        var transparent = false;
        foreach (var (x0, y0, dx, dy) in layout.Interlaced ? Adam7 : OnePass)
        {
            var passWidth = (layout.Width - x0 + dx - 1) / dx;
            if (passWidth <= 0)
                continue;
            var current = new byte[layout.RowBytes(passWidth) + 1]; // The filter's number, then the row.
            var previous = new byte[current.Length];
            var samples = new ushort[passWidth * layout.Channels];
            var grey = new ushort[passWidth];
            for (var y = y0; y < layout.Height; y += dy)
            {
                inflate.ReadExactly(current);
                if (!Unfilter(current[0], current.AsSpan(1), previous.AsSpan(1), filterStep))
                    throw RadiographReader.Corrupt(path, $"filter {current[0]} in row {y}");
                Unpack(current.AsSpan(1), layout.Depth, samples);
                transparent |= ToGrey(path, layout, samples, grey);
                if (dx == 1)
                    grey.CopyTo(pixels.AsSpan(y * layout.Width));
                else
                    for (var x = 0; x < passWidth; x++)
                        pixels[y * layout.Width + x0 + x * dx] = grey[x];
                (current, previous) = (previous, current);
            }
        }
        return transparent;
    }

    /// <summary>
    /// Section 9.2, in place. <paramref name="step"/>: bytes from a pixel to the next. False for an unknown filter.
    /// </summary>
    private static bool Unfilter(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        switch (filter)
        {
            case PngFilter.None:
                return true;
            case PngFilter.Sub:
                for (var i = step; i < row.Length; i++)
                    row[i] += row[i - step];
                return true;
            case PngFilter.Up:
                for (var i = 0; i < row.Length; i++)
                    row[i] += above[i];
                return true;
            case PngFilter.Average:
                for (var i = 0; i < row.Length; i++)
                    row[i] += (byte)(((i < step ? 0 : row[i - step]) + above[i]) / 2);
                return true;
            case PngFilter.Paeth:
                for (var i = 0; i < row.Length; i++)
                    row[i] += i < step ? above[i] : Predict(row[i - step], above[i], above[i - step]);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Paeth's predictor: the neighbour nearest to left + above - corner.</summary>
    private static byte Predict(int left, int above, int corner)
    {
        var (toLeft, toAbove) = (Math.Abs(above - corner), Math.Abs(left - corner));
        var toCorner = Math.Abs(left + above - 2 * corner);
        return (byte)(toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner);
    }

    /// <summary>Packed bits to one value a sample, most significant bits first.</summary>
    private static void Unpack(ReadOnlySpan<byte> row, int depth, Span<ushort> samples)
    {
        switch (depth)
        {
            case 16:
                for (var i = 0; i < samples.Length; i++)
                    samples[i] = BinaryPrimitives.ReadUInt16BigEndian(row[(2 * i)..]);
                break;
            case 8:
                for (var i = 0; i < samples.Length; i++)
                    samples[i] = row[i];
                break;
            default:
                var mask = (1 << depth) - 1;
                for (var i = 0; i < samples.Length; i++)
                    samples[i] = (ushort)(row[i * depth / 8] >> (8 - depth - i * depth % 8) & mask);
                break;
        }
    }

    /// <summary>One row of samples to luma of 8 bits (16 for 16-bit files); true when a pixel was not opaque.</summary>
    private static bool ToGrey(string path, Layout layout, ReadOnlySpan<ushort> samples, Span<ushort> grey)
    {
        var max = (1 << layout.Depth) - 1;
        var transparent = false;
        switch (layout.ColourType)
        {
            case Grey:
                for (var x = 0; x < grey.Length; x++)
                    grey[x] = samples[x];
                break;
            case GreyAlpha:
                for (var x = 0; x < grey.Length; x++)
                    grey[x] = OnBlack(samples[2 * x], samples[2 * x + 1], max, ref transparent);
                break;
            case Rgb:
                for (var x = 0; x < grey.Length; x++)
                    grey[x] = Luma.Of(samples[3 * x], samples[3 * x + 1], samples[3 * x + 2]);
                break;
            case Rgba:
                for (var x = 0; x < grey.Length; x++)
                    grey[x] = OnBlack(
                        Luma.Of(samples[4 * x], samples[4 * x + 1], samples[4 * x + 2]),
                        samples[4 * x + 3],
                        max,
                        ref transparent);
                break;
            case Palette:
                for (var x = 0; x < grey.Length; x++)
                {
                    int entry = samples[x];
                    if (3 * entry >= layout.PaletteRgb.Length)
                        throw RadiographReader.Corrupt(
                            path,
                            $"colour {entry} of a palette of {layout.PaletteRgb.Length / 3}");
                    var rgb = layout.PaletteRgb.AsSpan(3 * entry, 3);
                    var alpha = entry < layout.Alpha.Length ? layout.Alpha[entry] : byte.MaxValue;
                    grey[x] = OnBlack(Luma.Of(rgb[0], rgb[1], rgb[2]), alpha, byte.MaxValue, ref transparent);
                }
                return transparent; // A palette's colours have 8 bits whatever the depth of its indices.
        }
        if (layout.ColourKey is { } key)
        {
            for (var x = 0; x < grey.Length; x++)
            {
                if (!samples.Slice(x * key.Length, key.Length).SequenceEqual(key))
                    continue;
                grey[x] = 0;
                transparent = true;
            }
        }
        if (layout.Depth < 8)
        {
            for (var x = 0; x < grey.Length; x++)
                grey[x] = (ushort)(grey[x] * byte.MaxValue / max);
        }
        return transparent;
    }

    private static ushort OnBlack(int value, int alpha, int max, ref bool transparent)
    {
        if (alpha == max)
            return (ushort)value;
        transparent = true;
        return (ushort)(((long)value * alpha + max / 2) / max);
    }
}
