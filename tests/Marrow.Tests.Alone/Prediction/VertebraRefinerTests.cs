using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Points;
using TorchSharp;

namespace Marrow.Tests.Prediction;

public sealed class VertebraRefinerTests : IDisposable
{
    private const int Width = 224, Height = 640;

    private static readonly InputContract Contract = new()
    {
        Width = 32,
        Height = 32,
        Fit = Fit.Letterbox,
        Crop = new(CropRegion.Vertebra, 0.4, "d", "sha256:0"),
    };

    private readonly PointsTask _task;
    private readonly VertebraRefiner _refiner;

    public VertebraRefinerTests()
    {
        torch.manual_seed(3);
        var spec = new ModelSpec { Architecture = "points-densenet-mini", Outputs = 4 };
        var model = (PointLocator)ModelCatalogue.Create(spec);
        model.eval();
        _task = new(model, spec, Contract, new(CroppedSamples.CornerNames, false, []));
        _refiner = new(_task, Compute.Float32);
    }

    public void Dispose() => _task.Dispose();

    private static Radiograph Film(bool mirrored) => TestImages.Make(Width, Height, (x, y) =>
    {
        var at = mirrored ? Width - 1 - x : x;
        return (int)(127 + 60 * Math.Sin(at / 9.0 + y / 40.0) + 60 * Math.Cos(y / 7.0));
    });

    [Fact]
    public void A_mirrored_film_has_the_mirrored_corners()
    {
        var mirror = new AffineTransform(-1, 0, Width, 0, 1, 0);
        var spine = new DetectedSpine(Width, Height, RandomSpine.Create(new SeededRandom(2)), Vertebra.Count);
        var refined = _refiner.Refine(Film(false), spine);
        var mirrored = _refiner.Refine(
            Film(true),
            spine with
            {
                Vertebrae = [.. spine.Vertebrae.Select(v => v.Transform(mirror))],
            }
        );
        Assert.All(refined.Zip(mirrored), p =>
            Assert.InRange(RandomSpine.LargestDistance(p.First.Transform(mirror), p.Second), 0, 0.5));
    }

    [Fact]
    public void Corners_that_make_no_vertebra_or_another_one_are_not_taken()
    {
        var spine = new DetectedSpine(Width, Height, RandomSpine.Create(new SeededRandom(2)), Vertebra.Count);
        foreach (var (before, after) in spine.Vertebrae.Zip(_refiner.Refine(Film(false), spine)))
        {
            Assert.True(after.Axis.X > 0 && after.LowerMidpoint.Y > after.UpperMidpoint.Y);
            Assert.InRange(
                after.Center.DistanceTo(before.Center),
                0,
                0.5 * before.UpperMidpoint.DistanceTo(before.LowerMidpoint));
        }
        Assert.Equal(spine.Vertebrae, _refiner.Refine(Film(false), spine with { Seen = 0 }));
    }
}
