using Marrow.Imaging;

namespace Marrow.Reports;

/// <summary>
/// The borders of a mask as closed lines, to be drawn at any scale: along the cracks between pixels inside and outside,
/// the inside on the right, from the middle of each crack to the middle of the next, so that steps become slopes.
/// </summary>
internal static class MaskOutline
{
    // Directions of a crack: right, down, left, up; the pixel inside lies on its right.
    private static readonly (int X, int Y)[] Steps = [(1, 0), (0, 1), (-1, 0), (0, -1)];

    /// <summary>
    /// Returns the outlines in pixels of the mask, where (0, 0) is the outer corner of the first pixel.
    /// </summary>
    /// <param name="mask">The mask, [height * width].</param>
    /// <param name="value">The value that is outlined.</param>
    public static IReadOnlyList<IReadOnlyList<Point2D>> Of(byte[] mask, int width, int height, byte value)
    {
        var outlines = new List<IReadOnlyList<Point2D>>();
        var walked = new HashSet<(int X, int Y)>(); // cracks that run to the right: each line has one
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (Inside(x, y) && !Inside(x, y - 1) && !walked.Contains((x, y)))
                    outlines.Add(Walk(x, y));
            }
        }
        return outlines;

        bool Inside(int x, int y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] == value;

        List<Point2D> Walk(int startX, int startY)
        {
            var line = new List<Point2D>();
            var (x, y, direction) = (startX, startY, 0);
            do
            {
                if (direction == 0)
                    walked.Add((x, y));
                var (dx, dy) = Steps[direction];
                line.Add(new(x + dx / 2.0, y + dy / 2.0));
                (x, y) = (x + dx, y + dy);
                // The pixels ahead, left and right of the way. Pixels that touch at a corner are apart.
                var (aheadX, aheadY) = direction switch
                {
                    0 => (x, y),
                    1 => (x - 1, y),
                    2 => (x - 1, y - 1),
                    _ => (x, y - 1),
                };
                var (leftX, leftY) = direction switch
                {
                    0 => (x, y - 1),
                    1 => (x, y),
                    2 => (x - 1, y),
                    _ => (x - 1, y - 1),
                };
                direction =
                    !Inside(aheadX, aheadY) ? (direction + 1) % 4
                    : Inside(leftX, leftY) ? (direction + 3) % 4
                    : direction;
            }
            while ((x, y, direction) != (startX, startY, 0));
            return line;
        }
    }
}
