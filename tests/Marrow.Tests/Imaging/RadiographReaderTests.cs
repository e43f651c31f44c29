using CsCheck;
using Marrow.Imaging;

namespace Marrow.Tests.Imaging;

public sealed class RadiographReaderTests : IDisposable
{
    private const int Width = 21, Height = 19; // Odd: passes and packed bits end within a byte.
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static int Noise(int x, int y, int c, int depth) =>
        (int)(SeededRandom.Fork(7, x, y, c).NextUInt64() & ((1UL << depth) - 1));

    private static int Luma(decimal red, decimal green, decimal blue) =>
        (int)Math.Round(0.299m * red + 0.587m * green + 0.114m * blue, MidpointRounding.AwayFromZero);

    [Theory]
    [CombinatorialPngKinds]
    public void Every_kind_of_png_is_decoded_exactly(int colourType, int depth, bool interlaced)
    {
        int Sample(int x, int y, int c) =>
            c == 3 || (c == 1 && colourType == 4) ? (1 << depth) - 1 : Noise(x, y, c, depth); // Opaque.
        var palette = Enumerable.Range(0, 3 << depth).Select(i => (byte)Noise(i, 0, 0, 8)).ToArray();
        (string, byte[])[] extra = colourType == 3 ? [("PLTE", palette)] : [];
        var path = _folder["a.png"];
        File.WriteAllBytes(path, TestPng.Encode(Width, Height, depth, colourType, interlaced, Sample, extra));

        var image = RadiographReader.Read(path);
        var header = RadiographReader.ReadHeader(path);

        Assert.Equal((Width, Height, depth == 16 ? 16 : 8), (image.Width, image.Height, image.BitDepth));
        Assert.Equal(
            (ImageFormat.Png, Width, Height, depth),
            (header.Format, header.Width, header.Height, header.BitDepth));
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                var first = Sample(x, y, 0);
                var expected = colourType switch
                {
                    2 or 6 => Luma(first, Sample(x, y, 1), Sample(x, y, 2)),
                    3 => Luma(palette[3 * first], palette[3 * first + 1], palette[3 * first + 2]),
                    _ => depth < 8 ? first * 255 / ((1 << depth) - 1) : first,
                };
                Assert.Equal(expected, image.Pixels[y * Width + x]);
            }
        }
    }

    private sealed class CombinatorialPngKindsAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
            System.Reflection.MethodInfo testMethod,
            Xunit.Sdk.DisposalTracker disposalTracker)
        {
            (int Type, int[] Depths)[] kinds =
            [
                (0, [1, 2, 4, 8, 16]),
                (2, [8, 16]),
                (3, [1, 2, 4, 8]),
                (4, [8, 16]),
                (6, [8, 16]),
            ];
            var rows = kinds.SelectMany(k =>
                k.Depths.SelectMany(d =>
                    new[] { false, true }.Select(i => new TheoryDataRow<int, int, bool>(k.Type, d, i))));
            return ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>([.. rows]);
        }

        public override bool SupportsDiscoveryEnumeration() => true;
    }

    [Fact]
    public void Sixteen_bits_are_read_as_they_are() =>
        Gen.Select(Gen.Int[16, 60], Gen.Int[16, 60], Gen.ULong)
            .Sample(
                (width, height, seed) =>
                {
                    var random = new SeededRandom(seed);
                    var pixels = Enumerable.Range(0, width * height).Select(_ => (ushort)random.NextUInt64()).ToArray();
                    using var folder = new TemporaryFolder();
                    var png = TestPng.Encode(width, height, 16, 0, false, (x, y, _) => pixels[y * width + x]);
                    File.WriteAllBytes(folder["a.png"], png);
                    var image = RadiographReader.Read(folder["a.png"]);
                    Assert.Equal(16, image.BitDepth);
                    Assert.Equal(pixels, image.Pixels);
                },
                iter: 50);

    [Fact]
    public void Eight_bits_come_back_as_written() =>
        Gen.Select(Gen.Int[16, 60], Gen.Int[16, 60], Gen.ULong)
            .Sample(
                (width, height, seed) =>
                {
                    var random = new SeededRandom(seed);
                    var pixels = Enumerable.Range(0, width * height).Select(_ => (byte)random.NextUInt64()).ToArray();
                    using var folder = new TemporaryFolder();
                    ImageWriter.WritePng8(folder["a.png"], width, height, pixels);
                    var image = RadiographReader.Read(folder["a.png"]);
                    Assert.Equal(8, image.BitDepth);
                    Assert.Equal(pixels.Select(p => (ushort)p), image.Pixels);
                    Assert.Empty(image.Warnings);
                },
                iter: 50);

    [Fact]
    public void The_same_pixels_give_the_same_bytes()
    {
        var pixels = Smooth(64, 48);
        foreach (var name in (string[])["a", "b"])
        {
            ImageWriter.WritePng8(_folder[name + ".png"], 64, 48, pixels);
            ImageWriter.WriteJpeg(_folder[name + ".jpg"], 64, 48, pixels);
        }
        Assert.Equal(File.ReadAllBytes(_folder["a.png"]), File.ReadAllBytes(_folder["b.png"]));
        Assert.Equal(File.ReadAllBytes(_folder["a.jpg"]), File.ReadAllBytes(_folder["b.jpg"]));
    }

    [Fact]
    public void A_grey_jpeg_has_one_channel_and_nearly_the_same_pixels()
    {
        var pixels = Smooth(120, 80);
        ImageWriter.WriteJpeg(_folder["a.jpg"], 120, 80, pixels, quality: 95);
        Assert.Equal(new ImageHeader(ImageFormat.Jpeg, 120, 80, 8, 1), RadiographReader.ReadHeader(_folder["a.jpg"]));
        var image = RadiographReader.Read(_folder["a.jpg"]);
        Assert.All(image.Pixels.Zip(pixels), p => Assert.InRange(p.First - p.Second, -4, 4));
    }

    [Theory]
    [InlineData(0, 0, 400, 320)]
    [InlineData(100, 0, 400, 320)]
    [InlineData(201, 100, 400, 320)]
    [InlineData(200, 160, 200, 160)]
    [InlineData(100, 81, 200, 160)]
    [InlineData(100, 80, 100, 80)]
    [InlineData(20, 20, 50, 40)]
    public void A_jpeg_is_reduced_no_further_than_asked(int minWidth, int minHeight, int width, int height)
    {
        ImageWriter.WriteJpeg(_folder["a.jpg"], 400, 320, Smooth(400, 320), quality: 95);
        var image = RadiographReader.Read(_folder["a.jpg"], minWidth, minHeight);
        Assert.Equal((width, height, 400, 320), (image.Width, image.Height, image.OriginalWidth, image.OriginalHeight));

        var whole = RadiographReader.Read(_folder["a.jpg"]);
        var n = 400 / width;
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var mean = Enumerable.Range(0, n * n).Average(k => whole.Pixels[(y * n + k / n) * 400 + x * n + k % n]);
                Assert.InRange(image.Pixels[y * width + x] - mean, -4, 4);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Exif_orientation_is_ignored_and_said(bool littleEndian)
    {
        ImageWriter.WriteJpeg(_folder["a.jpg"], 40, 24, Smooth(40, 24));
        byte[] tiff = littleEndian
            ? [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
            : [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        var jpeg = File.ReadAllBytes(_folder["a.jpg"]);
        byte[] app1 = [0xFF, 0xE1, 0, (byte)(2 + 6 + tiff.Length), .. "Exif\0\0"u8, .. tiff];
        File.WriteAllBytes(_folder["b.jpg"], [.. jpeg[..2], .. app1, .. jpeg[2..]]);

        var turned = RadiographReader.Read(_folder["b.jpg"]);
        Assert.Equal(RadiographReader.Read(_folder["a.jpg"]).Pixels, turned.Pixels);
        Assert.Equal((40, 24), (turned.Width, turned.Height));
        Assert.Contains("EXIF orientation 6 ignored", Assert.Single(turned.Warnings), StringComparison.Ordinal);

        File.WriteAllBytes(_folder["c.png"], TestPng.Encode(20, 20, 8, 0, false, (x, _, _) => x, ("eXIf", tiff)));
        Assert.Contains(
            "EXIF orientation 6",
            Assert.Single(RadiographReader.Read(_folder["c.png"]).Warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Transparency_is_laid_on_black_and_said()
    {
        File.WriteAllBytes(_folder["a.png"], TestPng.Encode(16, 16, 8, 4, false, (x, _, c) => c == 0 ? 200
                : x == 0 ? 51
                : 255));
        var image = RadiographReader.Read(_folder["a.png"]);
        Assert.Equal(40, image.Pixels[0]); // 200 * 51 / 255
        Assert.Equal(200, image.Pixels[1]);
        Assert.Contains("Transparent", Assert.Single(image.Warnings), StringComparison.Ordinal);

        File.WriteAllBytes(
            _folder["b.png"],
            TestPng.Encode(16, 16, 8, 0, false, (x, _, _) => 100 + x, ("tRNS", [0, 103])));
        Assert.Equal([100, 101, 102, 0, 104], RadiographReader.Read(_folder["b.png"]).Pixels[..5]);
    }

    [Fact]
    public void Pillow_sees_the_same_pixels()
    {
        using var peer = new PythonPeer();
        // Grey JPEGs decode to the same bytes; colour may differ by one where luma is rounded after the conversion to
        // RGB.
        peer.Run(
            $$"""
            from PIL import Image
            rng = np.random.RandomState(3)
            y, x = np.mgrid[0:70, 0:90]
            grey = (128 + 60 * np.sin(x / 9.0) + 50 * np.cos(y / 7.0) + rng.randn(70, 90) * 6).clip(0, 255).astype(np.uint8)
            rgb = np.stack([grey, 255 - grey, np.roll(grey, 5, 1)], -1)
            deep = (grey.astype(np.uint16) * 257 + rng.randint(0, 99, grey.shape)).astype(np.uint16)
            f = '{{_folder.Path}}/'
            Image.fromarray(grey).save(f + 'grey.jpg', quality=90)
            Image.fromarray(grey).save(f + 'progressive.jpg', quality=90, progressive=True)
            Image.fromarray(rgb).save(f + 'colour.jpg', quality=90)
            Image.fromarray(grey).save(f + 'grey.png')
            Image.fromarray(rgb).save(f + 'colour.png')
            Image.fromarray(rgb).quantize(16).save(f + 'palette.png', bits=4)
            Image.fromarray(grey > 128).save(f + 'one.png')
            Image.fromarray(deep).save(f + 'deep.png')
            for n in ['grey.jpg', 'progressive.jpg', 'colour.jpg', 'grey.png', 'colour.png', 'palette.png', 'one.png', 'deep.png']:
                im = Image.open(f + n)
                a = np.asarray(im if n == 'deep.png' else im.convert('RGB').convert('L') if im.mode in 'RGBP' else im.convert('L'))
                put(n, a.astype(np.int64))
            """
        );
        foreach (
            var name in (string[])
                [
                    "grey.jpg",
                    "progressive.jpg",
                    "colour.jpg",
                    "grey.png",
                    "colour.png",
                    "palette.png",
                    "one.png",
                    "deep.png",
                ])
        {
            using var expected = peer.Get(name);
            var values = expected.data<long>().ToArray();
            var image = RadiographReader.Read(_folder[name]);
            var tolerance =
                name.Contains("colour", StringComparison.Ordinal) || name.Contains("palette", StringComparison.Ordinal)
                    ? 1
                    : 0;
            Assert.All(image.Pixels.Zip(values), p => Assert.InRange(p.First - p.Second, -tolerance, tolerance));
        }
    }

    [Fact]
    public void Pillow_reads_what_is_written()
    {
        using var peer = new PythonPeer();
        ImageWriter.WritePng8(_folder["grey.png"], 40, 30, Smooth(40, 30));
        peer.Run($$"""
            from PIL import Image
            put('grey', np.asarray(Image.open('{{_folder.Path}}/grey.png')).astype(np.int64))
            """);
        using var grey = peer.Get("grey");
        Assert.Equal(Smooth(40, 30).Select(v => (long)v), grey.data<long>().ToArray());
    }

    internal static byte[] Smooth(int width, int height) =>
        [
            .. Enumerable
                .Range(0, width * height)
                .Select(i => (byte)(128 + 70 * Math.Sin(i % width / 23.0) + 50 * Math.Cos(i / width / 17.0))),
        ];
}
