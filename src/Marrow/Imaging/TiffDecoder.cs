using BitMiracle.LibTiff.Classic;

namespace Marrow.Imaging;

/// <summary>
/// TIFF (6.0, with the supplements' deflate and JPEG) to greyscale: grey of 1 to 16 bits of either polarity, palettes,
/// colour, CMYK; strips and tiles. The directory is judged by <see cref="TiffDirectory"/>, LibTiff.NET unpacks the
/// parts. Of several pages the first is read, and said.
/// </summary>
internal static class TiffDecoder
{
    private const int MinIsWhite = 0,
        MinIsBlack = 1,
        Rgb = 2,
        Palette = 3,
        Separated = 5,
        YCbCr = 6; // photometric interpretation
    private const int Uncompressed = 1, OldJpeg = 6, Jpeg = 7;
    private const string Resave = "Save the image as 16-bit PNG first.";

    // Compressions that are unpacked: none, fax, LZW, JPEG, deflate (two numbers), PackBits.
    private static readonly int[] Compressions = [Uncompressed, 2, 3, 4, 5, Jpeg, 8, 32946, 32773];

    public static bool Begins(ReadOnlySpan<byte> start) => start.StartsWith("II*\0"u8) || start.StartsWith("MM\0*"u8);

    public static ImageHeader ReadHeader(string path, Stream stream)
    {
        var directory = TiffDirectory.Read(path, stream);
        return new ImageHeader(
            ImageFormat.Tiff,
            directory.Width,
            directory.Height,
            directory.Bits,
            directory.Samples,
            directory.Orientation);
    }

    public static Radiograph Decode(string path, byte[] bytes, ImageHeader header)
    {
        using var stream = new MemoryStream(bytes, writable: false);
        var directory = TiffDirectory.Read(path, stream);
        RequireKnown(path, directory);
        var said = new Said();
        var pixels = new ushort[directory.Width * directory.Height];
        var warnings = RadiographReader.Warnings(header);
        try
        {
            Fill(path, bytes, directory, said, pixels, warnings);
        }
        catch (Exception e)
            when (e
                    is IndexOutOfRangeException
                        or ArgumentException
                        or NullReferenceException
                        or ArithmeticException
                        or InvalidOperationException
                        or InvalidCastException
                        or IOException
                        or NotSupportedException
                        or NotImplementedException)
        {
            // The library tells a damaged file in many ways.
            throw RadiographReader.Corrupt(path, $"a TIFF that can't be decoded ({said.First ?? e.Message})", e);
        }
        if (directory.Pages > 1)
            warnings.Add($"{directory.Pages} pages: the first one is used.");
        return new Radiograph(
            directory.Width,
            directory.Height,
            pixels,
            Math.Max(8, directory.Photometric == Palette ? 8 : directory.Bits),
            path)
        {
            Warnings = warnings,
        };
    }

    private static int Colours(TiffDirectory directory) =>
        directory.Photometric switch
        {
            Rgb or YCbCr => 3,
            Separated => 4,
            _ => 1,
        };

    private static void RequireKnown(string path, TiffDirectory d)
    {
        if (d.Compression == OldJpeg)
            throw MarrowException.Bad(
                path,
                "a TIFF of a usual compression",
                "JPEG of the old kind (compression 6)",
                "Save it again without compression first, for example: tiffcp -c none FILE NEW.tif.");
        if (!Compressions.Contains(d.Compression))
            throw MarrowException.Bad(
                path,
                "a TIFF that is uncompressed, or packed by LZW, deflate, PackBits, JPEG or fax",
                $"compression {d.Compression}",
                "Save it again without compression first, for example: tiffcp -c none FILE NEW.tif.");
        if (d.SampleFormat != 1)
            throw MarrowException.Bad(
                path,
                "whole numbers from 0",
                d.SampleFormat == 2 ? "signed numbers" : $"sample format {d.SampleFormat}, such as floating point",
                Resave);
        if (
            d.Photometric is not (MinIsWhite or MinIsBlack or Rgb or Palette or Separated or YCbCr)
            || (d.Photometric == YCbCr && d.Compression != Jpeg))
            throw MarrowException.Bad(
                path,
                "grey, a palette, RGB, CMYK, or YCbCr packed by JPEG",
                d.Photometric < 0 ? "none said" : $"photometric interpretation {d.Photometric}",
                Resave);
        var grey = d.Photometric is MinIsWhite or MinIsBlack;
        if (
            !(
                grey ? d.Bits is >= 1 and <= 16
                : d.Photometric == Palette ? d.Bits is 1 or 2 or 4 or 8
                : d.Bits is 8 or 16))
            throw MarrowException.Bad(path, grey ? "1 to 16 bits a sample" : "8 bits a sample", $"{d.Bits}", Resave);
        if (d.Samples < Colours(d) || (d.Photometric == Palette && d.ColorMap.Length != 3 << d.Bits))
            throw RadiographReader.Corrupt(
                path,
                $"{d.Samples} samples a pixel and a palette of {d.ColorMap.Length / 3} colours");
        if (d.Samples > Colours(d) + 1)
            throw MarrowException.Bad(
                path,
                $"{Colours(d)} samples a pixel, and one of opacity at most",
                $"{d.Samples}",
                Resave);
    }

