using Marrow.Tests.Checkpoints;
using Marrow.Training;

namespace Marrow.Tests.Training;

/// <summary>Points and numbers of a user's own CSV, from the file to a checkpoint.</summary>
[Collection(GlobalGenerator.Name)]
public class OwnTaskRunTests
{
    [Fact]
    public void Points_and_numbers_are_learnt_from_a_csv()
    {
        using var run = new PointRun();
        var results = Runner.Run(run.Request("run"), _ => { });
        double Of(int stage, string metric) => results[stage].Metrics.Single(m => m.Name == metric).Value;
        Assert.InRange(Of(0, "point-error"), 0, 5);
        Assert.InRange(Of(1, "r2"), 0.3, 1);
        Assert.Equal("px", results[1].Metrics.Single(m => m.Name == "mae").Unit);
    }
}
