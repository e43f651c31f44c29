using Marrow.Imaging;
using Marrow.Losses;
using static TorchSharp.torch;

namespace Marrow.Tests.Losses;

/// <summary>Against the formulas in plain double numbers.</summary>
public class ConsistencyLossTests
{
    private const int Images = 6, Classes = 4;
    private static readonly SeededRandom Random = new(3);
    private readonly double[][] _original = Draw();
    private readonly double[][] _augmented = Draw();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.4, 0)]
    [InlineData(0.4, 0.6)]
    public void Of_classes_it_is_the_divergence_from_the_sharpened_answer_where_that_is_confident(
        double temperature,
        double confidence)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (Rows(_original).requires_grad_(), Rows(_augmented).requires_grad_());
        var found = ConsistencyLoss.Softmax(x, y, temperature, confidence);
        found.Loss.sum().backward();
        for (var i = 0; i < Images; i++)
        {
            var certainty = Softmax(_original[i]).Max();
            var (p, q) = (Softmax([.. _original[i].Select(v => v / temperature)]), Softmax(_augmented[i]));
            var expected = certainty < confidence ? 0 : p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
            Assert.Equal(certainty, found.Confidence[i].item<float>(), 1e-5);
            Assert.Equal(certainty < confidence ? 0 : 1, found.Accepted[i].item<float>());
            Assert.Equal(expected, found.Loss[i].item<float>(), 1e-4);
            // The derivative of the divergence by the augmented image's logits is q - p.
            for (var c = 0; c < Classes; c++)
                Assert.Equal(certainty < confidence ? 0 : q[c] - p[c], y.grad![i, c].item<float>(), 1e-4);
        }
        Assert.True(x.grad is null);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.4, 0.8)]
    public void Of_findings_it_is_the_same_with_the_two_states_of_each(double temperature, double confidence)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (Rows(_original).requires_grad_(), Rows(_augmented).requires_grad_());
        var found = ConsistencyLoss.Bernoulli(x, y, temperature, confidence);
        found.Loss.sum().backward();
        var accepted = 0;
        for (var i = 0; i < Images; i++)
        {
            for (var c = 0; c < Classes; c++)
            {
                var certainty = Softmax([_original[i][c], 0]).Max();
                var (p, q) = (Softmax([_original[i][c] / temperature, 0]), Softmax([_augmented[i][c], 0]));
                var counts = certainty >= confidence;
                accepted += counts ? 1 : 0;
                Assert.Equal(
                    counts ? p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum() : 0,
                    found.Loss[i, c].item<float>(),
                    1e-4);
                Assert.Equal(counts ? q[0] - p[0] : 0, y.grad![i, c].item<float>(), 1e-4);
            }
        }
        Assert.Equal(accepted, found.Accepted.sum().item<float>());
        Assert.True(x.grad is null);
    }

    [Fact]
    public void An_answer_that_is_certain_beyond_float_gives_finite_numbers()
    {
        using var scope = NewDisposeScope();
        var (sure, opposite) = (
            tensor(
                new float[,]
                {
                    { 300, -300 },
                }
            ),
            tensor(
                    new float[,]
                    {
                        { -300, 300 },
                    }
                )
                .requires_grad_());
        var loss =
            ConsistencyLoss.Softmax(sure, opposite, 0.4, 0.8).Loss.sum()
            + ConsistencyLoss.Bernoulli(sure, opposite, 0.4, 0.8).Loss.sum();
        loss.backward();
        Assert.Equal(600 + 600, loss.item<float>(), 1e-3);
        Assert.True(opposite.grad!.isfinite().all().item<bool>());
    }

    [Fact]
    public void Of_angles_it_is_the_distance_to_the_mean_of_image_and_mirror_image_where_the_two_agree()
    {
        using var scope = NewDisposeScope();
        var original = tensor(new float[,] { { 30, 10, 20 }, { 30, 10, 20 } });
        var mirrored = tensor(new float[,] { { 34, 10, 22 }, { 2, 40, 8 } });
        var augmented = tensor(new float[,] { { 36, 10.5f, 21 }, { 0, 0, 0 } });
        var found = ConsistencyLoss.Angles(original, mirrored, augmented, 0.8);
        Assert.Equal(1 - 6.0 / 126, found.Confidence[0].item<float>(), 1e-5);
        Assert.Equal(1 - 70.0 / 110, found.Confidence[1].item<float>(), 1e-5);
        // 32, 10 and 21 degrees: off by 4, 0.5 and 0, in units of 20; linear above 0.1 of them.
        Assert.Equal((0.2 - 0.05 + 0.025 * 0.025 / 0.2 + 0) / 3, found.Loss[0].item<float>(), 1e-5);
        Assert.Equal(0, found.Loss[1].item<float>());
    }

    [Fact]
    public void Numbers_are_believed_where_the_mirror_image_has_the_same_in_deviations()
    {
        var original = tensor(new float[,] { { -1, 100 }, { 0, 0 } });
        var mirrored = tensor(new float[,] { { -0.6f, 110 }, { 4, 100 } });
        var augmented = tensor(new float[,] { { -0.8f, 125 }, { 9, 9 } });
        var found = ConsistencyLoss.Numbers(original, mirrored, augmented, tensor(new float[] { 1, 50 }), 0.8);
        Assert.Equal(1 - 0.5 * (0.4 + 0.2) / 2, found.Confidence[0].item<float>(), 1e-5);
        Assert.Equal(0, found.Confidence[1].item<float>()); // 3 deviations apart
        // -0.8 and 105: off by 0 and by 0.4 deviations; a square below 0.5 of them.
        Assert.Equal(0.4 * 0.4 / (2 * 0.5) / 2, found.Loss[0].item<float>(), 1e-5);
        Assert.Equal(0, found.Loss[1].item<float>());
    }

    [Fact]
    public void The_scale_of_numbers_changes_nothing()
    {
        var (a, m, b) = (Rows(Draw()), Rows(Draw()), Rows(Draw()));
        var deviation = ones(Classes);
        var one = ConsistencyLoss.Numbers(a, m, b, deviation, 0.3);
        var other = ConsistencyLoss.Numbers(a * 7, m * 7, b * 7, deviation * 7, 0.3);
        Assert.True(one.Loss.allclose(other.Loss, 1e-4, 1e-5));
        Assert.True(one.Confidence.allclose(other.Confidence, 1e-4, 1e-5));
    }

    private static double[][] Draw() =>
        [
            .. Enumerable
                .Range(0, Images)
                .Select(_ => Enumerable.Range(0, Classes).Select(_ => 2 * Random.NextGaussian()).ToArray()),
        ];

    private static Tensor Rows(double[][] rows) =>
        tensor(rows.SelectMany(r => r).Select(v => (float)v).ToArray(), [Images, Classes]);

    private static double[] Softmax(double[] logits)
    {
        var powers = logits.Select(Math.Exp).ToArray();
        return [.. powers.Select(p => p / powers.Sum())];
    }
}