    /// <summary>
    /// Part by part: each is unpacked by the library, its samples spread to values, and those to grey.
    /// </summary>
    private static void Fill(
        string path,
        byte[] bytes,
        TiffDirectory d,
        Said said,
        ushort[] pixels,
        List<string> warnings)
    {
        using var tiff = Open(path, bytes, d, said);
        var planes = d.IsPlanar ? d.Samples : 1;
        var together = d.Samples / planes;
        var rowBytes = ((long)d.PartWidth * together * d.Bits + 7) / 8;
        var partBytes = rowBytes * d.PartHeight;
        if (partBytes > RadiographReader.MaxPixels * 8)
            throw RadiographReader.Corrupt(path, $"parts of {d.PartWidth}x{d.PartHeight} and {d.Samples} samples");
        var packed = new byte[planes][];
        for (var p = 0; p < planes; p++)
            packed[p] = new byte[partBytes];
        var samples = new ushort[d.PartWidth * d.Samples];
        var toGrey = new TiffGrey(d, Colours(d));
        var across = (d.Width + d.PartWidth - 1) / d.PartWidth;
        var parts = across * ((d.Height + d.PartHeight - 1) / d.PartHeight);
        for (var part = 0; part < parts; part++)
        {
            var (left, top) = (part % across * d.PartWidth, part / across * d.PartHeight);
            var (width, height) = (Math.Min(d.PartWidth, d.Width - left), Math.Min(d.PartHeight, d.Height - top));
            for (var p = 0; p < planes; p++)
                Unpack(path, tiff, d, part + p * parts, packed[p], d.IsTiled ? partBytes : rowBytes * height, said);
            for (var y = 0; y < height; y++)
            {
                for (var p = 0; p < planes; p++)
                    Spread(
                        packed[p].AsSpan((int)(y * rowBytes), (int)rowBytes),
                        d.Bits,
                        samples,
                        p,
                        d.IsPlanar ? d.Samples : 1);
                toGrey.Row(samples, pixels.AsSpan((top + y) * d.Width + left, width));
            }
        }
        if (toGrey.Coloured)
            warnings.Add("Colour converted to luma.");
        if (toGrey.Transparent)
            warnings.Add("Transparent pixels laid on black.");
    }

    private static Tiff Open(string path, byte[] bytes, TiffDirectory d, Said said)
    {
        Said.Listen();
        Said.Current = said;
        // c: strips as they are in the file, not cut into small ones.
        var tiff = Tiff.ClientOpen(path, "rc", new MemoryStream(bytes, writable: false), new TiffStream())
            ?? throw RadiographReader.Corrupt(path, $"a TIFF that can't be decoded ({said.First})");
        if (d is { Compression: Jpeg, Photometric: YCbCr })
            tiff.SetField(TiffTag.JPEGCOLORMODE, JpegColorMode.RGB);
        return tiff;
    }

    private static void Unpack(string path, Tiff tiff, TiffDirectory d, int part, byte[] to, long wanted, Said said)
    {
        var count = d.IsTiled
            ? tiff.ReadEncodedTile(part, to, 0, (int)wanted)
            : tiff.ReadEncodedStrip(part, to, 0, (int)wanted);
        if (count < 0 || said.Errors > 0)
            throw RadiographReader.Corrupt(path, $"pixels that can't be unpacked ({said.First ?? "no reason given"})");
        if (count < wanted || said.IsShort)
            throw RadiographReader.Truncated(path, "its pixels");
    }

    /// <summary>A row's bits to values; every step-th from offset where each colour has a plane of its own.</summary>
    private static void Spread(ReadOnlySpan<byte> row, int bits, Span<ushort> samples, int offset, int step)
    {
        var count = samples.Length / step;
        switch (bits)
        {
            case 8:
                for (var i = 0; i < count; i++)
                    samples[offset + i * step] = row[i];
                break;
            case 16:
                for (var i = 0; i < count; i++)
                    // the library gives the machine's order
                    samples[offset + i * step] = BitConverter.ToUInt16(row[(2 * i)..]);
                break;
            default:
                for (var i = 0; i < count; i++)
                {
                    var value = 0;
                    for (var b = (long)i * bits; b < (i + 1L) * bits; b++)
                        value = value << 1 | (row[(int)(b / 8)] >> (int)(7 - b % 8) & 1);
                    samples[offset + i * step] = (ushort)value;
                }
                break;
        }
    }

    /// <summary>What the library says while one file is read, which would else go to the console.</summary>
    private sealed class Said
    {
        [ThreadStatic]
        private static Said? _current;
        private static readonly Lazy<TiffErrorHandler?> Listening = new(() => Tiff.SetErrorHandler(new Handler()));

        public static Said? Current { set => _current = value; }

        public string? First { get; private set; }
        public int Errors { get; private set; }

        /// <summary>The JPEG decoder filled in what is missing.</summary>
        public bool IsShort { get; private set; }

        public static void Listen() => _ = Listening.Value;

        private sealed class Handler : TiffErrorHandler
        {
            public override void ErrorHandler(Tiff tif, string method, string format, params object[] args) =>
                Hear(format, args, isError: true);
            public override void ErrorHandlerExt(
                Tiff tif,
                object clientData,
                string method,
                string format,
                params object[] args
            )
            { }
            public override void WarningHandler(Tiff tif, string method, string format, params object[] args) =>
                Hear(format, args, isError: false);
            public override void WarningHandlerExt(
                Tiff tif,
                object clientData,
                string method,
                string format,
                params object[] args
            )
            { }

            private static void Hear(string format, object[] args, bool isError)
            {
                if (_current is not { } said)
                    return;
                var text =
                    args.Length == 0
                        ? format
                        : string.Format(System.Globalization.CultureInfo.InvariantCulture, format, args);
                if (isError)
                {
                    said.First ??= text;
                    said.Errors++;
                }
                said.IsShort |=
                    text.Contains("premature end", StringComparison.OrdinalIgnoreCase)
                    || text.Contains("Corrupt JPEG data", StringComparison.OrdinalIgnoreCase);
            }
        }
    }
}
