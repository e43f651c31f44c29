using System.Text.Json.Serialization;

namespace Marrow.Training.Experiments;

/// <summary>
/// How many labels from scratch buy the same error. Scratch's errors are made monotone in the labels (isotonic
/// regression; Barlow et al. 1972), and read backwards, linear in the logarithm of the labels. What lies beyond the
/// labels that scratch was given is known by its bound alone.
/// </summary>
internal readonly record struct LabelSaving
{
    public LabelSaving(double factor, int bound) => (Factor, Bound) = (factor, bound);

    /// <summary>
    /// How many times as many labels scratch needs as the start does. When <see cref="Bound"/> is not 0, this is the
    /// bound.
    /// </summary>
    public double Factor { get; }

    /// <summary>
    /// Says how to read <see cref="Factor"/>: 0 when it is the factor itself; 1 when the true factor is larger, since
    /// even all labels do not bring scratch to the error; -1 when it is smaller.
    /// </summary>
    public int Bound { get; }

    /// <summary>
    /// The factor for sorting. Whatever lies beyond a bound is sorted after, or before, all known factors.
    /// </summary>
    [JsonIgnore]
    public double Place => Bound switch { > 0 => double.PositiveInfinity, < 0 => 0, _ => Factor };

    /// <param name="scratchLabels">The amounts of labels from scratch, ascending and above 0.</param>
    /// <param name="scratchErrors">The error for each amount; lower is better.</param>
    /// <param name="labels">The amount of labels of the start, above 0.</param>
    /// <param name="error">The error of the start.</param>
    public static LabelSaving Of(
        IReadOnlyList<double> scratchLabels,
        IReadOnlyList<double> scratchErrors,
        double labels,
        double error)
    {
        if (scratchLabels.Count == 0 || scratchLabels.Count != scratchErrors.Count)
            throw new ArgumentException(
                $"Expected as many errors as amounts of labels, one or more, found {scratchErrors.Count} and "
                    + $"{scratchLabels.Count}."
            );
        if (double.IsNaN(error) || scratchErrors.Any(double.IsNaN))
            return new(double.NaN, 0);
        var falling = Falling(scratchErrors);
        if (error < falling[^1])
            return new(scratchLabels[^1] / labels, 1);
        if (error > falling[0])
            return new(scratchLabels[0] / labels, -1);
        var first = Enumerable.Range(0, falling.Length).First(i => falling[i] <= error);
        if (first == 0)
            return new(scratchLabels[0] / labels, 0);
        var share = (falling[first - 1] - error) / (falling[first - 1] - falling[first]);
        return new(
            scratchLabels[first - 1] * Math.Pow(scratchLabels[first] / scratchLabels[first - 1], share) / labels,
            0);
    }

    /// <summary>
    /// Returns the nearest curve, by least squares, that never rises. Neighbours that rise are pooled until none does.
    /// </summary>
    public static double[] Falling(IReadOnlyList<double> errors)
    {
        var pools = new List<(double Sum, int Count)>();
        foreach (var error in errors)
        {
            pools.Add((error, 1));
            while (pools.Count > 1 && pools[^1].Sum / pools[^1].Count > pools[^2].Sum / pools[^2].Count)
            {
                var (sum, count) = pools[^1];
                pools.RemoveAt(pools.Count - 1);
                pools[^1] = (pools[^1].Sum + sum, pools[^1].Count + count);
            }
        }
        return [.. pools.SelectMany(p => Enumerable.Repeat(p.Sum / p.Count, p.Count))];
    }
}
