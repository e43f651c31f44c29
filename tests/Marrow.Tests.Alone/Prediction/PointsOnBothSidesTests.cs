using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Points;
using TorchSharp;

namespace Marrow.Tests.Prediction;

/// <summary>Crops about points, looked at together with their mirror images.</summary>
public class PointsOnBothSidesTests
{
    private const int Width = 32, Height = 48;

    [Fact]
    public void The_mirror_image_has_the_mirrored_points_under_each_others_names()
    {
        torch.manual_seed(3);
        var spec = new ModelSpec { Architecture = "points-densenet-mini", Outputs = 3 };
        var input = new InputContract { Width = Width, Height = Height };
        var model = (PointLocator)ModelCatalogue.Create(spec);
        model.eval();
        using var task = new PointsTask(model, spec, input, new(["left", "right", "middle"], false, []));
        using var images = torch.randn(2, 1, Height, Width);
        using var flipped = images.flip(3);
        int[] mirrored = [1, 0, 2];

        var both = task.PointsOnBothSides(images, mirrored, Compute.Float32);
        var turned = task.PointsOnBothSides(flipped, mirrored, Compute.Float32);
        Assert.All(both.Zip(turned), pair => Assert.All(mirrored.Index(), k =>
        {
            var (here, there) = (pair.First[k.Index], pair.Second[k.Item]);
            Assert.Equal(here.Place.X, Width - there.Place.X, 1e-3);
            Assert.Equal(here.Place.Y, there.Place.Y, 1e-3);
            Assert.Equal(here.Score, there.Score, 1e-6);
        }));

        var alone = task.PointsOnBothSides(images, [], Compute.Float32);
        Assert.Equal(
            task.PointsOf(images, Compute.Float32).SelectMany(points => points.Select(p => p.Place)),
            alone.SelectMany(points => points.Select(p => p.Place)));
    }
}
