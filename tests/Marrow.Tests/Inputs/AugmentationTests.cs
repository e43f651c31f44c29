using CsCheck;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tests.Inputs;

public class AugmentationTests
{
    private const string Seed = "0000KOIPHJZ4";
    private static readonly AugmentationOptions None = new()
    {
        RotationDegrees = 0,
        Scale = 0,
        Shift = 0,
        Gamma = 0,
        Contrast = 0,
        Brightness = 0,
        Noise = 0,
    };

    /// <summary>Any options that leave a dot visible.</summary>
    private static readonly Gen<AugmentationOptions> AnyOptions =
        Gen.Select(Gen.Double[0, 45], Gen.Double[0, 0.5], Gen.Double[0, 0.3], Gen.Double[0, 0.2], Gen.Double[0, 1],
            Gen.Double[0, 0.5], Gen.Double[0, 0.06], Gen.Double[0, 2])
        .Select((rotation, scale, stretch, shift, flip, grey, noise, blur) => new AugmentationOptions
        {
            RotationDegrees = rotation,
            Scale = scale,
            Stretch = stretch,
            Shift = shift,
            FlipProbability = flip,
            Gamma = grey,
            Contrast = grey,
            Brightness = grey / 2,
            Noise = noise,
            BlurPixels = blur,
        });

    private static readonly Gen<InputContract> AnyContract =
        Gen.Select(Gen.Int[90, 160], Gen.Int[120, 200], Gen.Enum<Fit>()).Select((width, height, fit) =>
            new InputContract { Width = width, Height = height, Fit = fit, WindowLow = 0, WindowHigh = 1 });

    [Fact]
    public void A_dot_is_found_where_the_transform_says()
    {
        const int width = 300, height = 420, radius = 9;
        var (tried, found) = (0, 0);
        Gen.Select(AnyOptions, AnyContract, Gen.ULong, Gen.Double[0.2, 0.8], Gen.Double[0.2, 0.8])
            .Sample(
                (options, contract, seed, u, v) =>
                {
                    var dot = new Point2D(u * width, v * height);
                    var radiograph = TestImages.Make(width, height, (x, y) =>
                        dot.DistanceTo(new Point2D(x + 0.5, y + 0.5)) <= radius ? 255 : 0);
                    var packed = Preprocessor.Prepare(radiograph, contract);
                    var augmentation = Augmentation.Draw(new SeededRandom(seed), options, width, height);
                    var expected = augmentation.Geometry.Then(packed.ToInput).Apply(dot);
                    Interlocked.Increment(ref tried);
                    if (
                        expected.X < 15
                        || expected.Y < 15
                        || expected.X > contract.Width - 15
                        || expected.Y > contract.Height - 15)
                        return; // moved out of the image, or cut
                    Interlocked.Increment(ref found);
                    var error = BrightCentre(Render(packed, augmentation, contract), contract.Width)
                        .DistanceTo(expected);
                    Assert.True(error < 0.5, $"{error} px at {expected} with {augmentation}");
                },
                iter: 150,
                seed: Seed);
        Assert.True(found > tried * 0.6, $"{found} of {tried}");
    }

    [Fact]
    public void Angles_between_vertebrae_stay_what_they_are() =>
        Gen.Select(AnyOptions, AnyContract, Gen.ULong)
            .Sample(
                (options, contract, seed) =>
                {
                    var random = new SeededRandom(seed);
                    var vertebrae = Enumerable
                        .Range(0, Vertebra.Count)
                        .Select(i => Tilted(new(400 + 50 * Math.Sin(i), 100 + 120 * i), random.Uniform(-0.6, 0.6)))
                        .ToList();
                    var toInput = Preprocessor.ToInput(contract, 854, 2360);
                    var augmentation = Augmentation.Draw(random, options with { Stretch = 0 }, 854, 2360);
                    var back = vertebrae
                        .Select(v => v.Transform(augmentation.Geometry.Then(toInput)).Transform(toInput.Invert()))
                        .ToList();
                    for (var i = 0; i < vertebrae.Count; i++)
                        for (var j = 0; j < i; j++)
                            Assert.Equal(
                                Degrees(vertebrae[i].Axis, vertebrae[j].Axis),
                                Degrees(back[i].Axis, back[j].Axis),
                                1e-6);
                    Assert.All(back.Zip(vertebrae), p =>
                        Assert.True(p.First.TopLeft.X < p.First.TopRight.X || options.RotationDegrees > 30));
                },
                iter: 100,
                seed: Seed);

