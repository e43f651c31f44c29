using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Tests.Inputs;

public sealed class CropTests : IDisposable
{
    private static readonly InputContract Whole = new() { Width = 40, Height = 60, Window = WindowKind.FullRange };
    private static readonly InputContract Cropped = Whole with
    {
        Fit = Fit.Letterbox,
        Crop = new(CropRegion.Spine, 0.1, "retinanet-densenet-mini.test", "sha256:0123"),
    };

    private readonly TestImages _images = new();

    public void Dispose() => _images.Dispose();

    /// <summary>Smooth, so that two ways of sampling differ by little.</summary>
    private static Radiograph Waves(int width, int height) =>
        TestImages.Make(width, height, (x, y) => (int)(127 + 60 * Math.Sin(x / 17.0) + 60 * Math.Cos(y / 23.0)));

    [Fact]
    public void A_crop_over_the_whole_image_shows_what_the_whole_image_shows()
    {
        var radiograph = Waves(200, 300);
        var whole = Preprocessor.Prepare(radiograph, Whole);
        var crop = Preprocessor.Prepare(radiograph, Cropped, ImageCrop.Whole(200, 300));
        Assert.Equal(whole.ToInput, crop.ToInput);
        Assert.All(whole.Pixels.Zip(crop.Pixels), p => Assert.InRange(p.First - p.Second, -1, 1));
    }

    [Fact]
    public void A_turned_crop_shows_each_place_where_its_transform_says()
    {
        var random = new SeededRandom(5);
        for (var i = 0; i < 20; i++)
        {
            var crop = new ImageCrop(
                new(random.Uniform(80, 120), random.Uniform(120, 180)),
                random.Uniform(50, 90),
                random.Uniform(70, 120),
                random.Uniform(-0.6, 0.6));
            var spot = crop.Center + new Point2D(random.Uniform(-15, 15), random.Uniform(-15, 15));
            var radiograph = TestImages.Make(200, 300, (x, y) =>
                (int)(250 * Math.Exp(-(Math.Pow(x + 0.5 - spot.X, 2) + Math.Pow(y + 0.5 - spot.Y, 2)) / 50)));
            var seen = Preprocessor.Prepare(radiograph, Cropped, crop);
            var expected = seen.ToInput.Apply(spot);
            var (sum, x, y) = (0.0, 0.0, 0.0);
            for (var p = 0; p < seen.Pixels.Length; p++)
            {
                sum += seen.Pixels[p];
                x += seen.Pixels[p] * (p % 40 + 0.5);
                y += seen.Pixels[p] * (p / 40 + 0.5);
            }
            Assert.InRange(x / sum - expected.X, -0.1, 0.1);
            Assert.InRange(y / sum - expected.Y, -0.1, 0.1);
        }
    }

    [Fact]
    public void What_letterbox_adds_shows_the_image_around_and_what_lies_outside_is_black()
    {
        var radiograph = TestImages.Make(200, 300, (_, _) => 200);
        Assert.All(Preprocessor.Prepare(radiograph, Cropped, new(new(100, 150), 20, 120)).Pixels, p =>
            Assert.Equal(200, p));
        var atEdge = Preprocessor.Prepare(radiograph, Cropped, new(new(0, 150), 40, 60)); // its left half is outside
        Assert.All(atEdge.Pixels.Select((value, p) => (value, X: p % 40)), p =>
            Assert.Equal(p.X < 20 ? 0 : 200, p.value));
        Assert.All(Preprocessor.Prepare(radiograph, Cropped, new(new(-500, 150), 40, 60)).Pixels, p =>
            Assert.Equal(0, p));
    }

    [Fact]
    public void Percentiles_are_those_of_what_is_seen_whatever_the_polarity()
    {
        // The crop lies on a faint ramp; a bright bar elsewhere must not darken it.
        var contract = Cropped with { Window = WindowKind.Percentiles, WindowLow = 0, WindowHigh = 1 };
        int Value(int x, int y) => x > 150 ? 255 : 100 + y / 10;
        var seen = Preprocessor.Prepare(TestImages.Make(200, 300, Value), contract, new(new(60, 150), 80, 120));
        Assert.Equal((0, 255), (seen.Pixels.Min(), seen.Pixels.Max()));
        var negative = Preprocessor.Prepare(
            TestImages.Make(200, 300, (x, y) => 255 - Value(x, y), polarity: Polarity.BoneDark),
            contract,
            new(new(60, 150), 80, 120));
        Assert.All(seen.Pixels.Zip(negative.Pixels), p => Assert.InRange(p.First - p.Second, -1, 1));
    }

