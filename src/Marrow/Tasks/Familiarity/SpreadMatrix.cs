namespace Marrow.Tasks.Familiarity;

/// <summary>
/// The spread of some numbers about their mean, as the lower triangle of its covariance's Cholesky factor, row by row.
/// </summary>
internal static class SpreadMatrix
{
    /// <summary>How many values the triangle of so many numbers has.</summary>
    public static int Size(int numbers) => numbers * (numbers + 1) / 2;

    /// <summary>
    /// Returns the factor of the covariance of the rows, shrunk towards a diagonal as far as so few rows demand (Ledoit
    /// and Wolf 2004, of the numbers divided by their deviations).
    /// </summary>
    /// <param name="rows">[N][K], two or more.</param>
    /// <param name="mean">Their mean, [K].</param>
    public static double[] Of(IReadOnlyList<double[]> rows, double[] mean)
    {
        var (count, numbers) = (rows.Count, mean.Length);
        var deviations = new double[numbers];
        for (var i = 0; i < numbers; i++)
        {
            var deviation = Math.Sqrt(rows.Average(row => (row[i] - mean[i]) * (row[i] - mean[i])));
            deviations[i] = Math.Max(deviation, 1e-6); // a number that never varies
        }
        double[][] units = [.. rows.Select(row => row.Select((x, i) => (x - mean[i]) / deviations[i]).ToArray())];
        var covariance = new double[numbers, numbers];
        foreach (var unit in units)
        {
            for (var i = 0; i < numbers; i++)
            {
                for (var j = 0; j <= i; j++)
                    covariance[i, j] += unit[i] * unit[j] / count;
            }
        }
        var share = Shrinkage(units, covariance);
        for (var i = 0; i < numbers; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var shrunk = (1 - share) * covariance[i, j] + (i == j ? share : 0);
                covariance[i, j] = shrunk * deviations[i] * deviations[j];
            }
        }
        return Factor(covariance, numbers);
    }

    /// <summary>
    /// Returns the distance from the mean in deviations, as the root of the mean square over the numbers, so that it is
    /// about 1 for what the spread was measured on (Mahalanobis).
    /// </summary>
    public static double Distance(double[] row, IReadOnlyList<double> mean, IReadOnlyList<double> factor)
    {
        var numbers = mean.Count;
        var solved = new double[numbers];
        var (sum, at) = (0.0, 0);
        for (var i = 0; i < numbers; i++)
        {
            var left = row[i] - mean[i];
            for (var j = 0; j < i; j++)
                left -= factor[at++] * solved[j];
            solved[i] = left / factor[at++];
            sum += solved[i] * solved[i];
        }
        return Math.Sqrt(sum / numbers);
    }

    /// <summary>
    /// Returns the share of the diagonal: how much the covariance of so few rows errs, as a share of how far it is from
    /// the diagonal.
    /// </summary>
    private static double Shrinkage(double[][] units, double[,] covariance)
    {
        var numbers = covariance.GetLength(0);
        var (distance, error) = (0.0, 0.0);
        for (var i = 0; i < numbers; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var weight = i == j ? 1 : 2; // the other triangle
                var (value, target) = (covariance[i, j], i == j ? 1.0 : 0.0);
                distance += weight * (value - target) * (value - target);
                foreach (var unit in units)
                {
                    var off = unit[i] * unit[j] - value;
                    error += weight * off * off;
                }
            }
        }
        error /= (double)units.Length * units.Length;
        return distance > 0 ? Math.Clamp(error / distance, 1e-3, 1) : 1;
    }

    private static double[] Factor(double[,] covariance, int numbers)
    {
        var factor = new double[Size(numbers)];
        for (var i = 0; i < numbers; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = covariance[i, j];
                for (var k = 0; k < j; k++)
                    sum -= factor[Size(i) + k] * factor[Size(j) + k];
                factor[Size(i) + j] = i == j ? Math.Sqrt(sum) : sum / factor[Size(j) + j];
            }
        }
        return factor;
    }
}
