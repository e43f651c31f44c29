using System.Diagnostics;
using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class SegmentationTests
{
    private const int Classes = 2;

    [Fact]
    public void Overlaps_and_distances_are_those_of_scipys_distance_transform()
    {
        var random = new SeededRandom(5);
        for (var round = 0; round < 12; round++)
        {
            var (width, height) = (20 + random.Next(50), 20 + random.Next(50));
            var (truth, found) = (Blobs(random, width, height), Blobs(random, width, height));
            var expected = NumpyPeer.Run(
                new
                {
                    truth = truth.Select(v => (int)v),
                    found = found.Select(v => (int)v),
                    width,
                    height,
                    classes = Classes,
                },
                """
                from scipy import ndimage
                t = np.array(data['truth']).reshape(data['height'], data['width'])
                f = np.array(data['found']).reshape(data['height'], data['width'])
                out = []
                for c in range(1, data['classes'] + 1):
                    a, b = t == c, f == c
                    both = (a & b).sum()
                    out += [2 * both / (a.sum() + b.sum()), both / (a | b).sum()]
                    ea, eb = a & ~ndimage.binary_erosion(a), b & ~ndimage.binary_erosion(b)
                    ab, ba = ndimage.distance_transform_edt(~eb)[ea], ndimage.distance_transform_edt(~ea)[eb]
                    out += [(ab.sum() + ba.sum()) / (len(ab) + len(ba)), max(np.percentile(ab, 95), np.percentile(ba, 95))]
                answer(*out)
                """
            );
            var scores = Segmentation
                .Score(truth, found, width, height, Classes)
                .SelectMany(s => (double[])[s.Dice, s.Iou, s.SurfaceDistance, s.Hausdorff95])
                .ToArray();
            for (var i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], scores[i], 1e-9);
        }
    }

    [Fact]
    public void A_shifted_square_is_as_far_away_as_it_was_shifted()
    {
        var (truth, found) = (Square(40, 10, 10, 8), Square(40, 13, 10, 8));
        var score = Segmentation.Score(truth, found, 40, 40, 1)[0];
        Assert.Equal(2.0 * 5 * 8 / (2 * 64), score.Dice);
        Assert.Equal(40.0 / (128 - 40), score.Iou, 12);
        Assert.Equal(3, score.Hausdorff95); // the side that moved: 8 of 28 pixels
        Assert.InRange(score.SurfaceDistance, 0.5, 3);
        var same = Segmentation.Score(truth, truth, 40, 40, 1)[0];
        Assert.Equal(new MaskScore(1, 1, 0, 0), same);
    }

    [Fact]
    public void Empty_masks_are_right_when_both_are_and_wrong_when_one_is()
    {
        var (nothing, something) = (new byte[400], Square(20, 5, 5, 4));
        Assert.Equal(new MaskScore(1, 1, double.NaN, double.NaN), Segmentation.Score(nothing, nothing, 20, 20, 1)[0]);
        Assert.Equal(new MaskScore(0, 0, double.NaN, double.NaN), Segmentation.Score(something, nothing, 20, 20, 1)[0]);
        Assert.Equal(new MaskScore(0, 0, double.NaN, double.NaN), Segmentation.Score(nothing, something, 20, 20, 1)[0]);
    }

    [Fact]
    public void Means_are_over_images_and_distances_over_those_that_have_one()
    {
        MaskScore[][] scores =
        [
            [new(1, 1, double.NaN, double.NaN), new(0.5, 0.4, 2, 4)],
            [new(0.8, 0.7, 1, 3), new(0.6, 0.5, 4, 6)],
        ];
        var metrics = Segmentation.Measure(["heart", "lung"], scores, ["a", "b"]).ToDictionary(m => m.Name);
        Assert.Equal((0.75 + 0.7) / 2, metrics["dice"].Value, 12);
        Assert.Equal(0.9, metrics["dice.heart"].Value, 12);
        Assert.Equal((2 + 2.5) / 2, metrics["surface-distance"].Value, 12);
        Assert.Equal((1.0, 1), (metrics["surface-distance.heart"].Value, metrics["surface-distance.heart"].Count));
        Assert.Equal(
            (5.0, 2, "px"),
            (metrics["hausdorff95.lung"].Value, metrics["hausdorff95.lung"].Count, metrics["hausdorff95.lung"].Unit));
        Assert.InRange(metrics["dice"].Low, 0.69, metrics["dice"].Value);
        Assert.Equal(
            ["dice", "iou", "surface-distance", "hausdorff95"],
            Segmentation
                .Measure(
                    ["heart"],
                    [
                        [new(1, 1, 0, 0)],
                    ],
                    ["a"])
                .Select(m => m.Name));
    }

    [Fact]
    public void A_film_is_scored_in_a_fraction_of_a_second()
    {
        // 17 bodies on a film of the usual size; found: the same, each shifted by another amount.
        const int width = 854, height = 2360;
        var (truth, found) = (new byte[width * height], new byte[width * height]);
        for (var i = 0; i < 17; i++)
        {
            var (x, y) = (350.0, 200.0 + 115 * i);
            PolygonFill.Fill(
                truth,
                width,
                height,
                [new(x, y), new(x + 160, y + 10), new(x + 160, y + 95), new(x, y + 85)],
                1);
            PolygonFill.Fill(
                found,
                width,
                height,
                [new(x + i, y), new(x + 160 + i, y + 10), new(x + 160 + i, y + 95), new(x + i, y + 85)],
                1);
        }
        Segmentation.Score(truth, found, width, height, 1);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 5; i++)
            Segmentation.Score(truth, found, width, height, 1);
        // 20 ms on an idle core
        Assert.True(clock.Elapsed.TotalSeconds / 5 < 0.25, $"{clock.Elapsed.TotalMilliseconds / 5:F0} ms a film");
        TestContext.Current.TestOutputHelper?.WriteLine($"{clock.Elapsed.TotalMilliseconds / 5:F1} ms");
    }

    private static byte[] Square(int side, int left, int top, int size)
    {
        var mask = new byte[side * side];
        for (var y = top; y < top + size; y++)
            mask.AsSpan(y * side + left, size).Fill(1);
        return mask;
    }

    /// <summary>Some ellipses of each class, one at the edge, perhaps one over another.</summary>
    private static byte[] Blobs(SeededRandom random, int width, int height)
    {
        var mask = new byte[width * height];
        for (var blob = 0; blob < 5; blob++)
        {
            var (x, y, a, b) = (random.Next(width), random.Next(height), 2 + random.Next(10), 2 + random.Next(10));
            for (var i = 0; i < mask.Length; i++)
            {
                var (dx, dy) = ((i % width - x) / (double)a, (i / width - y) / (double)b);
                if (dx * dx + dy * dy <= 1)
                    mask[i] = (byte)(1 + blob % Classes);
            }
        }
        return mask;
    }
}
