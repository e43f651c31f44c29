using Marrow.Losses;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Tests.Losses;

public class HeatmapLossTests
{
    private const int Rows = 10, Columns = 12, Width = 48, Height = 40;

    private static float[] Gaussian(double x, double y, double sigmaCells) =>
        [
            .. Enumerable
                .Range(0, Rows * Columns)
                .Select(i =>
                {
                    var (dx, dy) = (i % Columns + 0.5 - x / 4, i / Columns + 0.5 - y / 4);
                    return (float)(-(dx * dx + dy * dy) / (2 * sigmaCells * sigmaCells));
                }),
        ];

    private static double Loss(float[] heatmaps, params float[] points)
    {
        using var scope = NewDisposeScope();
        var count = points.Length / 2;
        return HeatmapLoss
            .Compute(tensor(heatmaps, [1, count, Rows, Columns]), tensor(points, [1, count, 2]), Width, Height)
            .item<float>();
    }

    [Fact]
    public void A_Gaussian_at_the_point_has_no_loss_and_one_further_away_has_more()
    {
        Assert.Equal(0, Loss(Gaussian(22, 18, 1.5), 22, 18), 1e-5);
        var near = Loss(Gaussian(26, 18, 1.5), 22, 18);
        var far = Loss(Gaussian(34, 18, 1.5), 22, 18);
        Assert.True(near > 0.1 && far > near);
    }

    [Fact]
    public void The_loss_is_the_divergence_of_two_distributions_over_the_cells()
    {
        var random = new Marrow.Imaging.SeededRandom(5);
        float[] logits = [.. Enumerable.Range(0, Rows * Columns).Select(_ => (float)random.NextGaussian())];
        var target = Softmax([.. Gaussian(13, 29, 1.5).Select(v => (double)v)]);
        var given = Softmax([.. logits.Select(v => (double)v)]);
        var expected = target.Zip(given, (q, p) => q > 0 ? q * Math.Log(q / p) : 0).Sum();
        Assert.Equal(expected, Loss(logits, 13, 29), 1e-4);

        static double[] Softmax(double[] x)
        {
            var sum = x.Sum(Math.Exp);
            return [.. x.Select(v => Math.Exp(v) / sum)];
        }
    }

    [Theory]
    [InlineData(float.NaN, float.NaN)] // not labelled
    [InlineData(-3, 10)]               // moved out of the input
    [InlineData(10, 41)]
    public void A_point_that_is_not_there_adds_no_loss_and_no_gradient(float x, float y)
    {
        using var scope = NewDisposeScope();
        var logits = tensor((float[])[.. Gaussian(10, 10, 2), .. Gaussian(30, 20, 2)], [1, 2, Rows, Columns])
            .requires_grad_();
        var loss = HeatmapLoss.Compute(logits, tensor((float[])[x, y, 22, 18], [1, 2, 2]), Width, Height);
        loss.backward();
        Assert.Equal(0, logits.grad![0, 0].abs().sum().item<float>());
        Assert.NotEqual(0, logits.grad![0, 1].abs().sum().item<float>());
        Assert.Equal(Loss(Gaussian(30, 20, 2), 22, 18), loss.item<float>(), 1e-5);
    }

    [Fact]
    public void Without_a_single_point_the_loss_is_a_zero_that_can_be_differentiated()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(Gaussian(10, 10, 2), [1, 1, Rows, Columns]).requires_grad_();
        var loss = HeatmapLoss.Compute(logits, tensor((float[])[float.NaN, float.NaN], [1, 1, 2]), Width, Height);
        loss.backward();
        Assert.Equal(0, loss.item<float>());
        Assert.Equal(0, logits.grad!.abs().sum().item<float>());
    }

    [Fact]
    public void Numbers_are_compared_in_deviations_and_blanks_add_no_loss()
    {
        using var scope = NewDisposeScope();
        var predicted = tensor(new float[,] { { 50, 3 }, { 70, 1 } }).requires_grad_();
        var loss = NumberLoss.Compute(
            predicted,
            tensor(
                new[,]
                {
                    { 40, float.NaN },
                    { 71, 1.5f },
                }
            ),
            tensor((float[])[10, 2]));
        loss.backward();
        // smooth L1 of beta 0.5: |e| - 0.25 beyond, e^2 beneath
        Assert.Equal((1 - 0.25 + 0.01 + 0.0625) / 3, loss.item<float>(), 1e-5);
        Assert.Equal(0, predicted.grad![0, 1].item<float>());
    }
}