    [Fact]
    public void The_warp_equals_plain_bilinear_interpolation_on_black() =>
        Gen.Select(AnyContract, Gen.ULong)
            .Sample(
                (contract, seed) =>
                {
                    var options = new AugmentationOptions
                    {
                        RotationDegrees = 40,
                        Scale = 0.8,
                        Shift = 0.3,
                        FlipProbability = 0.5,
                        Stretch = 0.3,
                        Noise = 0,
                    };
                    var packed = Preprocessor.Prepare(TestImages.Noise(seed, 200, 250), contract);
                    var augmentation = Augmentation.Draw(new SeededRandom(seed), options, 200, 250);
                    var actual = Render(packed, augmentation, contract);
                    var table = augmentation.Table(contract);
                    var toPacked = augmentation.Geometry.Then(packed.ToInput).Invert().Then(packed.ToInput);
                    for (var y = 0; y < contract.Height; y += 3)
                        for (var x = 0; x < contract.Width; x++)
                        {
                            var source = toPacked.Apply(new(x + 0.5, y + 0.5)) - new Point2D(0.5, 0.5);
                            var (left, top) = (Math.Floor(source.X), Math.Floor(source.Y));
                            var (u, v) = (source.X - left, source.Y - top);
                            var expected =
                                (At(left, top) * (1 - u) + At(left + 1, top) * u) * (1 - v)
                                + (At(left, top + 1) * (1 - u) + At(left + 1, top + 1) * u) * v;
                            // positions are float: 1e-5 px of 4 units a pixel
                            Assert.Equal(expected, actual[y * contract.Width + x], 2e-3);
                        }

                    double At(double x, double y) =>
                        x >= 0 && y >= 0 && x < contract.Width && y < contract.Height
                            ? table[packed.Pixels[(int)y * contract.Width + (int)x]]
                            : table[0];
                },
                iter: 10,
                seed: Seed);

    [Fact]
    public void Without_strength_an_image_stays_as_it_is()
    {
        var contract = new InputContract { Width = 70, Height = 90 };
        var packed = Preprocessor.Prepare(TestImages.Noise(1, 100, 80), contract);
        var options = new AugmentationOptions
        {
            Strength = 0,
            BlurPixels = 3,
            Stretch = 0.4,
            Cutout = 0.5,
            CutoutProbability = 1,
            Collimation = 0.5,
            CollimationProbability = 1,
        };
        var augmented = Render(packed, Augmentation.Draw(new SeededRandom(4), options, 100, 80), contract);
        Assert.All(augmented.Zip(Render(packed, null, contract)), p => Assert.Equal(p.Second, p.First, 1e-3));
    }

    [Fact]
    public void Whatever_is_drawn_no_film_comes_out_as_its_negative() =>
        Gen.Select(Gen.Double[0, 3], Gen.Double[0, 3], Gen.Double[0, 1], Gen.Double[0, 10], Gen.ULong)
            .Sample(
                (gamma, contrast, brightness, strength, seed) =>
                {
                    var options = new AugmentationOptions
                    {
                        Gamma = gamma,
                        Contrast = contrast,
                        Brightness = brightness,
                        Strength = strength,
                    };
                    var table = Augmentation
                        .Draw(new SeededRandom(seed), options, 100, 100)
                        .Table(new() { Width = 32, Height = 32 });
                    Assert.All(table.Zip(table.Skip(1)), pair => Assert.True(pair.First <= pair.Second));
                },
                iter: 1000,
                seed: Seed);

    [Fact]
    public void One_option_does_not_change_the_draws_of_the_others()
    {
        var plain = Augmentation.Draw(new SeededRandom(9), new AugmentationOptions(), 500, 600);
        var noisy = Augmentation.Draw(
            new SeededRandom(9),
            new AugmentationOptions
            {
                Gamma = 0,
                BlurPixels = 2,
                CutoutProbability = 1,
            },
            500,
            600);
        Assert.Equal(plain.Geometry, noisy.Geometry);
        Assert.Equal(plain.Contrast, noisy.Contrast);
        Assert.Equal(plain.NoiseSigma, noisy.NoiseSigma);
        Assert.Equal(plain.NoiseSeed, noisy.NoiseSeed);
    }

