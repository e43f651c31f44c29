using CsCheck;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Tests.Inputs;

public class PreprocessorTests
{
    private static readonly InputContract Whole = new() { Width = 1, Height = 1, WindowLow = 0, WindowHigh = 1 };

    [Fact]
    public void Percentiles_equal_those_of_the_sorted_values() =>
        Gen.Select(Gen.UShort.Array[1, 300], Gen.Double[0, 1]).Sample((values, fraction) =>
        {
            var histogram = new int[65536];
            foreach (var value in values)
                histogram[value]++;
            var sorted = values.Order().ToArray();
            var rank = fraction * (sorted.Length - 1);
            var (lower, upper) = (sorted[(int)Math.Floor(rank)], sorted[(int)Math.Ceiling(rank)]);
            var expected = lower + (rank - Math.Floor(rank)) * (upper - lower);
            Assert.Equal(expected, Preprocessor.Percentile(histogram, values.Length, fraction), 1e-6);
        }, seed: "0000KOIPHJZ4");

    /// <summary>
    /// numpy.percentile(a, [0.5, 3.3, 50, 99.5]) for a = (arange(1000) * 7919 % 65521) ** 2 % 65536 (numpy 1.24).
    /// </summary>
    [Fact]
    public void Percentiles_equal_numpys()
    {
        var histogram = new int[65536];
        for (var i = 0L; i < 1000; i++)
        {
            var value = i * 7919 % 65521;
            histogram[(int)(value * value % 65536)]++;
        }
        double[] fractions = [0.005, 0.033, 0.5, 0.995];
        double[] expected = [136.8, 1568.439, 33621.0, 65225.135];
        Assert.All(fractions.Zip(expected), p =>
            Assert.Equal(p.Second, Preprocessor.Percentile(histogram, 1000, p.First), 1e-6));
    }

    [Fact]
    public void Window_maps_the_percentiles_to_black_and_white_and_clamps_beyond()
    {
        // 0, 1, ..., 999 once each: percentile p is 999 p.
        var radiograph = TestImages.Make(100, 10, (x, y) => y * 100 + x, bitDepth: 10);
        var contract = new InputContract { Width = 100, Height = 10, WindowLow = 0.1, WindowHigh = 0.9 };
        var packed = Preprocessor.Prepare(radiograph, contract);
        for (var i = 0; i < 1000; i++)
            Assert.Equal(Math.Clamp((i - 99.9) / 799.2 * 255, 0, 255), packed.Pixels[i], 0.501);
    }

    [Fact]
    public void A_negative_gives_the_same_bytes_as_its_positive()
    {
        var bright = TestImages.Noise(1, 83, 131, bitDepth: 12);
        var dark = new Radiograph(bright)
        {
            Polarity = Polarity.BoneDark,
            Pixels = [.. bright.Pixels.Select(p => (ushort)(4095 - p))],
        };
        var contract = new InputContract { Width = 40, Height = 50, WindowLow = 0.02, WindowHigh = 0.9 };
        Assert.All(Preprocessor.Prepare(bright, contract).Pixels.Zip(Preprocessor.Prepare(dark, contract).Pixels),
            p => Assert.InRange(p.First - p.Second, -1, 1));
    }

    [Theory]
    [InlineData(200, 0)] // of one value: black
    [InlineData(0, 0)]
    public void An_image_of_one_value_is_black(int value, int expected) =>
        Assert.All(
            Preprocessor.Prepare(TestImages.Make(50, 40, (_, _) => value), Whole with { Width = 7, Height = 9 }).Pixels,
            p => Assert.Equal(expected, p));

    [Fact]
    public void An_image_nearly_of_one_value_keeps_what_stands_out()
    {
        var radiograph = TestImages.Make(100, 100, (x, y) => x == 50 && y == 50 ? 90 : 10);
        var packed = Preprocessor.Prepare(radiograph, new InputContract { Width = 100, Height = 100 });
        Assert.Equal(255, packed.Pixels[50 * 100 + 50]);
        Assert.Equal(0, packed.Pixels[0]);
    }

