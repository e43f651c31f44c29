using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Tests.Inputs;

public sealed class PointMirrorTests : IDisposable
{
    private const int Width = 60, Height = 48;
    private readonly TestImages _images = new();

    public void Dispose() => _images.Dispose();

    private Sample Dots(params int[] mirrored)
    {
        // A bright dot on the left, a dim one on the right.
        var (left, right) = (new Point2D(12.5, 20.5), new Point2D(44.5, 30.5));
        var pixels = new byte[Width * Height];
        for (var i = 0; i < pixels.Length; i++)
        {
            var at = new Point2D(i % Width + 0.5, i / Width + 0.5);
            pixels[i] = at.DistanceTo(left) < 2.5 ? (byte)255 : at.DistanceTo(right) < 2.5 ? (byte)128 : (byte)0;
        }
        var path = Path.Combine(_images.Folder, "dots.png");
        ImageWriter.WritePng8(path, Width, Height, pixels);
        return new(id: "dots.png", imagePath: path, patient: "p")
        {
            Points = [left, right, new(double.NaN, double.NaN)],
            MirroredPoints = mirrored,
        };
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Points_go_with_the_image_and_change_places_in_a_mirrored_one(double flip)
    {
        var contract = new InputContract
        {
            Width = 120,
            Height = 64,
            Fit = Fit.Letterbox,
            WindowLow = 0,
            WindowHigh = 1,
        };
        var sample = Dots(1, 0, 2);
        using var cache = PackedCache.Open([sample], contract);
        using var loader = new BatchLoader(
            [sample],
            cache,
            contract,
            new()
            {
                FlipProbability = flip,
                RotationDegrees = 20,
                Noise = 0,
                Gamma = 0,
                Contrast = 0,
                Brightness = 0,
            },
            1,
            seed: 4,
            shuffle: false,
            dropLast: false);
        for (var draw = 0; draw < 8; draw++)
        {
            using var batch = loader.Next();
            var prepared = batch.Samples[0];
            var pixels = batch.Images.data<float>().ToArray();
            float At(Point2D p) => pixels[(int)p.Y * 120 + (int)p.X];
            // Not mirrored, the first point is the bright dot; mirrored, it is the dim one, which now stands on the
            // left.
            var (bright, dim) = flip == 0 ? (0, 1) : (1, 0);
            Assert.Equal(2, At(prepared.Points[bright]), 0.2); // (1 - 0.5) / 0.25
            Assert.Equal(0, At(prepared.Points[dim]), 0.3);
            Assert.True(prepared.Points[0].X < prepared.Points[1].X);
            Assert.True(double.IsNaN(prepared.Points[2].X));
        }
    }

    [Fact]
    public void Mirroring_without_knowing_the_pairs_is_refused()
    {
        var contract = new InputContract { Width = 64, Height = 64 };
        var sample = Dots();
        using var cache = PackedCache.Open([sample], contract);
        var error = Assert
            .Throws<MarrowException>(() =>
                new BatchLoader(
                    [sample],
                    cache,
                    contract,
                    new() { FlipProbability = 0.5 },
                    1,
                    1,
                    shuffle: false,
                    dropLast: false))
            .Message;
        Assert.Contains("data.mirrorPairs", error, StringComparison.Ordinal);
    }
}
