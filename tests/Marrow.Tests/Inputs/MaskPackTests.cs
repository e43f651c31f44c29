using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tests.Inputs;

public sealed class MaskPackTests : IDisposable
{
    private const int Width = 96, Height = 140; // of the images
    private static readonly InputContract Contract = new()
    {
        Width = 60,
        Height = 70,
        WindowLow = 0,
        WindowHigh = 1,
        Mean = 0,
        Std = 1,
    };
    private static readonly AugmentationOptions Moving = new()
    {
        RotationDegrees = 25,
        Scale = 0.3,
        Shift = 0.1,
        FlipProbability = 0.5,
        Stretch = 0.2,
        Gamma = 0,
        Contrast = 0,
        Brightness = 0,
        Noise = 0,
    };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Sample Sample(int number, Func<int, int, byte> value, string? mask = null)
    {
        var path = _folder[mask ?? $"{number}.png"];
        var pixels = new byte[Width * Height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = value(i % Width, i / Width);
        ImageWriter.WritePng8(path, Width, Height, pixels);
        return new(id: $"{number}.png", imagePath: path, patient: $"{number}") { MaskPath = path };
    }

    [Fact]
    public void A_mask_goes_where_its_image_goes()
    {
        // The image is the mask: wherever the moved image is brighter than half, the moved mask must be.
        var sample = Sample(0, (x, y) =>
            (x - 40) * (x - 40) + (y - 60) * (y - 60) / 3 < 500 || (x > 60 && y > 100) ? (byte)255 : (byte)0);
        Assert.All(Moved([sample], 1, 40), moved =>
        {
            for (var i = 0; i < moved.Mask.Length; i++)
                Assert.True(
                    Math.Abs(moved.Image[i] - 0.5) < 1e-3 || moved.Mask[i] == (moved.Image[i] > 0.5 ? 1 : 0),
                    $"pixel {i}: {moved.Image[i]} and {moved.Mask[i]}");
        });
    }

    [Fact]
    public void Vertebrae_are_filled_where_their_corners_went()
    {
        var vertebra = new Vertebra(new(30, 40), new(60, 45), new(28, 75), new(62, 78));
        Vertebra[] spine = [vertebra, vertebra.Transform(AffineTransform.Translate(0, 45))];
        var sample = Sample(0, (_, _) => 0) with
        {
            MaskPath = null,
            Vertebrae = spine,
            MaskAreas = SpineAreas.Of(spine, withDiscs: false),
        };
        foreach (var (mask, _, prepared) in Moved([sample], 1, 30))
        {
            var expected = new byte[mask.Length];
            foreach (var v in sample.Vertebrae.Select(v => v.Transform(prepared.ToInput)))
                PolygonFill.Fill(
                    expected,
                    Contract.Width,
                    Contract.Height,
                    [v.TopLeft, v.TopRight, v.BottomRight, v.BottomLeft],
                    1);
            Assert.Equal(expected, mask);
            Assert.InRange(mask.Count(v => v == 1), 100, 2000);
        }
    }

    [Fact]
    public void With_discs_a_spine_is_one_area()
    {
        var vertebra = new Vertebra(new(30, 10), new(60, 10), new(30, 30), new(60, 30));
        Vertebra[] spine =
        [
            .. Enumerable.Range(0, 4).Select(i => vertebra.Transform(AffineTransform.Translate(3 * i, 30 * i))),
        ];
        var sample = new Sample(id: "a", imagePath: "", patient: "");
        Assert.Equal(4 * 30 * 20, Area(withDiscs: false));
        // slanted edges
        Assert.InRange(Area(withDiscs: true), (4 * 20 + 3 * 10) * 30 - 30, (4 * 20 + 3 * 10) * 30 + 30);

        int Area(bool withDiscs)
        {
            using var masks = MaskPack.Open([], Contract, 1, _folder["cache"]);
            return masks
                .Original(sample with { MaskAreas = SpineAreas.Of(spine, withDiscs) }, Width, Height)
                .Count(v => v == 1);
        }
    }

    [Fact]
    public void Of_several_classes_the_one_that_covers_most_of_a_pixel_has_it()
    {
        // Columns of 16 px: background, 1, 2, 3, 2, background; an input pixel has 1.6 of the image's.
        var sample = Sample(0, (x, _) => (byte)(x / 16 is var band && band is 0 or 5 ? 0 : band == 4 ? 2 : band));
        using var cache = PackedCache.Open([sample], Contract, _folder["cache"]);
        using var masks = MaskPack.Open([sample], Contract, 3, _folder["cache"]);
        using var loader = new BatchLoader([sample], cache, Contract, null, 1, 0, false, false, masks: masks);
        using var batch = loader.Next();
        var row = batch.Masks!.data<byte>().ToArray()[..Contract.Width];
        Assert.Equal(
            Enumerable
                .Range(0, 60)
                .Select(x =>
                    (byte)(
                        x / 10 is var band && band is 0 or 5 ? 0
                        : band == 4 ? 2
                        : band)),
            row);
        Assert.Equal([3, 3], Moved([sample], 3, 2).Select(m => m.Mask.Where(v => v > 0).Distinct().Count()));
    }

    [Fact]
    public void Threads_and_seeking_change_no_mask()
    {
        var samples = Enumerable
            .Range(0, 7)
            .Select(i => Sample(i, (x, y) => x / 8 + y / 9 == 7 + i ? (byte)1 : (byte)0))
            .ToList();
        using var cache = PackedCache.Open(samples, Contract, _folder["cache"]);
        using var masks = MaskPack.Open(samples, Contract, 1, _folder["cache"]);
        var expected = Take(1, 0);
        Assert.Equal(expected, Take(3, 0));
        Assert.Equal(expected[4..], Take(2, 4));
        Assert.NotEqual(expected[0], expected[3]);

        List<string> Take(int workers, int first)
        {
            using var loader = new BatchLoader(
                samples,
                cache,
                Contract,
                Moving,
                2,
                5,
                true,
                true,
                workers,
                masks: masks);
            loader.Seek(first / loader.BatchesPerEpoch, first % loader.BatchesPerEpoch);
            return
            [
                .. Enumerable
                    .Range(first, 9 - first)
                    .Select(_ =>
                    {
                        using var batch = loader.Next();
                        return Convert.ToHexString(
                            System.Security.Cryptography.SHA256.HashData(batch.Masks!.data<byte>().ToArray()));
                    }),
            ];
        }
    }

    [Fact]
    public void The_original_mask_is_the_files_and_a_changed_file_is_read_anew()
    {
        var sample = Sample(0, (x, _) => x < 48 ? (byte)255 : (byte)0);
        using (var masks = MaskPack.Open([sample], Contract, 1, _folder["cache"]))
            Assert.Equal(Width * Height / 2, masks.Original(sample, Width, Height).Count(v => v == 1));
        Assert.Single(Directory.GetFiles(_folder["cache"]));
        sample = Sample(0, (x, _) => x < 24 ? (byte)255 : (byte)0);
        using var again = MaskPack.Open([sample], Contract, 1, _folder["cache"]);
        Assert.Equal(Width * Height / 4, again.Original(sample, Width, Height).Count(v => v == 1));
        Assert.Equal(2, Directory.GetFiles(_folder["cache"]).Length);
        Assert.Contains(
            "expected 10x10 px",
            Assert.Throws<MarrowException>(() => again.Original(sample, 10, 10)).Message);
    }

    [Fact]
    public void Masks_that_can_not_be_read_are_listed()
    {
        var samples = Enumerable.Range(0, 3).Select(i => Sample(i, (_, _) => (byte)(40 + i))).ToList();
        var message = Assert
            .Throws<MarrowException>(() => MaskPack.Open(samples, Contract, 1, _folder["cache"]))
            .Message;
        Assert.Contains("3 of 3", message);
        Assert.Contains("found 42 at x 0, y 0", message);
    }

    private List<(byte[] Mask, float[] Image, BatchSample Sample)> Moved(List<Sample> samples, int classes, int count)
    {
        using var cache = PackedCache.Open(samples, Contract, _folder["cache"]);
        using var masks = MaskPack.Open(samples, Contract, classes, _folder["cache"]);
        using var loader = new BatchLoader(samples, cache, Contract, Moving, 1, 11, true, true, masks: masks);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            using var batch = loader.Next();
            return (batch.Masks!.data<byte>().ToArray(), batch.Images.data<float>().ToArray(), batch.Samples[0]);
        })];
    }
}
