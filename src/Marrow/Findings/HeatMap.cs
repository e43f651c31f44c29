// How strongly each place of an image speaks for an answer. A model's last map is a coarse grid: places between the
// centres of its cells are interpolated linearly, and those beyond the outermost centres have the heat of the outermost
// cells. Data flow: place in original pixels -> input pixels, as the input contract says -> cells -> heat.

using Marrow.Imaging;

namespace Marrow.Findings;

/// <summary>The heat of each place of an image, as a share of the strongest cell's.</summary>
internal sealed class HeatMap
{
    private const double EdgePx = 0.5; // of the input: what is cut off by rounding is no part of the image

    private readonly double[] _cells; // [rows * columns], 0 to 1
    private readonly int _columns, _rows;
    private readonly HeatGrid _grid;
    private readonly int _width, _height;

    /// <param name="cells">The heat of each cell, [rows * columns], 0 or more, in any unit.</param>
    /// <param name="grid">Where the cells lie on the image.</param>
    /// <param name="width">Of the original image, px.</param>
    /// <param name="height">Of the original image, px.</param>
    public HeatMap(IReadOnlyList<double> cells, int columns, HeatGrid grid, int width, int height)
    {
        var strongest = cells.Max();
        _cells = [.. cells.Select(heat => strongest > 0 ? heat / strongest : 0)];
        (_columns, _rows) = (columns, cells.Count / columns);
        (_grid, _width, _height) = (grid, width, height);
        IsEmpty = strongest <= 0;
        Peak = IsEmpty ? null : FindPeak();
        InsideShare = IsEmpty ? 0 : MeasureInside();
    }

    /// <summary>True when no place speaks for the answer.</summary>
    public bool IsEmpty { get; }

    /// <summary>
    /// The centre of the strongest cell on the image, in original pixels; null when the map is empty. Where every
    /// centre lies beside the image, it is the place of the image that is nearest to the strongest.
    /// </summary>
    public Point2D? Peak { get; }

    /// <summary>
    /// The share of the heat, 0 to 1, that lies on the image and not on the black beside it that the model was shown;
    /// 0 when the map is empty.
    /// </summary>
    public double InsideShare { get; }

    /// <summary>True when the model saw the whole image.</summary>
    public bool SeesAll => Corners(_width, _height).Select(_grid.ToInput.Apply).All(p =>
        p.X > -EdgePx && p.Y > -EdgePx && p.X < _grid.InputWidth + EdgePx && p.Y < _grid.InputHeight + EdgePx);

    /// <summary>The corners of what the model saw, in original pixels, in turn from the input's top left.</summary>
    public IReadOnlyList<Point2D> Seen =>
        [.. Corners(_grid.InputWidth, _grid.InputHeight).Select(_grid.ToInput.Invert().Apply)];

    /// <summary>Returns the heat of a place in original pixels, 0 to 1; 0 where the model did not look.</summary>
    public double At(Point2D place)
    {
        var p = _grid.ToInput.Apply(place);
        return p.X < 0 || p.Y < 0 || p.X > _grid.InputWidth || p.Y > _grid.InputHeight ? 0 : AtInput(p.X, p.Y);
    }

    /// <summary>Returns the heat of each pixel of the original image, [height * width]; 255 is the strongest.</summary>
    public byte[] Pixels()
    {
        var pixels = new byte[checked(_width * _height)];
        Parallel.For(0, _height, y =>
        {
            for (var x = 0; x < _width; x++)
                pixels[y * _width + x] = (byte)Math.Round(byte.MaxValue * At(new(x + 0.5, y + 0.5)));
        });
        return pixels;
    }

    private double AtInput(double x, double y)
    {
        var (left, right, toRight) = Between((x - _grid.FirstCenter) / _grid.Stride, _columns);
        var (top, bottom, toBottom) = Between((y - _grid.FirstCenter) / _grid.Stride, _rows);
        var upper = Mix(_cells[top * _columns + left], _cells[top * _columns + right], toRight);
        var lower = Mix(_cells[bottom * _columns + left], _cells[bottom * _columns + right], toRight);
        return Mix(upper, lower, toBottom);

        static double Mix(double first, double second, double share) => first + (second - first) * share;
    }

    /// <summary>Returns the cells before and behind a place, and how far it lies towards the second.</summary>
    private static (int Before, int Behind, double Share) Between(double at, int count)
    {
        var held = Math.Clamp(at, 0, count - 1);
        var before = (int)held;
        return (before, Math.Min(before + 1, count - 1), held - before);
    }

    private Point2D FindPeak()
    {
        var toOriginal = _grid.ToInput.Invert();
        Point2D[] centers = [.. Enumerable.Range(0, _cells.Length).Select(i => toOriginal.Apply(Center(i)))];
        var all = Enumerable.Range(0, centers.Length);
        var best = centers[all.OrderByDescending(i => IsInside(centers[i])).ThenByDescending(i => _cells[i]).First()];
        return new(Math.Clamp(best.X, 0, _width), Math.Clamp(best.Y, 0, _height));
    }

    private Point2D Center(int cell) => new(
        _grid.FirstCenter + cell % _columns * _grid.Stride,
        _grid.FirstCenter + cell / _columns * _grid.Stride);

    private double MeasureInside()
    {
        var toOriginal = _grid.ToInput.Invert();
        var (inside, all) = (0.0, 0.0);
        for (var y = 0; y < _grid.InputHeight; y++)
        {
            for (var x = 0; x < _grid.InputWidth; x++)
            {
                var heat = AtInput(x + 0.5, y + 0.5);
                all += heat;
                if (IsInside(toOriginal.Apply(new(x + 0.5, y + 0.5))))
                    inside += heat;
            }
        }
        return inside / all;
    }

    private static Point2D[] Corners(int width, int height) =>
        [new(0, 0), new(width, 0), new(width, height), new(0, height)];

    private bool IsInside(Point2D place) => place.X >= 0 && place.Y >= 0 && place.X <= _width && place.Y <= _height;
}

/// <summary>Where the cells of a model's last map lie on an image.</summary>
/// <param name="ToInput">The transform from original pixels to input pixels.</param>
/// <param name="InputWidth">Of what the model was shown, px.</param>
/// <param name="InputHeight">Of what the model was shown, px.</param>
/// <param name="Stride">Input pixels from one cell's centre to the next.</param>
/// <param name="FirstCenter">Input pixels from the input's edge to the first cell's centre, in both directions.</param>
internal sealed record HeatGrid(
    AffineTransform ToInput, int InputWidth, int InputHeight, double Stride, double FirstCenter);