    [Fact]
    public void Resizing_equals_the_mean_over_each_pixels_area() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 60], Gen.Int[1, 40], Gen.Int[1, 40], Gen.ULong, Gen.Enum<Fit>())
            .Sample((sourceWidth, sourceHeight, width, height, seed, fit) =>
            {
                var radiograph = TestImages.Noise(seed, sourceWidth, sourceHeight);
                var contract = Whole with { Width = width, Height = height, Fit = fit };
                var packed = Preprocessor.Prepare(radiograph, contract);
                var (low, high) = (radiograph.Pixels.Min(), radiograph.Pixels.Max());
                var toSource = packed.ToInput.Invert();
                for (var y = 0; y < height; y++)
                    for (var x = 0; x < width; x++)
                        Assert.Equal(Mean(x, y), packed.Pixels[y * width + x], 0.51);

                double Mean(int x, int y)
                {
                    var (from, to) = (toSource.Apply(new(x, y)), toSource.Apply(new(x + 1, y + 1)));
                    var sum = 0.0;
                    for (var v = 0; v < sourceHeight; v++)
                        for (var u = 0; u < sourceWidth; u++)
                        {
                            var area =
                                Math.Max(0, Math.Min(to.X, u + 1) - Math.Max(from.X, u))
                                * Math.Max(0, Math.Min(to.Y, v + 1) - Math.Max(from.Y, v));
                            sum +=
                                area
                                * (
                                    high == low
                                        ? 0
                                        : (radiograph.Pixels[v * sourceWidth + u] - low) * 255.0 / (high - low));
                        }
                    return sum / ((to.X - from.X) * (to.Y - from.Y));
                }
            }, iter: 60, seed: "0000KOIPHJZ4");

    [Fact]
    public void Resizing_keeps_the_mean() =>
        Gen.Select(Gen.Int[40, 200], Gen.Int[40, 200], Gen.ULong).Sample((width, height, seed) =>
        {
            var radiograph = TestImages.Noise(seed, width, height);
            var packed = Preprocessor.Prepare(radiograph, Whole with { Width = 37, Height = 29 });
            var (low, high) = (radiograph.Pixels.Min(), radiograph.Pixels.Max());
            var mean = radiograph.Pixels.Average(p => (p - low) * 255.0 / (high - low));
            Assert.Equal(mean, packed.Pixels.Average(p => (double)p), 0.1);
        }, iter: 30, seed: "0000KOIPHJZ4");

    [Fact]
    public void Letterbox_keeps_the_shape_and_comes_back()
    {
        var contract = new InputContract { Width = 224, Height = 640, Fit = Fit.Letterbox };
        Gen.Select(Gen.Int[16, 4000], Gen.Int[16, 4000], Gen.Double[0, 1], Gen.Double[0, 1])
            .Sample(
                (width, height, u, v) =>
                {
                    var toInput = Preprocessor.ToInput(contract, width, height);
                    var point = new Point2D(u * width, v * height);
                    var there = toInput.Apply(point);
                    Assert.Equal(toInput.A, toInput.E);
                    Assert.InRange(there.X, -1e-6, 224 + 1e-6);
                    Assert.InRange(there.Y, -1e-6, 640 + 1e-6);
                    Assert.True(point.DistanceTo(toInput.Invert().Apply(there)) < 1e-6);
                    // Centred, and touching two sides.
                    var (first, last) = (toInput.Apply(new(0, 0)), toInput.Apply(new(width, height)));
                    Assert.Equal(224, first.X + last.X, 1e-6);
                    Assert.Equal(640, first.Y + last.Y, 1e-6);
                    Assert.True(Math.Min(first.X, first.Y) < 1e-6);
                },
                seed: "0000KOIPHJZ4");
    }

    [Fact]
    public void A_radiograph_decoded_at_a_reduced_scale_has_the_transform_of_its_original()
    {
        var radiograph = new Radiograph(TestImages.Noise(3, 50, 75)) { OriginalWidth = 100, OriginalHeight = 150 };
        var packed = Preprocessor.Prepare(radiograph, Whole with { Width = 25, Height = 75 });
        Assert.Equal(AffineTransform.Scale(0.25, 0.5), packed.ToInput);
        Assert.Equal(100, packed.OriginalWidth);
        Assert.Equal(
            Preprocessor
                .Prepare(
                    new Radiograph(radiograph)
                    {
                        OriginalWidth = 50,
                        OriginalHeight = 75,
                    },
                    Whole with
                    {
                        Width = 25,
                        Height = 75,
                    }
                )
                .Pixels,
            packed.Pixels);
    }

    [Fact]
    public void The_tensor_holds_normalised_values_in_every_channel()
    {
        var contract = new InputContract { Width = 6, Height = 4, Channels = 3, Mean = 0.4, Std = 0.2 };
        var images = new[]
        {
            Preprocessor.Prepare(TestImages.Noise(1, 30, 20), contract),
            Preprocessor.Prepare(TestImages.Noise(2, 20, 30), contract),
        };
        using var tensor = Preprocessor.ToTensor(images, contract);
        Assert.Equal([2, 3, 4, 6], tensor.shape);
        Assert.True(tensor.is_contiguous());
        for (var n = 0; n < 2; n++)
            for (var c = 0; c < 3; c++)
                for (var i = 0; i < 24; i++)
                {
                    var expected = (images[n].Pixels[i] / 255.0 - 0.4) / 0.2;
                    Assert.Equal(expected, tensor[n, c, i / 6, i % 6].item<float>(), 1e-5);
                }
    }

    [Fact]
    public void Impossible_contracts_are_refused_by_name()
    {
        var radiograph = TestImages.Noise(1, 20, 20);
        InputContract[] impossible =
        [
            Whole with
            {
                Width = 0,
            },
            Whole with
            {
                Height = 1 << 20,
            },
            Whole with
            {
                Channels = 2,
            },
            Whole with
            {
                Std = 0,
            },
            Whole with
            {
                Mean = double.NaN,
            },
            Whole with
            {
                WindowLow = 0.5,
                WindowHigh = 0.5,
            },
            Whole with
            {
                WindowHigh = double.NaN,
            },
            Whole with
            {
                Fit = (Fit)7,
            },
        ];
        Assert.All(impossible, c =>
            Assert.Contains(
                "made-up",
                Assert.Throws<MarrowException>(() => Preprocessor.Prepare(radiograph, c)).Message));
    }
}
