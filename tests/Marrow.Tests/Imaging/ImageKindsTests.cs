using BitMiracle.LibTiff.Classic;
using Marrow.Imaging;
using SkiaSharp;

namespace Marrow.Tests.Imaging;

public sealed class ImageKindsTests : IDisposable
{
    private const int Width = 37, Height = 22; // odd: packed bits and tiles end within a row
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static int Value(int x, int y, int bits) =>
        (int)(SeededRandom.Fork(3, x, y).NextUInt64() & ((1UL << bits) - 1));

    private static int Shade(int x, int y) => 40 + 4 * x + 2 * y; // smooth, so that JPEG keeps it

    public static TheoryData<int, Photometric, Compression, int, bool> Tiffs
    {
        get
        {
            var data = new TheoryData<int, Photometric, Compression, int, bool>();
            foreach (var bits in (int[])[1, 4, 8, 12, 16])
            {
                foreach (var grey in (Photometric[])[Photometric.MINISBLACK, Photometric.MINISWHITE])
                    data.Add(bits, grey, Compression.NONE, 0, false);
            }
            foreach (
                var compression in (Compression[])
                    [Compression.LZW, Compression.ADOBE_DEFLATE, Compression.DEFLATE, Compression.PACKBITS])
            {
                data.Add(8, Photometric.MINISBLACK, compression, 0, true);
                data.Add(16, Photometric.MINISWHITE, compression, 16, true);
                data.Add(16, Photometric.MINISBLACK, compression, 0, false);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Tiffs))]
    public void Grey_tiffs_are_read_exactly_whatever_their_depth_polarity_packing_and_byte_order(
        int bits,
        Photometric grey,
        Compression compression,
        int tile,
        bool bigEndian)
    {
        WriteTiff("a.tif", bits, grey, compression, tile, bigEndian, (x, y) => Value(x, y, bits));

        var image = RadiographReader.Read(_folder["a.tif"]);

        Assert.Equal((Width, Height, Math.Max(8, bits)), (image.Width, image.Height, image.BitDepth));
        Assert.Empty(image.Warnings);
        var most = (1 << bits) - 1;
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var stored = Value(i % Width, i / Width, bits);
            var shown = grey == Photometric.MINISWHITE ? most - stored : stored;
            Assert.Equal(bits < 8 ? shown * 255 / most : shown, image.Pixels[i]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    public void A_tiff_packed_by_jpeg_is_read_in_strips_and_tiles(int tile)
    {
        WriteTiff("a.tif", 8, Photometric.MINISBLACK, Compression.JPEG, tile, false, Shade);

        var image = RadiographReader.Read(_folder["a.tif"]);

        for (var i = 0; i < image.Pixels.Length; i++)
            Assert.InRange(image.Pixels[i], Shade(i % Width, i / Width) - 12, Shade(i % Width, i / Width) + 12);
    }

    [Fact]
    public void Further_pages_of_a_tiff_are_told()
    {
        WriteTiff("a.tif", 8, Photometric.MINISBLACK, Compression.LZW, 0, false, Shade, pages: 3);

        Assert.Equal(["3 pages: the first one is used."], RadiographReader.Read(_folder["a.tif"]).Warnings);
    }

    [Theory]
    [InlineData(Compression.NONE)]
    [InlineData(Compression.LZW)]
    [InlineData(Compression.ADOBE_DEFLATE)]
    [InlineData(Compression.PACKBITS)]
    [InlineData(Compression.JPEG)]
    public void A_damaged_or_cut_tiff_is_refused_or_read_and_never_anything_else(Compression compression)
    {
        WriteTiff("a.tif", 8, Photometric.MINISBLACK, compression, 0, false, Shade);
        var whole = File.ReadAllBytes(_folder["a.tif"]);
        var random = new SeededRandom(11);
        for (var trial = 0; trial < 150; trial++)
        {
            var bytes = (byte[])whole.Clone();
            for (var flip = 0; flip < 4; flip++)
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            Try(bytes);
            Assert.ThrowsAny<MarrowException>(() => ReadOf(whole[..(8 + random.Next(whole.Length - 8))]));
        }

        void Try(byte[] bytes)
        {
            try
            {
                ReadOf(bytes);
            }
            catch (MarrowException e)
            {
                Assert.StartsWith(_folder["b.tif"], e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_tiff_that_declares_more_than_it_holds_is_refused_before_anything_is_made()
    {
        WriteTiff("a.tif", 8, Photometric.MINISBLACK, Compression.NONE, 0, false, Shade);
        var bytes = File.ReadAllBytes(_folder["a.tif"]);
        var directory = BitConverter.ToInt32(bytes, 4);
        for (var entry = directory + 2; ; entry += 12)
        {
            if (BitConverter.ToUInt16(bytes, entry) != 257)
                continue;
            bytes[entry + 2] = 4; // a long
            BitConverter.GetBytes(0x7FFF_FFFF).CopyTo(bytes, entry + 8);
            break;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<MarrowException>(() => ReadOf(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(24)]
    [InlineData(32)]
    public void Grey_bmps_are_read_exactly(int bits)
    {
        var bytes = Bmp(bits);

        var image = ReadOf(bytes);

        Assert.Empty(image.Warnings);
        for (var i = 0; i < image.Pixels.Length; i++)
            Assert.Equal(Value(i % Width, i / Width, 8), image.Pixels[i]);
        Assert.Contains(
            "ends within its pixels",
            Assert.Throws<MarrowException>(() => ReadOf(bytes[..^1])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_lossless_webp_is_read_exactly_and_half_of_it_not_at_all()
    {
        var bytes = WebP();

        var image = ReadOf(bytes);

        Assert.Empty(image.Warnings);
        for (var i = 0; i < image.Pixels.Length; i++)
            Assert.Equal(Value(i % Width, i / Width, 8), image.Pixels[i]);
        for (var kept = 40; kept < bytes.Length - 2; kept += 37)
            Assert.Throws<MarrowException>(() => ReadOf(bytes[..kept]));
    }

    [Fact]
    public void The_content_decides_how_a_file_is_read_and_not_its_name()
    {
        foreach (var (bytes, format) in new[] { (Bmp(8), ImageFormat.Bmp), (WebP(), ImageFormat.WebP) })
        {
            foreach (var name in (string[])["a.png", "a.jpg", "a.tif", "a", "a.txt"])
            {
                File.WriteAllBytes(_folder[name], bytes);
                Assert.Equal(format, RadiographReader.ReadHeader(_folder[name]).Format);
                Assert.Equal(Value(0, 0, 8), RadiographReader.Read(_folder[name]).Pixels[0]);
            }
        }
    }

    [Theory]
    [InlineData("DICOM", "dcmj2pnm")]
    [InlineData("GIF", "Convert")]
    [InlineData("JPEG 2000", "Convert")]
    public void Known_kinds_that_are_not_read_are_named_with_what_converts_them(string kind, string remedy)
    {
        byte[] bytes = kind switch
        {
            "DICOM" => [.. new byte[128], .. "DICM"u8, .. new byte[200]],
            "GIF" => [.. "GIF89a"u8, .. new byte[50]],
            _ => [.. "\0\0\0\fjP  \r\n"u8, .. new byte[50]],
        };

        var message = Assert.Throws<MarrowException>(() => ReadOf(bytes)).Message;

        Assert.Contains($"found {kind}.", message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
    }

    private Radiograph ReadOf(byte[] bytes)
    {
        File.WriteAllBytes(_folder["b.tif"], bytes);
        return RadiographReader.Read(_folder["b.tif"]);
    }

    private void WriteTiff(
        string name,
        int bits,
        Photometric grey,
        Compression compression,
        int tile,
        bool bigEndian,
        Func<int, int, int> value,
        int pages = 1)
    {
        using var tiff = Tiff.Open(_folder[name], bigEndian ? "wb" : "wl");
        for (var page = 0; page < pages; page++)
        {
            tiff.SetField(TiffTag.IMAGEWIDTH, Width);
            tiff.SetField(TiffTag.IMAGELENGTH, Height);
            tiff.SetField(TiffTag.BITSPERSAMPLE, bits);
            tiff.SetField(TiffTag.SAMPLESPERPIXEL, 1);
            tiff.SetField(TiffTag.PHOTOMETRIC, grey);
            tiff.SetField(TiffTag.COMPRESSION, compression);
            tiff.SetField(TiffTag.PLANARCONFIG, PlanarConfig.CONTIG);
            if (tile > 0)
            {
                tiff.SetField(TiffTag.TILEWIDTH, tile);
                tiff.SetField(TiffTag.TILELENGTH, tile);
                for (var part = 0; part < tiff.NumberOfTiles(); part++)
                {
                    var across = (Width + tile - 1) / tile;
                    var bytes = Rows(part % across * tile, part / across * tile, tile, tile, bits, value);
                    tiff.WriteEncodedTile(part, bytes, bytes.Length);
                }
            }
            else
            {
                tiff.SetField(TiffTag.ROWSPERSTRIP, 8);
                for (var strip = 0; strip < (Height + 7) / 8; strip++)
                {
                    var bytes = Rows(0, 8 * strip, Width, Math.Min(8, Height - 8 * strip), bits, value);
                    tiff.WriteEncodedStrip(strip, bytes, bytes.Length);
                }
            }
            tiff.WriteDirectory();
        }
    }

    /// <summary>
    /// Samples packed as TIFF has them; those of 16 bits in the machine's order, as the library wants them.
    /// </summary>
    private static byte[] Rows(int left, int top, int width, int height, int bits, Func<int, int, int> value)
    {
        var rowBytes = (width * bits + 7) / 8;
        var bytes = new byte[rowBytes * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var sample = value(left + x, top + y); // beyond the image too: JPEG blurs an edge
                if (bits == 16)
                {
                    BitConverter.GetBytes((ushort)sample).CopyTo(bytes, y * rowBytes + 2 * x);
                    continue;
                }
                for (var b = 0; b < bits; b++)
                    bytes[y * rowBytes + (x * bits + b) / 8] |= (byte)(
                        (sample >> (bits - 1 - b) & 1) << (7 - (x * bits + b) % 8));
            }
        }
        return bytes;
    }

    private static byte[] Bmp(int bits)
    {
        var rowBytes = (Width * bits + 31) / 32 * 4;
        var palette = bits == 8 ? 1024 : 0;
        var bytes = new byte[54 + palette + rowBytes * Height];
        "BM"u8.CopyTo(bytes);
        BitConverter.GetBytes(bytes.Length).CopyTo(bytes, 2);
        BitConverter.GetBytes(54 + palette).CopyTo(bytes, 10);
        BitConverter.GetBytes(40).CopyTo(bytes, 14);
        BitConverter.GetBytes(Width).CopyTo(bytes, 18);
        BitConverter.GetBytes(Height).CopyTo(bytes, 22);
        bytes[26] = 1;
        bytes[28] = (byte)bits;
        for (var i = 0; i < palette; i++)
            bytes[54 + i] = i % 4 == 3 ? (byte)0 : (byte)(i / 4);
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                for (var b = 0; b < bits / 8; b++)
                    bytes[54 + palette + (Height - 1 - y) * rowBytes + x * bits / 8 + b] =
                        b == 3 ? byte.MaxValue : (byte)Value(x, y, 8);
            }
        }
        return bytes;
    }

    private static byte[] WebP()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                var value = (byte)Value(x, y, 8);
                bitmap.SetPixel(x, y, new SKColor(value, value, value));
            }
        }
        using var pixmap = bitmap.PeekPixels();
        using var data = pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 100));
        return data!.ToArray();
    }
}
