using System.Text.Json;
using CsCheck;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Inputs;

/// <summary>Cover, the full range of the pixels' type, and a mean and std for each channel.</summary>
public class InputContractTests
{
    private static readonly InputContract Plain = new() { Width = 20, Height = 12 };

    [Fact]
    public void Cover_fills_the_input_from_the_images_centre_and_comes_back() =>
        Gen.Select(Gen.Int[16, 4000], Gen.Int[16, 4000], Gen.Double[0.25, 1])
            .Sample(
                (width, height, share) =>
                {
                    var contract = new InputContract
                    {
                        Width = 224,
                        Height = 640,
                        Fit = Fit.Cover,
                        CropShare = share,
                    };
                    var toInput = Preprocessor.ToInput(contract, width, height);
                    Assert.Equal(toInput.A, toInput.E);
                    var (first, last) = (toInput.Apply(new(0, 0)), toInput.Apply(new(width, height)));
                    Assert.Equal(224, first.X + last.X, 1e-6);
                    Assert.Equal(640, first.Y + last.Y, 1e-6);
                    Assert.True(first.X < 1e-6 && first.Y < 1e-6); // no black border
                    // The side that is cut least is the share of the image's.
                    Assert.Equal(share, Math.Max(224 / (last.X - first.X), 640 / (last.Y - first.Y)), 1e-9);
                    Assert.True(
                        contract.DecodeSize.Width * share >= 224 - 1e-9
                            && contract.DecodeSize.Height * share >= 640 - 1e-9);
                },
                seed: "0000KOIPHJZ4");

    [Fact]
    public void Cover_cuts_what_the_whole_would_show_around_it()
    {
        // 40 x 12 at scale 1: the middle 20 columns.
        var radiograph = TestImages.Noise(4, 40, 12);
        var whole = Preprocessor.Prepare(radiograph, Plain with { Width = 40, Window = WindowKind.FullRange });
        var cut = Preprocessor.Prepare(radiograph, Plain with { Fit = Fit.Cover, Window = WindowKind.FullRange });
        for (var y = 0; y < 12; y++)
            Assert.Equal(whole.Pixels.AsSpan(y * 40 + 10, 20), cut.Pixels.AsSpan(y * 20, 20));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(16)]
    public void The_full_range_is_that_of_the_pixels_whatever_the_image_shows(int bits)
    {
        var largest = (1 << bits) - 1;
        var radiograph = new Radiograph(
            4,
            1,
            [0, (ushort)(largest / 4), (ushort)(largest / 2), (ushort)largest],
            bits,
            "made-up");
        var contract = new InputContract { Width = 4, Height = 1, Window = WindowKind.FullRange };
        byte[] expected =
        [
            .. radiograph.Pixels.Select(p => (byte)Math.Round(255.0 * p / largest, MidpointRounding.AwayFromZero)),
        ];
        Assert.Equal(expected, Preprocessor.Prepare(radiograph, contract).Pixels);
        Assert.Equal(
            expected.Select(b => (byte)(255 - b)),
            Preprocessor.Prepare(new Radiograph(radiograph) { Polarity = Polarity.BoneDark }, contract).Pixels);
        // A dark image stays dark.
        var dark = new Radiograph(radiograph) { Pixels = [5, 5, 6, 5] };
        Assert.All(Preprocessor.Prepare(dark, contract).Pixels, p => Assert.InRange(p, 0, 6));
    }

