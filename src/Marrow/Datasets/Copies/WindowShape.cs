namespace Marrow.Datasets.Copies;

/// <summary>
/// What a window of a film shows, as <see cref="Length"/> numbers: the means of <see cref="ContrastMap"/> in
/// <see cref="Side"/> x <see cref="Side"/> cells, with mean 0 and length 1. The product of two shapes is therefore the
/// correlation of the windows.
/// </summary>
internal sealed class WindowShape
{
    public const int Side = 8;
    public const int Length = Side * Side;

    private readonly int _width;
    private readonly int _height;
    private readonly double[] _sums; // [(height + 1) * (width + 1)], of all values above and to the left

    public WindowShape(ContrastMap map)
    {
        (_width, _height) = (map.Width, map.Height);
        _sums = new double[(_width + 1) * (_height + 1)];
        for (var y = 0; y < _height; y++)
        {
            var row = 0.0;
            for (var x = 0; x < _width; x++)
            {
                row += map.Values[y * _width + x];
                _sums[(y + 1) * (_width + 1) + x + 1] = _sums[y * (_width + 1) + x + 1] + row;
            }
        }
    }

    /// <summary>Writes the shape of a window; all zeros where the window shows nothing.</summary>
    /// <param name="shape">[Length]</param>
    public void Write(FilmWindow window, Span<float> shape)
    {
        Span<double> above = stackalloc double[Side + 1];
        Span<double> below = stackalloc double[Side + 1];
        SumsAt(window, 0, above);
        for (var y = 0; y < Side; y++)
        {
            SumsAt(window, y + 1, below);
            for (var x = 0; x < Side; x++)
                shape[y * Side + x] = (float)(below[x + 1] - below[x] - above[x + 1] + above[x]);
            below.CopyTo(above);
        }
        Normalise(shape);
    }

    /// <summary>Writes the shape of the mirrored window.</summary>
    public static void Mirror(ReadOnlySpan<float> shape, Span<float> mirrored)
    {
        for (var i = 0; i < Length; i++)
            mirrored[i] = shape[i - i % Side + (Side - 1 - i % Side)];
    }

    private static void Normalise(Span<float> shape)
    {
        double sum = 0, squares = 0;
        foreach (var value in shape)
            sum += value;
        var mean = (float)(sum / Length);
        for (var i = 0; i < Length; i++)
        {
            shape[i] -= mean;
            squares += (double)shape[i] * shape[i];
        }
        var scale = squares > 1e-12 ? (float)(1 / Math.Sqrt(squares)) : 0;
        for (var i = 0; i < Length; i++)
            shape[i] *= scale;
    }

    /// <summary>The sums above a line of cells, left of each column of cells.</summary>
    private void SumsAt(FilmWindow window, int line, Span<double> sums)
    {
        var (y, dy) = Split((window.Top + window.Height * line / Side) * _height, _height);
        for (var i = 0; i <= Side; i++)
        {
            var (x, dx) = Split((window.Left + window.Width * i / Side) * _width, _width);
            var at = y * (_width + 1) + x;
            var (top, bottom) = (at, at + _width + 1);
            sums[i] = (_sums[top] * (1 - dx) + _sums[top + 1] * dx) * (1 - dy)
                + (_sums[bottom] * (1 - dx) + _sums[bottom + 1] * dx) * dy;
        }
    }

    private static (int Whole, double Share) Split(double value, int side)
    {
        var whole = Math.Clamp((int)value, 0, side - 1);
        return (whole, Math.Clamp(value - whole, 0, 1));
    }
}