    [Fact]
    public void Draws_fill_their_ranges_and_keep_them()
    {
        var options = new AugmentationOptions
        {
            RotationDegrees = 10,
            Scale = 0.25,
            Shift = 0.1,
            FlipProbability = 0.3,
            Gamma = 0.5,
            Noise = 0.1,
        };
        var draws = Enumerable
            .Range(0, 2000)
            .Select(i => Augmentation.Draw(SeededRandom.Fork(1, i), options, 400, 800))
            .ToList();
        Range(draws.Select(d => d.Gamma), 1 / 1.5, 1.5);
        Range(draws.Select(d => d.NoiseSigma), 0, 0.1);
        Range(draws.Select(d => d.Geometry.Apply(new(200, 400)).X), 160, 240);
        Range(draws.Select(d => d.Geometry.Apply(new(200, 400)).Y), 320, 480);
        Range(draws.Select(d => Math.Sqrt(Math.Abs(Determinant(d.Geometry)))), 0.8, 1.25);
        Range(
            draws.Select(d =>
                Math.Atan2(d.Geometry.D * Math.Sign(Determinant(d.Geometry)), d.Geometry.E) * 180 / Math.PI),
            -10,
            10);
        Assert.InRange(draws.Count(d => Determinant(d.Geometry) < 0), 520, 680); // 600 +- 4 sigma

        static void Range(IEnumerable<double> values, double low, double high)
        {
            Assert.InRange(values.Min(), low - 1e-9, low + (high - low) * 0.02);
            Assert.InRange(values.Max(), high - (high - low) * 0.02, high + 1e-9);
        }

        static double Determinant(AffineTransform t) => t.A * t.E - t.B * t.D;
    }

    [Fact]
    public void Noise_has_the_drawn_deviation_and_no_mean()
    {
        var contract = new InputContract { Width = 300, Height = 300, Mean = 0.5, Std = 0.25 };
        var packed = Preprocessor.Prepare(TestImages.Make(300, 300, (_, _) => 128), contract) with
        {
            Pixels = [.. Enumerable.Repeat((byte)128, 90_000)],
        };
        var augmentation = new Augmentation { Geometry = AffineTransform.Identity, NoiseSigma = 0.05, NoiseSeed = 3 };
        var noise = Render(packed, augmentation, contract)
            .Zip(Render(packed, null, contract), (a, b) => (double)(a - b))
            .ToArray();
        Assert.Equal(0, noise.Average(), 0.003); // 0.2 / sqrt(90,000) = 0.0007
        Assert.Equal(0.05 / 0.25, Math.Sqrt(noise.Average(n => n * n)), 0.002);
        // Neighbours are independent, in a row and between rows.
        Assert.Equal(0, noise.Zip(noise.Skip(1), (a, b) => a * b).Average() / 0.04, 0.02);
        Assert.Equal(0, noise.Zip(noise.Skip(300), (a, b) => a * b).Average() / 0.04, 0.02);
    }

    [Fact]
    public void Blur_equals_a_gaussian_sum_over_neighbours()
    {
        var contract = new InputContract { Width = 41, Height = 37 };
        var packed = Preprocessor.Prepare(TestImages.Noise(8, 41, 37), contract);
        var plain = Render(packed, null, contract);
        var augmentation = new Augmentation { Geometry = AffineTransform.Identity, BlurSigmaPixels = 1.3 };
        var blurred = Render(packed, augmentation, contract);
        for (var y = 0; y < 37; y++)
            for (var x = 0; x < 41; x++)
            {
                var (sum, total) = (0.0, 0.0);
                for (var v = -4; v <= 4; v++)
                    for (var u = -4; u <= 4; u++)
                    {
                        var weight = Math.Exp(-(u * u + v * v) / (2 * 1.3 * 1.3));
                        total += weight;
                        sum += weight * plain[Math.Clamp(y + v, 0, 36) * 41 + Math.Clamp(x + u, 0, 40)];
                    }
                Assert.Equal(sum / total, blurred[y * 41 + x], 1e-4);
            }
    }