    [Fact]
    public void Each_channel_has_its_own_mean_and_std()
    {
        var contract = Plain with
        {
            Channels = 3,
            ChannelMeans = [0.485, 0.456, 0.406],
            ChannelStds = [0.229, 0.224, 0.225],
            Mean = 0.449,
            Std = 0.226,
        };
        var packed = Preprocessor.Prepare(TestImages.Noise(1, 30, 20), contract);
        using var tensor = Preprocessor.ToTensor([packed], contract);
        for (var c = 0; c < 3; c++)
            for (var i = 0; i < 240; i++)
                Assert.Equal(
                    (packed.Pixels[i] / 255.0 - contract.ChannelMeans[c]) / contract.ChannelStds[c],
                    tensor[0, c, i / 20, i % 20].item<float>(),
                    1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_channels_black_becomes_is_known_without_an_image(bool ownMeans)
    {
        var contract = Plain with { Channels = 3, Mean = 0.449, Std = 0.226 };
        if (ownMeans)
            contract = contract with { ChannelMeans = [0.485, 0.456, 0.406], ChannelStds = [0.229, 0.224, 0.225] };
        var black = Preprocessor.Prepare(TestImages.Make(30, 20, (_, _) => 0), contract);
        using var tensor = Preprocessor.ToTensor([black], contract);
        for (var c = 0; c < 3; c++)
            Assert.Equal(tensor[0, c, 0, 0].item<float>(), contract.BlackOf(c), 1e-6);
    }

    [Fact]
    public void A_config_of_an_earlier_version_reads_as_it_did()
    {
        var old = JsonSerializer.Deserialize<InputContract>(
            """{"width": 192, "height": 576, "channels": 1, "fit": "stretch", "windowLow": 0.005, "windowHigh": 0.995, "mean": 0.5, "std": 0.25}""",
            MarrowJson.Options
        )!;
        old.Validate("old");
        Assert.Equal(new InputContract { Width = 192, Height = 576 }, old);
        var full = Plain with
        {
            Channels = 3,
            Fit = Fit.Cover,
            CropShare = 0.875,
            Window = WindowKind.FullRange,
            ChannelMeans = [0.1, 0.2, 0.3],
            ChannelStds = [1, 2, 3],
        };
        var read = JsonSerializer.Deserialize<InputContract>(
            JsonSerializer.Serialize(full, MarrowJson.Options),
            MarrowJson.Options
        )!;
        Assert.Equal(
            full with
            {
                ChannelMeans = null,
                ChannelStds = null,
            },
            read with
            {
                ChannelMeans = null,
                ChannelStds = null,
            }
        );
        Assert.Equal(full.ChannelMeans, read.ChannelMeans);
        Assert.Equal(full.ChannelStds, read.ChannelStds);
    }

    [Fact]
    public void Impossible_ones_are_refused()
    {
        InputContract[] impossible =
        [
            Plain with
            {
                CropShare = 0.5,
            },
            Plain with
            {
                Fit = Fit.Cover,
                CropShare = 0.1,
            },
            Plain with
            {
                Fit = Fit.Cover,
                CropShare = double.NaN,
            },
            Plain with
            {
                Window = (WindowKind)5,
            },
            Plain with
            {
                ChannelMeans = [0.5],
            },
            Plain with
            {
                ChannelStds = [0.5],
            },
            Plain with
            {
                Channels = 3,
                ChannelMeans = [0.5],
                ChannelStds = [0.5],
            },
            Plain with
            {
                ChannelMeans = [0.5],
                ChannelStds = [0],
            },
            Plain with
            {
                ChannelMeans = [double.NaN],
                ChannelStds = [1],
            },
            Plain with
            {
                ChannelMeans = [],
                ChannelStds = [],
            },
        ];
        Assert.All(impossible, c =>
            Assert.Contains(
                "made-up",
                Assert.Throws<MarrowException>(() => c.Validate("made-up")).Message,
                StringComparison.Ordinal));
    }

    [Fact]
    public void Packed_images_are_kept_apart_by_window_and_cut_but_not_by_means()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a.png"], [0]);
        Sample[] samples = [new(id: "a", patient: "a", imagePath: folder["a.png"])];
        var plain = Plain with { Fit = Fit.Cover };
        InputContract[] contracts =
        [
            plain,
            plain with
            {
                CropShare = 0.5,
            },
            plain with
            {
                Window = WindowKind.FullRange,
            },
            plain with
            {
                ChannelMeans = [0.1],
                ChannelStds = [1],
            },
        ];
        var paths = contracts
            .Select(c =>
            {
                using var cache = PackedCache.Open(samples, c, folder["cache"], read: (path, _, _) =>
                    new Radiograph(TestImages.Noise(1, 40, 40)) { Source = path });
                return cache.Files.Single();
            })
            .ToList();
        Assert.Equal(3, paths.Distinct().Count());
        Assert.Equal(paths[0], paths[3]);
    }

    [Fact]
    public void A_recipe_says_all_of_it()
    {
        var input = Read(
            "{channels: 3, fit: cover, cropShare: 0.875, window: fullRange, channelMeans: [0.485, 0.456, 0.406], "
                + "channelStds: [0.229, 0.224, 0.225]}"
        );
        Assert.Equal(
            (3, Fit.Cover, 0.875, WindowKind.FullRange),
            (input.Channels, input.Fit, input.CropShare, input.Window));
        Assert.Equal([0.485, 0.456, 0.406], input.ChannelMeans);
        Assert.Equal(0.225, input.StdOf(2));
        Assert.Equal(0.449, input.Mean, 1e-9);
        Assert.Equal(input, StageInput.Of(input).ToContract());
        Assert.Equal(Plain, StageInput.Of(Plain).ToContract());
        Assert.Equal(1.0 / 2048, Read("{std: 0.00048828125}").Std);
    }

    [Theory]
    [InlineData("{channels: 2}", "channels")]
    [InlineData("{cropShare: 0.5}", "only with fit: cover")]
    [InlineData("{window: percentiles}", "window")]
    [InlineData("{channelMeans: [0.5]}", "both or neither")]
    [InlineData("{channels: 3, channelMeans: [0.5], channelStds: [0.5]}", "a list of 3 numbers")]
    [InlineData("{mean: 0.4, channelMeans: [0.5], channelStds: [0.5]}", "stand in its place")]
    [InlineData("{channelMeans: [0.5], channelStds: [0]}", "channelStds")]
    public void A_recipes_mistakes_are_named(string input, string says) =>
        Assert.Contains(says, Assert.Throws<MarrowException>(() => Read(input)).Message, StringComparison.Ordinal);

    private static InputContract Read(string input) => RecipeReader.Parse($$"""
        name: r
        stages:
          - name: s
            task: classify
            model: densenet121
            data: {format: chexpert}
            input: {{input}}
        """, "r.yaml", []).Stages[0].Input.ToContract();
}
