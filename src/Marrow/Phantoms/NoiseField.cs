using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// Smooth random unevenness of tissue (value noise: random numbers on a lattice, smoothed between), evaluated row by
/// row. Mean about 0, range -1 to 1.
/// </summary>
internal sealed class NoiseField
{
    private readonly float[] _lattice;
    private readonly int _columns;
    private readonly int _rows;
    private readonly double _perCell;
    private readonly float[] _weights;
    private readonly int[] _cells;

    /// <param name="cellPx">The size of a spot, pixels.</param>
    public NoiseField(SeededRandom random, int width, int height, double cellPx)
    {
        _perCell = 1 / Math.Max(1, cellPx);
        _columns = (int)(width * _perCell) + 2;
        _rows = (int)(height * _perCell) + 2;
        _lattice = new float[_columns * _rows];
        for (var i = 0; i < _lattice.Length; i++)
            _lattice[i] = (float)random.Uniform(-1, 1);
        (_weights, _cells) = (new float[width], new int[width]);
        for (var column = 0; column < width; column++)
        {
            var position = column * _perCell;
            _cells[column] = (int)position;
            _weights[column] = (float)PhantomMath.SmoothStep(0, 1, position - _cells[column]);
        }
    }

    /// <summary>Adds this noise times <paramref name="amplitude"/> to one row of an image.</summary>
    public void AddRow(int row, float amplitude, Span<float> values)
    {
        var position = row * _perCell;
        var cell = Math.Min((int)position, _rows - 2);
        var w = (float)PhantomMath.SmoothStep(0, 1, position - cell);
        var upper = _lattice.AsSpan(cell * _columns, _columns);
        var lower = _lattice.AsSpan((cell + 1) * _columns, _columns);
        for (var column = 0; column < values.Length; column++)
        {
            var (c, x) = (_cells[column], _weights[column]);
            var left = upper[c] + w * (lower[c] - upper[c]);
            var right = upper[c + 1] + w * (lower[c + 1] - upper[c + 1]);
            values[column] += amplitude * (left + x * (right - left));
        }
    }

    public double At(int column, int row)
    {
        var position = row * _perCell;
        var cell = Math.Min((int)position, _rows - 2);
        var w = (float)PhantomMath.SmoothStep(0, 1, position - cell);
        var i = cell * _columns + _cells[column];
        var left = _lattice[i] + w * (_lattice[i + _columns] - _lattice[i]);
        var right = _lattice[i + 1] + w * (_lattice[i + _columns + 1] - _lattice[i + 1]);
        return left + _weights[column] * (right - left);
    }
}
