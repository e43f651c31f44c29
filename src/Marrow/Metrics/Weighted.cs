namespace Marrow.Metrics;

/// <summary>Statistics of one value an image, each image counted as often as its weight says.</summary>
internal static class Weighted
{
    public static double Mean(double[] values, int[] weights)
    {
        var (sum, count) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
            (sum, count) = (sum + weights[i] * values[i], count + weights[i]);
        return sum / count;
    }
}

/// <summary>
/// Several values an image, sorted once, so that medians over thousands of resamples of the images need no sorting.
/// </summary>
internal sealed class WeightedValues
{
    private readonly (double Value, int Image)[] _sorted;

    private WeightedValues((double Value, int Image)[] sorted) => _sorted = sorted;

    /// <param name="values">Each value with the index of its image.</param>
    public static WeightedValues Of(IEnumerable<(double Value, int Image)> values) =>
        new([.. values.OrderBy(v => v.Value)]);

    /// <summary>
    /// The median of the values, each repeated as often as its image; the mean of the middle two of an even number, NaN
    /// of none.
    /// </summary>
    public double Median(int[] weights)
    {
        var total = Total(weights);
        return total == 0 ? double.NaN : (At((total - 1) / 2) + At(total / 2)) / 2;

        double At(long place)
        {
            foreach (var (value, image) in _sorted)
            {
                place -= weights[image];
                if (place < 0)
                    return value;
            }
            throw new InvalidOperationException("The place is past the end.");
        }
    }

    /// <summary>
    /// The median of the distances from the median. The distances come in order by walking from the median outwards, to
    /// whichever side is nearer.
    /// </summary>
    public double MedianDeviation(int[] weights)
    {
        var total = Total(weights);
        if (total == 0)
            return double.NaN;
        var median = Median(weights);
        var above = Array.FindIndex(_sorted, v => v.Value >= median);
        above = above < 0 ? _sorted.Length : above;
        var (below, passed, lower) = (above - 1, 0L, double.NaN);
        while (true)
        {
            var up = above < _sorted.Length ? _sorted[above].Value - median : double.PositiveInfinity;
            var down = below >= 0 ? median - _sorted[below].Value : double.PositiveInfinity;
            passed += weights[_sorted[up <= down ? above++ : below--].Image];
            var distance = Math.Min(up, down);
            if (double.IsNaN(lower) && passed > (total - 1) / 2)
                lower = distance;
            if (passed > total / 2)
                return (lower + distance) / 2;
        }
    }

    private long Total(int[] weights) => _sorted.Sum(v => (long)weights[v.Image]);
}
