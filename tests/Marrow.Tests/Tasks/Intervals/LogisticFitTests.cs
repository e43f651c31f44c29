using Marrow.Imaging;
using Marrow.Tasks.Intervals;

namespace Marrow.Tests.Tasks.Intervals;

public class LogisticFitTests
{
    /// <summary>
    /// At the solution the derivatives of the penalised loss vanish; they are taken here by differences of the loss
    /// itself, of the raw numbers.
    /// </summary>
    [Theory]
    [InlineData(0.01)]
    [InlineData(1)]
    [InlineData(30)]
    public void The_solution_is_where_the_penalised_loss_is_lowest(double ridge)
    {
        var random = new SeededRandom(4);
        double[][] rows =
            [.. Enumerable.Range(0, 200).Select(_ => (double[])[random.NextGaussian() * 3 + 7, random.Uniform(-2, 0)])];
        bool[] holds = [.. rows.Select(row => random.Uniform(0, 1) < 1 / (1 + Math.Exp(row[0] - 7 - row[1])))];
        var found = LogisticFit.Of(rows, holds, ridge);
        var lowest = Loss(found);
        for (var k = 0; k < found.Length; k++)
        {
            foreach (var step in (double[])[1e-4, -1e-4])
            {
                double[] other = [.. found];
                other[k] += step;
                Assert.True(Loss(other) > lowest, $"{k} by {step}");
            }
            const double near = 1e-5;
            double[] more = [.. found], less = [.. found];
            (more[k], less[k]) = (found[k] + near, found[k] - near);
            Assert.Equal(0, (Loss(more) - Loss(less)) / (2 * near), 1e-3); // the loss has some 100
        }

        double Loss(double[] slopes)
        {
            var positives = holds.Count(h => h);
            var (high, low) = ((positives + 1.0) / (positives + 2), 1.0 / (holds.Length - positives + 2));
            var loss = 0.0;
            for (var n = 0; n < rows.Length; n++)
            {
                var probability = 1 / (1 + Math.Exp(-(slopes[0] + slopes[1] * rows[n][0] + slopes[2] * rows[n][1])));
                var target = holds[n] ? high : low;
                loss -= target * Math.Log(probability) + (1 - target) * Math.Log(1 - probability);
            }
            for (var k = 0; k < 2; k++)
            {
                var mean = rows.Average(row => row[k]);
                loss += ridge / 2 * slopes[k + 1] * slopes[k + 1] * rows.Average(row => Math.Pow(row[k] - mean, 2));
            }
            return loss;
        }
    }

    [Fact]
    public void Where_all_films_are_alike_the_probability_is_their_share_a_little_off_0_and_1()
    {
        double[][] rows = [.. Enumerable.Range(0, 30).Select(n => (double[])[n, 5])];
        var always = LogisticFit.Of(rows, [.. rows.Select(_ => true)], 1);
        Assert.Equal(31 / 32.0, LogisticFit.Probability(always[0] + always[1] * 10 + always[2] * 5), 1e-9);
        Assert.Equal(0, always[2]);
        var never = LogisticFit.Of(rows, [.. rows.Select(_ => false)], 1);
        Assert.Equal(1 / 32.0, LogisticFit.Probability(never[0] + never[1] * 10 + never[2] * 5), 1e-9);
    }

    [Fact]
    public void Films_that_can_be_told_apart_without_error_still_have_a_finite_solution()
    {
        double[][] rows = [.. Enumerable.Range(0, 40).Select(n => (double[])[n])];
        var found = LogisticFit.Of(rows, [.. rows.Select(row => row[0] < 20)], 1);
        Assert.All(found, slope => Assert.True(double.IsFinite(slope)));
        Assert.InRange(LogisticFit.Probability(found[0]), 0.8, 0.999);
        Assert.InRange(LogisticFit.Probability(found[0] + 39 * found[1]), 0.001, 0.2);
    }
}
