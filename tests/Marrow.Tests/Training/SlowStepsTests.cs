using Marrow.Training.Loop;

namespace Marrow.Tests.Training;

public class SlowStepsTests
{
    [Fact]
    public void Steps_that_take_three_times_as_long_are_told_of_once()
    {
        var steps = new SlowSteps();
        Assert.All(Enumerable.Repeat(0.2, 30), s => Assert.Null(steps.Add(s, 4, 0)));
        var told = Enumerable.Repeat(0.7, 30).Select(s => steps.Add(s, 4, 0)).OfType<string>().ToList();
        var message = Assert.Single(told);
        Assert.Contains(
            "steps take 3.5 times as long as the first ones (0.200 s, now 0.700 s)",
            message,
            StringComparison.Ordinal);
        Assert.Contains("--resume --threads 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_few_slow_steps_are_no_matter()
    {
        var steps = new SlowSteps();
        Assert.All(Enumerable.Range(0, 60).Select(i => i % 3 == 0 ? 2.0 : 0.2), s => Assert.Null(steps.Add(s, 4, 0)));
    }

    [Fact]
    public void The_first_steps_of_a_process_are_slow_by_right()
    {
        var steps = new SlowSteps();
        Assert.All(Enumerable.Range(0, 40).Select(i => i < 2 ? 9 : 0.2), s => Assert.Null(steps.Add(s, 4, 0)));
        Assert.Contains(Enumerable.Repeat(0.7, 9).Select(s => steps.Add(s, 4, 0)), m => m is not null);
    }

    [Fact]
    public void More_images_or_fewer_frozen_stages_are_another_kind_of_step()
    {
        var steps = new SlowSteps();
        Assert.All(Enumerable.Repeat(0.2, 30), s => Assert.Null(steps.Add(s, 4, 4)));
        Assert.All(Enumerable.Repeat(0.9, 30), s => Assert.Null(steps.Add(s, 4, 0)));
        Assert.All(Enumerable.Repeat(3.5, 30), s => Assert.Null(steps.Add(s, 12, 0)));
    }
}
