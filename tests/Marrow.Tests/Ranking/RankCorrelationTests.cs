using Marrow.Training.Ranking;

namespace Marrow.Tests.Ranking;

public class RankCorrelationTests
{
    [Fact]
    public void Spearman_and_Kendall_agree_with_scipy_also_where_values_tie()
    {
        double[] a = [3, 1, 4, 1, 5, 9, 2], b = [2, 7, 1, 8, 2, 8, 1];
        var expected = NumpyPeer.Run(new { a, b }, """
            from scipy.stats import spearmanr, kendalltau
            answer(spearmanr(data['a'], data['b'])[0], kendalltau(data['a'], data['b'])[0])
            """);
        Assert.Equal(expected[0], RankCorrelation.Spearman(a, b), 1e-12);
        Assert.Equal(expected[1], RankCorrelation.Kendall(a, b), 1e-12);
    }

    [Fact]
    public void The_p_of_the_same_order_is_one_of_all_orders()
    {
        double[] a = [1, 2, 3, 4, 5], same = [10, 20, 30, 40, 50], back = [5, 4, 3, 2, 1];
        Assert.Equal(1 / 120.0, RankCorrelation.PermutationP(a, same, RankCorrelation.Spearman), 1e-12);
        Assert.Equal(1 / 120.0, RankCorrelation.PermutationP(a, same, RankCorrelation.Kendall), 1e-12);
        Assert.Equal(1, RankCorrelation.PermutationP(a, back, RankCorrelation.Kendall), 1e-12);
        Assert.Equal([10, 20, 30, 40, 50], same);
    }

    [Fact]
    public void Kendalls_p_is_the_exact_one_of_scipy()
    {
        double[] a = [1, 2, 3, 4, 5, 6, 7], b = [2, 1, 3, 5, 4, 7, 6];
        var expected = NumpyPeer.Run(new { a, b }, """
            from scipy.stats import kendalltau
            answer(kendalltau(data['a'], data['b'], method='exact')[1])
            """);
        // theirs has two sides
        Assert.Equal(expected[0] / 2, RankCorrelation.PermutationP(a, b, RankCorrelation.Kendall), 1e-12);
    }

    [Fact]
    public void Many_candidates_are_compared_with_orders_drawn_at_random()
    {
        double[] a = [.. Enumerable.Range(0, 12).Select(i => (double)i)], b = [.. a.Select(v => v % 3 == 0 ? -v : v)];
        var p = RankCorrelation.PermutationP(a, b, RankCorrelation.Spearman);
        Assert.InRange(p, 0.05, 0.95);
        Assert.Equal(p, RankCorrelation.PermutationP(a, b, RankCorrelation.Spearman));
        Assert.True(double.IsNaN(RankCorrelation.PermutationP([1, 1, 1], [1, 2, 3], RankCorrelation.Spearman)));
    }
}
