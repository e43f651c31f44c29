using Marrow.Imaging;

namespace Marrow.Training.Ranking;

/// <summary>
/// Spearman's rho (Pearson's r of the ranks, equal values sharing their mean rank) and Kendall's tau-b (1945), each
/// with the one-sided p of a permutation test: exact up to eight values, by so many random orders beyond.
/// </summary>
internal static class RankCorrelation
{
    private const int MostForAllOrders = 8; // 40,320 orders
    private const int DrawnOrders = 20_000;
    private const double Rounding = 1e-12;

    /// <summary>Returns Spearman's rank correlation; NaN when all values of one list are equal.</summary>
    public static double Spearman(IReadOnlyList<double> a, IReadOnlyList<double> b) => Pearson(Ranks(a), Ranks(b));

    /// <summary>Returns Kendall's rank correlation; NaN when all values of one list are equal.</summary>
    public static double Kendall(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        double sum = 0, inA = 0, inB = 0;
        for (var i = 0; i < a.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (x, y) = (Math.Sign(a[i] - a[j]), Math.Sign(b[i] - b[j]));
                sum += x * y;
                inA += x * x;
                inB += y * y;
            }
        }
        return sum / Math.Sqrt(inA * inB);
    }

    /// <summary>
    /// Returns the share of the orders of <paramref name="b"/> for which <paramref name="statistic"/> with
    /// <paramref name="a"/> is at least as high.
    /// </summary>
    public static double PermutationP(
        IReadOnlyList<double> a,
        IReadOnlyList<double> b,
        Func<IReadOnlyList<double>, IReadOnlyList<double>, double> statistic)
    {
        var observed = statistic(a, b);
        if (double.IsNaN(observed))
            return double.NaN;
        long asHigh = 0, orders = 0;
        foreach (var order in b.Count <= MostForAllOrders ? AllOrders([.. b], 0) : RandomOrders([.. b]))
        {
            asHigh += statistic(a, order) >= observed - Rounding ? 1 : 0;
            orders++;
        }
        return asHigh / (double)orders;
    }

    internal static double[] Ranks(IReadOnlyList<double> values) =>
        [.. values.Select(v => values.Count(o => o < v) + (values.Count(o => o == v) + 1) / 2.0)];

    private static double Pearson(double[] a, double[] b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        double ab = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++)
        {
            var (x, y) = (a[i] - meanA, b[i] - meanB);
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
        }
        return ab / Math.Sqrt(aa * bb);
    }

    /// <summary>Returns all orders of the values. It is the same array each time, reordered.</summary>
    private static IEnumerable<double[]> AllOrders(double[] values, int from)
    {
        if (from >= values.Length - 1)
        {
            yield return values;
            yield break;
        }
        for (var i = from; i < values.Length; i++)
        {
            (values[from], values[i]) = (values[i], values[from]);
            foreach (var order in AllOrders(values, from + 1))
                yield return order;
            (values[from], values[i]) = (values[i], values[from]);
        }
    }

    private static IEnumerable<double[]> RandomOrders(double[] values)
    {
        var random = new SeededRandom(1);
        yield return values;
        for (var i = 1; i < DrawnOrders; i++)
        {
            random.Shuffle(values.AsSpan());
            yield return values;
        }
    }
}
