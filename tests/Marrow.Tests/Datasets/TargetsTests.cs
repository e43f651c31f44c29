using System.Reflection;
using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Tests.Datasets;

public class TargetsTests
{
    private static readonly AffineTransform Mirror = new(-1, 0, 100, 0, 1, 0);

    private static Targets Some => new()
    {
        Labels = [1, float.NaN],
        Vertebrae = ReportSamples.Spine(100, 300, 1),
        CobbDegrees = [30, 20, 10],
        Points = [new(10, 20), new(90, 20), new(double.NaN, double.NaN)],
        MirroredPoints = [1, 0, 2],
        Numbers = [3],
        Boxes = [new(0, 10, 20, 30, 60)],
        MaskPath = "mask.png",
        MaskAreas = [[new(0, 0), new(1, 0), new(0, 1)]],
    };

    /// <summary>A sample tells users of the library some of its targets alone.</summary>
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    [Fact]
    public void A_sample_without_targets_has_none_of_any_kind()
    {
        var sample = new Sample(id: "a", imagePath: "a.png", patient: "a") { Targets = Some };
        Assert.True(sample.HasKnownLabel);
        // By name, so that a kind of target that is added later is looked at too.
        foreach (var property in typeof(Targets).GetProperties().Where(p => p.CanWrite))
        {
            Assert.NotEqual(property.GetValue(Targets.None), property.GetValue(Some));
            Assert.Equal(
                property.GetValue(Targets.None), property.GetValue((sample with { Targets = Targets.None }).Targets));
            Assert.NotNull(typeof(Sample).GetProperty(property.Name, Any));
        }
        Assert.False((sample with { Targets = Targets.None }).HasKnownLabel);
    }

    [Fact]
    public void Setting_one_target_leaves_the_others()
    {
        var sample = new Sample(id: "a", imagePath: "a.png", patient: "a") { Labels = [1], Numbers = [2] } with
        {
            CobbDegrees = [3, 2, 1],
        };
        Assert.Equal((1f, 2.0, 3.0), (sample.Labels[0], sample.Targets.Numbers[0], sample.Targets.CobbDegrees[0]));
    }

    [Fact]
    public void In_a_mirror_image_sides_change_places_and_twice_mirrored_is_as_before()
    {
        var mirrored = Some.Transform(Mirror);
        Assert.Equal([new Point2D(10, 20), new Point2D(90, 20)], mirrored.Points.Take(2));
        Assert.True(double.IsNaN(mirrored.Points[2].X));
        Assert.All(mirrored.Vertebrae.Zip(Some.Vertebrae), v =>
            Assert.Equal(100 - v.Second.Center.X, v.First.Center.X, 1e-9));
        Assert.All(mirrored.Vertebrae, v => Assert.True(v.TopLeft.X < v.TopRight.X));
        var back = mirrored.Transform(Mirror);
        Assert.Equal(Some.Points.Take(2), back.Points.Take(2));
        Assert.All(back.Vertebrae.Zip(Some.Vertebrae), v => Assert.Equal(v.Second.TopLeft.X, v.First.TopLeft.X, 1e-9));
    }
}