    [Fact]
    public void A_contract_with_a_crop_refuses_a_whole_image()
    {
        var error = Assert.Throws<MarrowException>(() => Preprocessor.Prepare(Waves(50, 50), Cropped));
        Assert.Contains("the spine as retinanet-densenet-mini.test sees it", error.Message);
        Assert.Contains(
            "a: expected a crop",
            Assert.Throws<MarrowException>(() => Open([Sample("a")], Cropped)).Message);
        Assert.Throws<ArgumentException>(() => Open([Sample("a") with { Crop = ImageCrop.Whole(200, 300) }], Whole));
    }

    [Fact]
    public void Crops_of_one_image_are_decoded_once_and_kept_apart()
    {
        var crops = Enumerable.Range(0, 5).Select(i => new ImageCrop(new(60 + 15 * i, 150), 60, 90, 0.1 * i)).ToList();
        var reads = 0;
        using var cache = PackedCache.Open(
            [.. crops.Select((w, i) => Sample("a") with { Id = $"a#{i}", Crop = w })],
            Cropped,
            _images.Folder,
            null,
            (path, _, _) =>
            {
                Interlocked.Increment(ref reads);
                return Waves(200, 300);
            }
        );
        Assert.Equal(1, reads);
        Assert.All(crops.Select((w, i) => (w, i)), p =>
        {
            var read = cache.Read(Sample("a") with { Id = $"a#{p.i}" });
            var expected = Preprocessor.Prepare(Waves(200, 300), Cropped, p.w);
            Assert.Equal(expected.ToInput, read.ToInput);
            Assert.Equal((200, 300), (read.OriginalWidth, read.OriginalHeight));
            Assert.Equal(expected.Pixels, read.Pixels);
        });
        using var other = Open([Sample("a") with { Id = "a#0", Crop = crops[0] with { TiltRadians = 0.01 } }], Cropped);
        Assert.True(other.WasBuilt);
    }

    [Fact]
    public void A_moved_crop_shows_the_image_around_it_with_its_targets()
    {
        var crop = new ImageCrop(new(100, 150), 60, 90, 0.3);
        var sample = Sample("a") with { Crop = crop };
        using var cache = Open([sample], Cropped);
        var options = new AugmentationOptions
        {
            RotationDegrees = 8,
            Scale = 0.1,
            Shift = 0.08,
            Gamma = 0,
            Contrast = 0,
            Brightness = 0,
            Noise = 0,
        };
        using var loader = new BatchLoader([sample], cache, Cropped, options, 1, 7, shuffle: false, dropLast: false);
        for (var i = 0; i < 10; i++)
        {
            using var batch = loader.Next();
            var values = batch.Images.data<float>().ToArray();
            var toOriginal = batch.Samples[0].ToInput.Invert();
            // the move is about the crop's own centre, by shares of its own size
            var centre = toOriginal.Apply(new(20, 30));
            Assert.InRange(centre.DistanceTo(crop.Center), 0, 0.08 * 1.2 * (60 + 90));
            for (var p = 0; p < values.Length; p++)
            {
                var at = toOriginal.Apply(new(p % 40 + 0.5, p / 40 + 0.5));
                var expected = 127 + 60 * Math.Sin((at.X - 0.5) / 17) + 60 * Math.Cos((at.Y - 0.5) / 23);
                Assert.InRange((values[p] * Cropped.Std + Cropped.Mean) * 255 - expected, -6, 6);
            }
        }
    }

    private Sample Sample(string name)
    {
        var path = Path.Combine(_images.Folder, name);
        File.WriteAllText(path, name);
        return new(id: name, imagePath: path, patient: name);
    }

    private PackedCache Open(IReadOnlyList<Sample> samples, InputContract contract) =>
        PackedCache.Open(samples, contract, _images.Folder, null, (_, _, _) => Waves(200, 300));
}
