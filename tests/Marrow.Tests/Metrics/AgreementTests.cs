using CsCheck;
using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class AgreementTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };

    private static readonly Gen<(double Truth, double Predicted)[]> Pairs =
        Gen.Select(Gen.Double[0, 90], Gen.Double[0, 90]).Array[3, 30];

    private static int[] Ones(int count) => [.. Enumerable.Repeat(1, count)];

    /// <summary>The six targets and four judges of Shrout and Fleiss 1979, table 2: judges 1 and 2 alone.</summary>
    [Fact]
    public void Icc_is_that_of_the_analysis_of_variance()
    {
        (double, double)[] pairs = [(9, 2), (6, 1), (8, 4), (7, 1), (10, 5), (6, 2)];
        // By hand: means 7.6667 and 2.5, of all 5.0833; rows 23.4167 / 5, columns 80.0833, residual 3.4167 / 5.
        const double rows = 23.4166667 / 5, columns = 80.0833333, residual = 3.4166667 / 5;
        var expected = (rows - residual) / (rows + residual + 2 * (columns - residual) / 6);
        Assert.Equal(expected, Agreement.Icc([pairs], Ones(6)), 1e-6);
    }

    [Fact]
    public void Icc_agrees_with_a_two_way_analysis_written_out() => Pairs.Sample(
        pairs =>
        {
            var n = pairs.Length;
            double[][] table = [.. pairs.Select(p => (double[])[p.Truth, p.Predicted])];
            var all = table.SelectMany(row => row).Average();
            double[] columns = [table.Average(row => row[0]), table.Average(row => row[1])];
            var total = table.Sum(row => row.Sum(v => (v - all) * (v - all)));
            var ofRows = table.Sum(row => 2 * Math.Pow(row.Average() - all, 2));
            var ofColumns = n * columns.Sum(c => (c - all) * (c - all));
            var (msr, msc) = (ofRows / (n - 1), ofColumns);
            var mse = (total - ofRows - ofColumns) / (n - 1);
            Assert.Equal(
                (msr - mse) / (msr + mse + 2.0 / n * (msc - mse)), Agreement.Icc([pairs], Ones(n)), 1e-9);
        },
        iter: 300);

    [Fact]
    public void A_weight_counts_a_film_as_often() => Gen.Select(Pairs, Gen.Int[0, 3].Array[30]).Sample(
        (pairs, drawn) =>
        {
            int[] weights = [.. drawn.Take(pairs.Length)];
            var repeated = pairs.SelectMany((p, i) => Enumerable.Repeat(p, weights[i])).ToArray();
            Assert.Equal(Agreement.Icc([repeated], Ones(repeated.Length)), Agreement.Icc([pairs], weights), 1e-9);
            int[] truth = [.. pairs.Select(p => (int)p.Truth / 25)];
            int[] found = [.. pairs.Select(p => (int)p.Predicted / 25)];
            int[] Repeated(int[] classes) =>
                [.. classes.SelectMany((c, i) => Enumerable.Repeat(c, weights[i]))];
            Assert.Equal(
                Agreement.QuadraticKappa(Repeated(truth), Repeated(found), 4, Ones(repeated.Length)),
                Agreement.QuadraticKappa(truth, found, 4, weights),
                1e-9);
        },
        iter: 200);

    [Fact]
    public void An_offset_lowers_icc_but_not_pearson()
    {
        (double, double)[] pairs = [(10, 20), (20, 30), (30, 40), (50, 60)];
        Assert.InRange(Agreement.Icc([pairs], Ones(4)), 0.1, 0.95);
        Assert.Equal(1, Agreement.Icc([[(10, 10), (20, 20), (30, 30)]], Ones(3)), 1e-12);
        Assert.Equal(double.NaN, Agreement.Icc([[(10, 10), (10, 10)]], Ones(2)));
    }

    [Fact]
    public void Quadratic_kappa_agrees_with_scikit_learn()
    {
        var random = new SeededRandom(4);
        int[] truth = [.. Enumerable.Range(0, 200).Select(_ => random.Next(4))];
        int[] found = [.. truth.Select(t => Math.Clamp(t + random.Next(3) - 1, 0, 3))];
        var expected = NumpyPeer.Run(new { truth, found }, """
            from sklearn.metrics import cohen_kappa_score
            answer(cohen_kappa_score(data['truth'], data['found'], weights='quadratic'))
            """);
        Assert.Equal(expected[0], Agreement.QuadraticKappa(truth, found, 4, Ones(200)), 1e-12);
    }

    [Fact]
    public void Quadratic_kappa_by_hand()
    {
        // Observed (0, 1, 4, 0) / 4; expected by chance: 2, 1, 1 of the classes 0, 1, 2 against 2, 0, 2.
        const double observed = 5.0 / 4, expected = (2 * 2 * 4 + 1 * 2 * 1 + 1 * 2 * 1 + 1 * 2 * 4) / 16.0;
        Assert.Equal(1 - observed / expected, Agreement.QuadraticKappa([0, 1, 0, 2], [0, 0, 2, 2], 3, Ones(4)), 1e-12);
    }

    [Fact]
    public void Bias_limits_and_the_share_within_five_degrees_are_of_the_largest_angle()
    {
        var metrics = Agreement.Measure(
            [[10, 5], [30, 5], [50, 5]], [[15, 0], [36, 0], [49, 0]], ["a", "b", "c"], None).ToDictionary(m => m.Name);
        // Differences 5, 6, -1: mean 10/3, standard deviation 3.7859.
        Assert.Equal(10.0 / 3, metrics["bias.cobb1"].Value, 1e-12);
        Assert.Equal(10.0 / 3 + 1.96 * Math.Sqrt(43.0 / 3), metrics["agreement-high.cobb1"].Value, 1e-9);
        Assert.Equal(2.0 / 3, metrics["within-5"].Value, 1e-12);
        Assert.Equal(-5, metrics["bias.cobb2"].Value, 1e-12);
        Assert.Equal("deg", metrics["bias.cobb2"].Unit);
    }
}
