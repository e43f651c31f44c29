using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class StudentTTests
{
    /// <summary>Printed tables; scipy.stats.t.ppf(0.975, n) and (0.995, n) give the same.</summary>
    [Theory]
    [InlineData(0.95, 1, 12.7062047)]
    [InlineData(0.95, 2, 4.3026527)]
    [InlineData(0.95, 3, 3.1824463)]
    [InlineData(0.95, 4, 2.7764451)]
    [InlineData(0.95, 9, 2.2621572)]
    [InlineData(0.95, 30, 2.0422725)]
    [InlineData(0.95, 99, 1.9842169)]
    [InlineData(0.99, 5, 4.0321430)]
    public void Quantiles_are_those_of_the_tables(double share, int degrees, double t) =>
        Assert.Equal(t, StudentT.Within(share, degrees), 1e-6);

    [Fact]
    public void The_interval_of_a_mean_is_the_textbooks() =>
        Assert.Equal(4.3026527 * Math.Sqrt(1.0 / 3), StudentT.HalfWidth95([1, 2, 3]), 6); // variance 1, n 3

    [Fact]
    public void One_value_has_no_interval() => Assert.True(double.IsNaN(StudentT.HalfWidth95([5])));

    [Fact]
    public void One_value_a_group_is_the_prediction_interval_of_the_textbook() =>
        Assert.Equal( // mean 2, variance 1, n 3, and the t of 95 % on one side
            2 + 2.9199856 * Math.Sqrt(1 + 1.0 / 3), StudentT.Farthest([("a", 1), ("b", 2), ("c", 3)], 0.05), 1e-6);

    [Fact]
    public void About_as_many_new_patients_lie_beyond_as_were_to_where_each_has_many_values_alike()
    {
        var random = new SeededRandom(3);
        var beyond = 0;
        const int trials = 4000;
        for (var i = 0; i < trials; i++)
        {
            var bound = StudentT.Farthest(Enumerable.Range(0, 6).SelectMany(Patient), 0.05);
            beyond += Patient(6).First().Value > bound ? 1 : 0;
        }

        Assert.InRange(beyond / (double)trials, 0.04, 0.065);

        IEnumerable<(string Group, double Value)> Patient(int n)
        {
            var own = random.NextGaussian();
            return [.. Enumerable.Range(0, 1 + n).Select(_ => ($"{n}", own + 0.3 * random.NextGaussian()))];
        }
    }
}
