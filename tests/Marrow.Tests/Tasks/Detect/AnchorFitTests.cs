using Marrow.Imaging;
using Marrow.Modules;
using Marrow.Tasks.Detect;

namespace Marrow.Tests.Tasks.Detect;

public class AnchorFitTests
{
    private static AnchorFit.Sides[] Draw(int seed, double size, double spread, double ratio, double ratioSpread)
    {
        var random = new SeededRandom((ulong)seed);
        return
        [
            .. Enumerable.Range(0, 500).Select(_ =>
            {
                var side = size * Math.Exp(spread * random.NextGaussian());
                var shape = Math.Sqrt(ratio * Math.Exp(ratioSpread * random.NextGaussian()));
                return new AnchorFit.Sides(side / shape, side * shape);
            }),
        ];
    }

    [Theory]
    [InlineData(1, 30, 0.4, 1.0, 0.3)] // fractures at 256 x 256
    [InlineData(2, 12, 0.2, 0.5, 0.1)] // small and flat
    [InlineData(3, 90, 0.7, 3.0, 0.6)] // of many sizes, tall
    public void Boxes_overlap_the_anchors_that_were_chosen_for_them(
        int seed,
        double size,
        double spread,
        double ratio,
        double ratioSpread)
    {
        var boxes = Draw(seed, size, spread, ratio, ratioSpread);
        var fitted = AnchorFit.Of(boxes, new() { Corners = 0 });
        var others = Draw(seed + 100, size, spread, ratio, ratioSpread); // of the same kind, and not chosen by

        Assert.InRange(AnchorFit.MeanOverlap(others, fitted), 0.7, 1);
        Assert.True(
            AnchorFit.MeanOverlap(others, fitted) > AnchorFit.MeanOverlap(others, new()) - 0.02,
            "RetinaNet's own fit better.");
        Assert.InRange(fitted.FirstPyramidLevel, 2, 3);
        Assert.Equal(0, fitted.Corners);
    }

    [Fact]
    public void Boxes_of_one_size_and_shape_need_one_anchor_a_cell()
    {
        var fitted = AnchorFit.Of([.. Enumerable.Repeat(new AnchorFit.Sides(32, 64), 20)], new() { Corners = 0 });

        Assert.Equal(1, AnchorGrid.AnchorsPerCell(fitted));
        Assert.Equal([2.0], fitted.AnchorRatios);
    }

    [Fact]
    public void Overlap_is_that_of_two_boxes_with_one_centre() =>
        Assert.Equal(0.5, new AnchorFit.Sides(10, 10).Overlap(new(10, 20)), 1e-12);
}
