namespace Marrow.Metrics;

/// <summary>
/// Student's t distribution of whole degrees of freedom, for intervals of a mean of few values (Abramowitz and Stegun
/// 1964, 26.7.3 and 26.7.4: the probability within plus and minus t as a finite sum).
/// </summary>
internal static class StudentT
{
    /// <summary>
    /// The half-width of the 95 % interval of the mean of <paramref name="values"/>; NaN for fewer than two.
    /// </summary>
    public static double HalfWidth95(IReadOnlyList<double> values)
    {
        if (values.Count < 2)
            return double.NaN;
        var (_, variance) = MeanAndVariance(values);
        return Within(0.95, values.Count - 1) * Math.Sqrt(variance / values.Count);
    }

    /// <summary>
    /// Returns the value that one of a further group exceeds with the probability <paramref name="rate"/>, if it is of
    /// the same normal distribution: a few values do not show the largest of a hundred (a prediction interval). The
    /// values of a group, such as films of one patient, are alike and do not count as so many groups: one of each is
    /// taken, and mean and variance are those expected over all ways to take them.
    /// </summary>
    /// <param name="values">Of two or more groups, each with the name of its group.</param>
    /// <param name="rate">0 to 0.5, both excluded.</param>
    public static double Farthest(IEnumerable<(string Group, double Value)> values, double rate)
    {
        var groups = (
            from value in values
            group value.Value by value.Group into own
            let center = own.Average()
            select (Mean: center, Variance: own.Average(v => (v - center) * (v - center)))).ToList();
        var (mean, between) = MeanAndVariance([.. groups.Select(g => g.Mean)]);
        var variance = between + groups.Average(g => g.Variance);
        return mean
            + Within(1 - 2 * rate, groups.Count - 1) * Math.Sqrt(variance) * Math.Sqrt(1 + 1.0 / groups.Count);
    }

    /// <summary>Returns the mean, and the variance of which the values are a sample; of two values or more.</summary>
    public static (double Mean, double Variance) MeanAndVariance(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        return (mean, values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }

    /// <summary>The t within plus and minus which the share (0 to 1, both excluded) lies.</summary>
    /// <param name="degrees">Of freedom, 1 or more.</param>
    public static double Within(double share, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degrees, 1);
        if (!(share is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "Above 0 and below 1.");
        var (low, high) = (0.0, 1.0);
        while (Share(high, degrees) < share)
            high *= 2;
        for (var i = 0; i < 100; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Share(middle, degrees) < share ? (middle, high) : (low, middle);
        }
        return (low + high) / 2;
    }

    private static double Share(double t, int degrees)
    {
        var angle = Math.Atan(t / Math.Sqrt(degrees));
        var (sin, cos) = Math.SinCos(angle);
        var sum = 0.0;
        if (degrees % 2 == 0)
        {
            for (var (k, term) = (0, 1.0); k <= degrees - 2; k += 2, term *= (k - 1.0) / k * cos * cos)
                sum += term;
            return sin * sum;
        }
        for (var (k, term) = (1, cos); k <= degrees - 2; k += 2, term *= (k - 1.0) / k * cos * cos)
            sum += term;
        return 2 / Math.PI * (angle + sin * sum);
    }
}