    [Fact]
    public void Cutout_greys_its_rectangle_and_nothing_else()
    {
        var contract = new InputContract { Width = 100, Height = 50 };
        var packed = Preprocessor.Prepare(TestImages.Noise(8, 100, 50), contract);
        var plain = Render(packed, null, contract);
        var cut = Render(
            packed,
            new Augmentation { Geometry = AffineTransform.Identity, Cutout = (0.2, 0.5, 0.3, 0.4) },
            contract);
        for (var y = 0; y < 50; y++)
            for (var x = 0; x < 100; x++)
            {
                var isCut = x is >= 20 and < 50 && y is >= 25 and < 45;
                Assert.Equal(isCut ? 0 : plain[y * 100 + x], cut[y * 100 + x], 1e-3);
            }
        Assert.All(Enumerable.Range(0, 300), i =>
        {
            var drawn = Augmentation
                .Draw(
                    new SeededRandom((ulong)i),
                    new AugmentationOptions
                    {
                        Cutout = 1,
                        CutoutProbability = 1,
                        Strength = 2,
                    },
                    10,
                    10)
                .Cutout;
            Assert.InRange(drawn.Left + drawn.Width, 0, 1);
            Assert.InRange(drawn.Top + drawn.Height, 0, 1);
        });
    }

    [Fact]
    public void Grey_values_follow_gamma_contrast_and_brightness_and_stay_in_range()
    {
        var contract = new InputContract { Width = 1, Height = 1, Mean = 0.3, Std = 0.5 };
        Assert.Equal(
            Preprocessor.NormalizationTable(contract),
            new Augmentation { Geometry = AffineTransform.Identity }.Table(contract));
        var table = new Augmentation
        {
            Geometry = AffineTransform.Identity,
            Gamma = 2,
            Contrast = 1.5,
            Brightness = 0.1,
        }.Table(contract);
        Assert.Equal((0 - 0.3) / 0.5, table[0], 1e-6); // 0 -> -0.15, clamped
        Assert.Equal((1 - 0.3) / 0.5, table[255], 1e-6);
        Assert.Equal(((0.6 * 0.6 - 0.5) * 1.5 + 0.6 - 0.3) / 0.5, table[153], 1e-6); // 153 = 0.6 * 255
    }

    [Fact]
    public void Impossible_options_are_listed_each()
    {
        var errors = (None with { RotationDegrees = -1, Scale = double.NaN, FlipProbability = 1.5 }).Errors();
        Assert.Equal(
            [
                "rotationDegrees: expected 0 to 180, found -1.",
                "scale: expected 0 to 3, found NaN.",
                "flipProbability: expected 0 to 1, found 1.5.",
            ],
            errors);
        Assert.Empty(new AugmentationOptions().Errors());
    }

    private static float[] Render(PackedImage packed, Augmentation? augmentation, InputContract contract)
    {
        var output = new float[contract.Width * contract.Height];
        new AugmentedRenderer(contract).Render(packed.Pixels, packed.ToInput, augmentation, output);
        return output;
    }

    /// <summary>Mean position of the pixels above half of the range.</summary>
    private static Point2D BrightCentre(float[] image, int width)
    {
        var half = (image.Min() + image.Max()) / 2;
        var bright = Enumerable
            .Range(0, image.Length)
            .Where(i => image[i] > half)
            .Select(i => new Point2D(i % width + 0.5, i / width + 0.5))
            .ToList();
        return new Point2D(bright.Average(p => p.X), bright.Average(p => p.Y));
    }

    private static Vertebra Tilted(Point2D centre, double radians)
    {
        var turn = AffineTransform.Rotate(radians).Then(AffineTransform.Translate(centre.X, centre.Y));
        return new Vertebra(new(-60, -40), new(60, -38), new(-62, 40), new(58, 41)).Transform(turn);
    }

    private static double Degrees(Point2D a, Point2D b) =>
        Math.Acos(
            Math.Clamp((a.X * b.X + a.Y * b.Y) / Math.Sqrt((a.X * a.X + a.Y * a.Y) * (b.X * b.X + b.Y * b.Y)), -1, 1))
        * 180
        / Math.PI;
}
