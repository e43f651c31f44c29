using CsCheck;
using Marrow.Imaging;

namespace Marrow.Tests.Imaging;

public sealed class StraightStripTests
{
    private static readonly StripLayout Layout = new(64, 256, 0.1);

    [Fact]
    public void Both_maps_are_inverse_within_the_strip_of_any_gentle_curve() =>
        Curves.Select(Gen.Double[0, 64], Gen.Double[0, 256]).Sample((curve, x, y) =>
        {
            var strip = new StraightStrip(curve, Layout);
            var back = strip.ToStrip(strip.ToImage(new(x, y)));
            Assert.True(back.DistanceTo(new(x, y)) < 1e-6, $"{back} for {x}, {y}");
        }, iter: 300);

    [Fact]
    public void A_zoomed_shifted_and_mirrored_strip_has_inverse_maps_too() =>
        Curves.Select(Gen.Double[0.8, 1.25], Gen.Bool).Sample((curve, zoom, mirrored) =>
        {
            var strip = new StraightStrip(curve, Layout with { Zoom = zoom, Shift = (3, -5), Mirrored = mirrored });
            Point2D at = new(20, 100);
            Assert.True(strip.ToStrip(strip.ToImage(at)).DistanceTo(at) < 1e-6);
        }, iter: 200);

    [Fact]
    public void A_straight_curve_gives_an_upright_rectangle_of_one_scale()
    {
        var strip = new StraightStrip([new(100, 50), new(100, 150), new(100, 250)], Layout);

        Assert.Equal(200 / (256 * 0.8), strip.PixelSize, 9);
        Near(new(100, 50), strip.ToImage(new(32, 25.6)));
        Near(new(100, 250), strip.ToImage(new(32, 256 - 25.6)));
        Near(new(100 + 10 * strip.PixelSize, 50), strip.ToImage(new(42, 25.6)));
    }

    [Fact]
    public void On_a_circle_rows_point_to_its_centre()
    {
        const double radius = 500;
        Point2D center = new(0, 300);
        var curve = Enumerable.Range(-8, 17).Select(i => center
            + new Point2D(Math.Cos(i * 0.05), Math.Sin(i * 0.05)) * radius).ToList();
        var strip = new StraightStrip(curve, Layout);
        foreach (var y in (double[])[40, 90, 128, 200])
        {
            var (near, far) = (strip.ToImage(new(0, y)) - center, strip.ToImage(new(64, y)) - center);
            Assert.True(Math.Abs(near.X * far.Y - near.Y * far.X) / (radius * radius) < 1e-3);
        }
    }

    [Fact]
    public void What_is_turned_moved_and_enlarged_on_the_image_is_the_same_strip() =>
        Curves.Select(Gen.Double[-3, 3], Gen.Double[0.3, 4]).Sample((curve, angle, scale) =>
        {
            var moved = AffineTransform.Scale(scale, scale).Then(AffineTransform.Rotate(angle))
                .Then(AffineTransform.Translate(700, -30));
            var (one, other) = (new StraightStrip(curve, Layout),
                new StraightStrip([.. curve.Select(moved.Apply)], Layout));
            Point2D at = new(11, 77);
            Near(moved.Apply(one.ToImage(at)), other.ToImage(at));
        }, iter: 100);

    [Fact]
    public void A_mirrored_strip_shows_at_its_left_what_the_other_has_at_its_right()
    {
        Point2D[] curve = [new(100, 50), new(120, 150), new(90, 250), new(100, 380)];
        var (plain, mirrored) = (
            new StraightStrip(curve, Layout), new StraightStrip(curve, Layout with { Mirrored = true }));
        Near(plain.ToImage(new(10, 100)), mirrored.ToImage(new(54, 100)));
    }

    [Fact]
    public void Rows_of_pixels_are_those_that_the_map_gives()
    {
        Point2D[] curve = [new(100, 50), new(120, 150), new(90, 250), new(100, 380)];
        var strip = new StraightStrip(curve, Layout);
        for (var row = 0; row < Layout.Height; row += 17)
        {
            var (first, across, _) = strip.Pixels(row);
            Near(strip.ToImage(new(5.5, row + 0.5)), first + across * 5);
        }
    }

    [Fact]
    public void One_point_or_points_that_coincide_are_no_curve()
    {
        Assert.Throws<ArgumentException>(() => new StraightStrip([new(1, 1)], Layout));
        Assert.Throws<ArgumentException>(() => new StraightStrip([new(1, 1), new(1, 1), new(1, 1)], Layout));
    }

    /// <summary>Curves such as spines: downwards, with bends much wider than the strip.</summary>
    private static Gen<IReadOnlyList<Point2D>> Curves => Gen.Select(
        Gen.Double[-0.35, 0.35], Gen.Double[0, 6.28], Gen.Double[0.3, 1.2]).Select((size, phase, waves) =>
        (IReadOnlyList<Point2D>)[.. Enumerable.Range(0, 17).Select(i => new Point2D(
            400 + 100 * size * Math.Sin(phase + waves * i * 0.35), 100 + 60 * i))]);

    private static void Near(Point2D expected, Point2D found) =>
        Assert.True(expected.DistanceTo(found) < 1e-6, $"expected {expected}, found {found}");
}
