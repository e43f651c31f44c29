namespace Marrow.Tasks.Intervals;

/// <summary>
/// A logistic regression of a few numbers, kept small by a penalty on its slopes (ridge) and by targets a little off 0
/// and 1 (Platt 1999), so that it has a finite solution also where all films are alike. Newton's method: the loss is
/// convex.
/// </summary>
internal static class LogisticFit
{
    private const int MostSteps = 50;
    private const double Converged = 1e-10;

    /// <summary>Returns the probability of a logit.</summary>
    public static double Probability(double logit) => 1 / (1 + Math.Exp(-logit));

    /// <summary>Returns the intercept and the slopes, [1 + K].</summary>
    /// <param name="rows">What is known, [N][K].</param>
    /// <param name="holds">What came of it, [N].</param>
    /// <param name="ridge">The penalty on the square of each slope, of the numbers divided by their deviations.</param>
    public static double[] Of(IReadOnlyList<double[]> rows, IReadOnlyList<bool> holds, double ridge)
    {
        var numbers = rows[0].Length;
        double[] means = [.. Enumerable.Range(0, numbers).Select(k => rows.Average(row => row[k]))];
        double[] deviations =
        [
            .. means.Select((mean, k) => Math.Sqrt(rows.Average(row => (row[k] - mean) * (row[k] - mean))))
                .Select(deviation => deviation > Converged ? deviation : 1), // one that never varies has no slope
        ];
        double[][] x = [.. rows.Select(row => (double[])[1, .. row.Select((v, k) => (v - means[k]) / deviations[k])])];
        var positives = holds.Count(h => h);
        var (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (holds.Count - positives + 2.0));
        double[] targets = [.. holds.Select(h => h ? high : low)];
        var slopes = Newton(x, targets, ridge);
        double[] raw = [.. slopes.Skip(1).Select((slope, k) => slope / deviations[k])];
        return [slopes[0] - raw.Select((slope, k) => slope * means[k]).Sum(), .. raw];
    }

    private static double[] Newton(double[][] x, double[] targets, double ridge)
    {
        var length = x[0].Length;
        var slopes = new double[length];
        for (var step = 0; step < MostSteps; step++)
        {
            var (gradient, curvature) = (new double[length], new double[length, length]);
            foreach (var (n, row) in x.Index())
            {
                var probability = Probability(row.Zip(slopes, (a, b) => a * b).Sum());
                for (var i = 0; i < length; i++)
                {
                    gradient[i] += (targets[n] - probability) * row[i];
                    for (var j = 0; j < length; j++)
                        curvature[i, j] += probability * (1 - probability) * row[i] * row[j];
                }
            }
            for (var i = 1; i < length; i++) // the intercept is free
            {
                gradient[i] -= ridge * slopes[i];
                curvature[i, i] += ridge;
            }
            var change = Solve(curvature, gradient);
            for (var i = 0; i < length; i++)
                slopes[i] += change[i];
            if (change.Max(Math.Abs) < Converged)
                break;
        }
        return slopes;
    }

    /// <summary>Solves a positive definite system by elimination. It changes its arguments.</summary>
    private static double[] Solve(double[,] a, double[] b)
    {
        for (var i = 0; i < b.Length; i++)
        {
            for (var row = i + 1; row < b.Length; row++)
            {
                var factor = a[row, i] / a[i, i];
                for (var column = i; column < b.Length; column++)
                    a[row, column] -= factor * a[i, column];
                b[row] -= factor * b[i];
            }
        }
        var solution = new double[b.Length];
        for (var i = b.Length - 1; i >= 0; i--)
        {
            var left = b[i];
            for (var column = i + 1; column < b.Length; column++)
                left -= a[i, column] * solution[column];
            solution[i] = left / a[i, i];
        }
        return solution;
    }
}
