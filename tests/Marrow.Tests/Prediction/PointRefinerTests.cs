using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Tasks.Points;

namespace Marrow.Tests.Prediction;

/// <summary>The second look at points, by models that know what they see.</summary>
public class PointRefinerTests
{
    private const int Width = 300, Height = 400;
    private static readonly Radiograph Film = TestImages.Make(Width, Height, (x, y) => (x + y) % 256);

    private static readonly InputContract Input = new()
    {
        Width = 48,
        Height = 48,
        Fit = Fit.Letterbox,
        Crop = new(CropRegion.Point, 0, "first", "sha256:0", side: 0.2), // 80 px
    };

    private static DetectedPoints Found(IEnumerable<Point2D> places) =>
        new(Width, Height, [.. places], [.. places.Select(_ => 0.3)]);

    /// <summary>
    /// Refines by a model that sees each place a share of the way from the crop's middle to the truth.
    /// </summary>
    private static IReadOnlyList<RefinedPoint> Refine(
        DetectedPoints first, Point2D[] truth, PointRefinementDecoding decoding, double share = 1) =>
        new PointRefiner(Input, decoding, crops =>
        [
            .. crops.Select(crop => truth.Select(place =>
            {
                var (middle, at) = (new Point2D(24, 24), crop.ToInput.Apply(place));
                return new SeenPoint(middle + (at - middle) * share, 0.8);
            }).ToArray()),
        ]).Refine(Film, first);

    private static (Point2D[] Truth, DetectedPoints First) Random(ulong seed, int count, double error)
    {
        var random = new SeededRandom(seed);
        Point2D[] truth =
            [.. Enumerable.Range(0, count).Select(_ => new Point2D(random.Uniform(0, 300), random.Uniform(0, 400)))];
        return (truth, Found(
            [.. truth.Select(p => p + new Point2D(random.Uniform(-error, error), random.Uniform(-error, error)))]));
    }

    [Theory, InlineData(1, 0), InlineData(2, 0), InlineData(1, 0.4), InlineData(3, 0.5)]
    public void A_model_that_sees_all_points_returns_the_labels_wherever_the_first_look_put_them(
        int passes, double reach)
    {
        var decoding = new PointRefinementDecoding { Passes = passes, NeighbourReach = reach };
        for (var seed = 0ul; seed < 5; seed++)
        {
            var (truth, first) = Random(seed, 40, error: 20); // more points than are looked at in one go
            Assert.All(Refine(first, truth, decoding).Zip(truth), p =>
            {
                Assert.InRange(p.First.Place!.Value.DistanceTo(p.Second), 0, 1e-6);
                Assert.Equal(0.8, p.First.Score, 9);
                Assert.False(p.First.StaysPut);
            });
        }
    }

    [Fact]
    public void Crops_of_many_pixels_are_looked_at_fewer_at_once()
    {
        var (truth, first) = Random(3, 40, error: 5);
        foreach (var (side, most) in ((int, int)[])[(160, 40), (512, 4), (1024, 1), (2048, 1)])
        {
            var counts = new List<int>();
            new PointRefiner(
                new() { Width = side, Height = side, Fit = Fit.Letterbox, Crop = Input.Crop },
                new(),
                crops =>
                {
                    counts.Add(crops.Count);
                    return [.. crops.Select(crop => truth.Select(_ => new SeenPoint(new(0, 0), 1)).ToArray())];
                }).Refine(Film, first with { Places = [.. first.Places.Take(side > 1000 ? 2 : 40)] });
            Assert.Equal(most, counts.Max());
        }
    }

    [Fact]
    public void A_second_pass_looks_about_what_the_first_one_saw()
    {
        var (truth, first) = Random(7, 3, error: 15);
        var left = ((int[])[1, 2, 3])
            .Select(passes => Refine(first, truth, new() { Passes = passes, NeighbourReach = 0 }, share: 0.7))
            .Select(points => points.Zip(truth, (p, t) => p.Place!.Value.DistanceTo(t)).Average()).ToList();
        Assert.Equal(0.3 * left[0], left[1], 1e-6);
        Assert.Equal(0.3 * left[1], left[2], 1e-6);
    }

    [Fact]
    public void A_point_that_would_go_far_stays_and_says_so_and_one_that_was_not_found_is_none()
    {
        Point2D[] truth = [new(100, 100), new(200, 300), new(50, 50)];
        var first = Found([new(95, 100), new(150, 300), new(double.NaN, double.NaN)]);
        var refined = Refine(first, truth, new() { MostMoveShare = 0.5 }); // 40 px
        Assert.False(refined[0].StaysPut);
        Assert.Equal(new(new(150, 300), 0.3, true), refined[1]);
        Assert.Equal(new(null, 0, false), refined[2]);
    }
}
