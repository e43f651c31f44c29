using Marrow.Tasks;
using Marrow.Training.Methods;
using Marrow.Training.Recipes;
using static TorchSharp.torch;

namespace Marrow.Tests.Training.Methods;

public class SignalAnnealingTests
{
    [Theory]
    [InlineData(nameof(Annealing.Linear))]
    [InlineData(nameof(Annealing.Exp))]
    [InlineData(nameof(Annealing.Log))]
    public void The_threshold_rises_from_chance_to_certainty(string name)
    {
        var annealing = Enum.Parse<Annealing>(name);
        // t, e^(5(t - 1)), 1 - e^(-5t): within 1 % of 0 at the beginning and of 1 at the end.
        var shares = Enumerable.Range(0, 101).Select(i => AnnealingCourse.Share(annealing, i / 100.0)).ToList();
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(0.25, SignalAnnealing.Threshold(shares[0], 4), 0.01);
        Assert.Equal(1, SignalAnnealing.Threshold(shares[100], 4), 0.01);
        Assert.Equal(
            annealing switch
            {
                Annealing.Exp => Math.Exp(-2.5),
                Annealing.Log => 1 - Math.Exp(-2.5),
                _ => 0.5,
            },
            shares[50],
            1e-12);
    }

    [Fact]
    public void Labels_that_are_known_too_well_become_unknown()
    {
        using var scope = NewDisposeScope();
        // Probabilities of the true class: 0.9, 0.4, and 0.9 of a class that does not hold.
        var logits = tensor(
                new double[,]
                {
                    { Math.Log(9), 0 },
                    { Math.Log(2.0 / 3), 0 },
                    { Math.Log(9), 0 },
                }
            )
            .to(float32);
        var labels = tensor(new float[,] { { 1, 0 }, { 1, 0 }, { 0, 1 } });
        // Two classes, threshold 0.5 + 0.7 / 2 = 0.85.
        var left = SignalAnnealing.DropKnown(labels, logits, 0.7);
        Assert.True(left[0].isnan().all().item<bool>());
        Assert.True(left[1..].Equals(labels[1..]));
        Assert.True(SignalAnnealing.DropKnown(labels, logits, 0.9).Equals(labels)); // 0.95
    }

    [Fact]
    public void Findings_are_judged_one_by_one_with_soft_and_unknown_labels_among_them()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[,] { { 3, -3, 3, 0 } }); // p 0.95, 0.05, 0.95, 0.5
        var labels = tensor(
            new[,]
            {
                { 1, 0, 0.3f, float.NaN },
            }
        ); // right with 0.95, 0.95, 0.3 * 0.95 + 0.7 * 0.05 = 0.32
        var left = SignalAnnealing.DropKnownFindings(labels, logits, 0.5); // threshold 0.75
        Assert.Equal([true, true, false, true], left.isnan().data<bool>().ToArray());
        Assert.Equal(0.3f, left[0, 2].item<float>());
    }
}
