using Marrow.Imaging;

namespace Marrow.Tests.Imaging;

public class PolygonFillTests
{
    [Fact]
    public void A_pixel_is_filled_when_its_centre_is_inside_by_the_even_odd_rule()
    {
        var random = new SeededRandom(9);
        for (var round = 0; round < 200; round++)
        {
            var (width, height) = (1 + random.Next(24), 1 + random.Next(24));
            var corners = Enumerable
                .Range(0, 3 + random.Next(5))
                .Select(_ => new Point2D(random.Uniform(-8, width + 8), random.Uniform(-8, height + 8)))
                .ToArray();
            var mask = new byte[width * height];
            Array.Fill(mask, (byte)7);
            PolygonFill.Fill(mask, width, height, corners, 3);
            for (var i = 0; i < mask.Length; i++)
                Assert.Equal(IsInside(corners, new(i % width + 0.5, i / width + 0.5)) ? 3 : 7, mask[i]);
        }
    }

    [Fact]
    public void Polygons_that_share_an_edge_share_no_pixel_and_leave_none_out()
    {
        var random = new SeededRandom(10);
        for (var round = 0; round < 100; round++)
        {
            // A rectangle of whole pixels, cut by a line through pixel centres.
            var (top, bottom) = (new Point2D(random.Next(20) + 0.5, 0), new Point2D(random.Next(20) + 0.5, 16));
            var (left, right) = (new byte[20 * 16], new byte[20 * 16]);
            PolygonFill.Fill(left, 20, 16, [new(0, 0), top, bottom, new(0, 16)], 1);
            PolygonFill.Fill(right, 20, 16, [top, new(20, 0), new(20, 16), bottom], 1);
            Assert.All(left.Zip(right), p => Assert.Equal(1, p.First + p.Second));
        }
    }

    [Fact]
    public void Corners_far_outside_or_that_are_no_numbers_do_no_harm()
    {
        var mask = new byte[100];
        PolygonFill.Fill(mask, 10, 10, [new(-1e12, -1e12), new(1e12, -1e12), new(1e12, 1e12), new(-1e12, 1e12)], 1);
        Assert.All(mask, v => Assert.Equal(1, v));
        var untouched = new byte[100];
        PolygonFill.Fill(untouched, 10, 10, [], 1);
        PolygonFill.Fill(untouched, 10, 10, [new(double.NaN, double.NaN), new(5, 5), new(9, 9)], 1);
        Assert.All(untouched, v => Assert.Equal(0, v));
    }

    /// <summary>Crossings of a ray to the left of the point, by the sign of areas.</summary>
    private static bool IsInside(Point2D[] corners, Point2D p)
    {
        var inside = false;
        for (var i = 0; i < corners.Length; i++)
        {
            var (a, b) = (corners[i], corners[(i + 1) % corners.Length]);
            if (a.Y > p.Y == b.Y > p.Y)
                continue;
            var side = (b.X - a.X) * (p.Y - a.Y) - (b.Y - a.Y) * (p.X - a.X);
            inside ^= b.Y > a.Y ? side < 0 : side > 0;
        }
        return inside;
    }
}
