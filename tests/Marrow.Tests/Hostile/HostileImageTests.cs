using Marrow.Imaging;
using Marrow.Tests.Imaging;

namespace Marrow.Tests.Hostile;

public sealed class HostileImageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Refused(byte[] bytes)
    {
        var path = _folder["bad"];
        File.WriteAllBytes(path, bytes);
        var error = Assert.Throws<MarrowException>(() => RadiographReader.Read(path));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    private byte[] Png()
    {
        ImageWriter.WritePng8(_folder["whole.png"], 40, 24, RadiographReaderTests.Smooth(40, 24));
        return File.ReadAllBytes(_folder["whole.png"]);
    }

    private byte[] Jpeg()
    {
        ImageWriter.WriteJpeg(_folder["whole.jpg"], 40, 24, RadiographReaderTests.Smooth(40, 24));
        return File.ReadAllBytes(_folder["whole.jpg"]);
    }

    [Fact]
    public void A_tiny_file_that_declares_a_giant_image_is_refused_before_memory_is_taken()
    {
        foreach (
            var (width, height, depth, type) in ((int, int, int, int)[])
                [
                    (16384, 16384, 16, 6),
                    (int.MaxValue, int.MaxValue, 8, 0),
                    (10000, 8001, 8, 0),
                    (8000, 9999, 8, 0),
                    (16, 5_000_000, 16, 0),
                ])
        {
            var bytes = TestPng.Join(
                ("IHDR", TestPng.Header(width, height, depth, type, false)),
                ("IDAT", []),
                ("IEND", []));
            File.WriteAllBytes(_folder["bomb.png"], bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<MarrowException>(() => RadiographReader.Read(_folder["bomb.png"]));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
        Assert.Contains(
            "80 megapixels",
            Refused(TestPng.Join(("IHDR", TestPng.Header(10000, 10000, 8, 0, false)), ("IEND", []))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_jpeg_that_declares_a_giant_or_tiny_image_is_refused()
    {
        var jpeg = Jpeg();
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (jpeg[frame + 5], jpeg[frame + 7]) = (0xF0, 0xF0); // Height and width of over 61,000.
        Assert.Contains("megapixels", Refused(jpeg), StringComparison.Ordinal);
        (jpeg[frame + 5], jpeg[frame + 6], jpeg[frame + 7]) = (0, 1, 0);
        Assert.Contains("16 px or more", Refused(jpeg), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_one_pixel_are_refused() =>
        Assert.Contains(
            "found 1x1",
            Refused(TestPng.Encode(1, 1, 8, 0, false, (_, _, _) => 7)),
            StringComparison.Ordinal);

    [Fact]
    public void What_is_no_image_is_refused_by_name()
    {
        Assert.Contains("an empty file", Refused([]), StringComparison.Ordinal);
        Assert.Contains("found GIF", Refused("GIF89a and so on"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("starts with 41", Refused("A"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains(
            "a folder",
            Assert.Throws<MarrowException>(() => RadiographReader.Read(_folder.Path)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "no file of that name",
            Assert.Throws<MarrowException>(() => RadiographReader.Read(_folder["none.png"])).Message,
            StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => RadiographReader.Read(""));
        Assert.Throws<MarrowException>(() => RadiographReader.ReadHeader("a\0b.png"));
    }

    [Fact]
    public void A_12_bit_jpeg_or_a_cmyk_one_without_adobes_marker_is_refused_with_the_remedy()
    {
        var jpeg = Jpeg();
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        jpeg[frame + 4] = 12;
        Assert.Contains("8 bits a sample, found a JPEG of 12 bits", Refused(jpeg), StringComparison.Ordinal);
        (jpeg[frame + 4], jpeg[frame + 9]) = (8, 4);
        Assert.Contains("Adobe's marker", Refused(jpeg), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_cut_anywhere_is_refused()
    {
        foreach (var whole in (byte[][])[Png(), Jpeg()])
        {
            for (var length = 0; length < whole.Length; length++)
                Refused(whole[..length]);
        }
    }

    [Fact]
    public void A_cut_image_is_called_cut()
    {
        Assert.Contains("cut off", Refused(Png()[..^30]), StringComparison.Ordinal);
        Assert.Contains("cut off", Refused(Jpeg()[..^30]), StringComparison.Ordinal);
        Assert.Contains("cut off", Refused(Jpeg()[..^2]), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_flipped_bit_of_a_png_is_noticed()
    {
        var whole = Png();
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var damaged = whole.ToArray();
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            Refused(damaged);
        }
    }

    [Fact]
    public void A_mutated_image_is_refused_or_read_but_never_breaks_the_reader()
    {
        byte[][] seeds =
        [
            Png(), Jpeg(), TestPng.Encode(17, 18, 16, 6, true, (x, y, c) => (x * 977 + y * 53 + c) & 0xFFFF),
            TestPng.Encode(19, 16, 4, 3, false, (x, _, _) => x & 15, ("PLTE", new byte[48]), ("tRNS", new byte[9])),
        ];
        var random = new SeededRandom(11);
        for (var round = 0; round < 4000; round++)
        {
            var bytes = seeds[round % seeds.Length].ToList();
            for (var k = random.Next(4); k >= 0; k--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(3))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.RemoveRange(at, Math.Min(random.Next(20), bytes.Count - at)); break;
                    default:
                        bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(20), bytes.Count - at)));
                        break;
                }
            }
            File.WriteAllBytes(_folder["mutant"], [.. bytes]);
            try
            {
                var image = RadiographReader.Read(_folder["mutant"], 16, 16);
                Assert.Equal(image.Width * image.Height, image.Pixels.Length);
            }
            catch (MarrowException)
            {
                // Refused: that is the answer.
            }
        }
    }

    [Fact]
    public void Png_chunks_that_pass_their_checksum_but_make_no_sense_are_refused()
    {
        var header = TestPng.Header(16, 16, 8, 0, false);
        Refused(TestPng.Join(("IDAT", []), ("IEND", [])));
        Refused(TestPng.Join(("IHDR", header[..12]), ("IEND", [])));
        Refused(TestPng.Join(("IHDR", header), ("IEND", [])));
        Refused(TestPng.Join(("IHDR", header), ("IDAT", [1, 2, 3, 4]), ("IEND", [])));
        Refused(TestPng.Join(("IHDR", header), ("ABCD", []), ("IEND", [])));
        Refused(TestPng.Join(("IHDR", TestPng.Header(16, 16, 3, 0, false)), ("IEND", [])));
        Refused(TestPng.Join(("IHDR", TestPng.Header(16, 16, 8, 5, false)), ("IEND", [])));
        Refused(TestPng.Join(("IHDR", TestPng.Header(0, 16, 8, 0, false)), ("IEND", [])));
        Refused(TestPng.Encode(16, 16, 8, 3, false, (_, _, _) => 0));
        Refused(TestPng.Encode(16, 16, 8, 3, false, (_, _, _) => 9, ("PLTE", new byte[27])));
        Refused(TestPng.Encode(16, 16, 8, 3, false, (_, _, _) => 0, ("PLTE", new byte[4])));
        Refused(TestPng.Encode(16, 16, 8, 0, false, (_, _, _) => 0, ("tRNS", [1])));
    }
}
