using Marrow.Imaging;
using Marrow.Training.Methods;

namespace Marrow.Tests.Training.Methods;

public sealed class CollapseWatchTests
{
    private const int Total = 2000;
    private static readonly double[][] Labels = [[0, 10], [1, 20], [0, 30], [1, double.NaN]];
    private readonly SeededRandom _random = new(1);

    [Fact]
    public void Answers_that_vary_as_labels_do_are_well() => Assert.Null(Watch(accepted: 0.3, spread: 1, loss: _ => 1));

    [Fact]
    public void Rare_images_of_another_kind_are_no_collapse() =>
        Assert.Null(Watch(accepted: 0.9, spread: 0, loss: _ => 1, odd: 0.03));

    [Fact]
    public void No_accepted_answer_is_told_with_the_confidence_that_there_is()
    {
        var problem = Watch(accepted: 0, spread: 1, loss: _ => 1);
        Assert.Contains("none of its answers", problem);
        Assert.Contains("0.4 on average, teacher.confidence asks for 0.7", problem);
    }

    [Fact]
    public void The_same_answer_for_all_images_is_a_collapse() =>
        Assert.Contains("are the same", Watch(accepted: 1, spread: 0.01, loss: _ => 1));

    [Fact]
    public void A_growing_loss_on_labelled_images_is_a_collapse()
    {
        Assert.Contains("has grown from 1 to", Watch(accepted: 1, spread: 1, loss: step => step < 120 ? 1 : 5));
        Assert.Null(Watch(accepted: 1, spread: 1, loss: step => step < 60 ? 50 : 1)); // A bad beginning is none.
    }

    [Fact]
    public void Nothing_is_said_too_early()
    {
        using var watch = new CollapseWatch(Labels);
        for (var step = 0; step < 199; step++) // A tenth of the stage.
        {
            watch.AddBatch(0, 0, [[0, 0]]);
            watch.AddStep(1);
        }
        Assert.Null(watch.Problem("uda", 0.8, new(199, Total)));
        watch.AddStep(1);
        Assert.NotNull(watch.Problem("uda", 0.8, new(200, Total)));
    }

    /// <summary>What it says after 300 steps.</summary>
    /// <param name="spread">Of the answers, against that of the labels.</param>
    /// <param name="odd">Share of the images that differ from all others.</param>
    private string? Watch(double accepted, double spread, Func<int, double> loss, double odd = 0)
    {
        using var watch = new CollapseWatch(Labels);
        for (var step = 0; step < 300; step++)
        {
            double[][] answers =
            [
                .. Enumerable
                    .Range(0, 8)
                    .Select(_ =>
                    {
                        var label = Labels[_random.Next(3)];
                        var isOdd = _random.NextDouble() < odd;
                        return new[]
                        {
                            0.5 + spread * (label[0] - 0.5) + (isOdd ? 0.5 : 0),
                            20 + spread * (label[1] - 20) + (isOdd ? 10 : 0),
                        };
                    }),
            ];
            watch.AddBatch(accepted, 0.4, answers);
            watch.AddStep(loss(step));
        }
        return watch.Problem("teacher", 0.7, new(300, Total));
    }
}
