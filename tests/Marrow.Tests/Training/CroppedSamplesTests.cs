using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;
using Marrow.Tasks;

namespace Marrow.Tests.Training;

public class CroppedSamplesTests
{
    private static readonly Vertebra[] Spine = RandomSpine.Create(new SeededRandom(4));
    private static readonly Sample Film = new(id: "a.jpg", imagePath: "a.jpg", patient: "p")
    {
        Vertebrae = Spine,
        CobbDegrees = [10, 5, 5],
    };

    private static IReadOnlyList<Sample> Crop(
        CropRegion region,
        IReadOnlyList<Vertebra> detected,
        int seen = Vertebra.Count
    ) =>
        CroppedSamples.Of(
            [Film],
            new(region, 0.4, "d", "sha256:0"),
            new Dictionary<string, FirstLook> { ["a.jpg"] = new DetectedSpine(224, 640, detected, seen) }
        );

    [Fact]
    public void A_spine_keeps_its_films_targets()
    {
        var sample = Assert.Single(Crop(CropRegion.Spine, Spine));
        Assert.Equal(Film, sample with { Crop = null });
        Assert.NotNull(sample.Crop);
    }

    [Fact]
    public void Each_vertebra_is_a_sample_whose_points_are_its_true_corners_wherever_the_detector_put_it()
    {
        var random = new SeededRandom(1);
        var samples = Crop(CropRegion.Vertebra, [.. Spine.Select(v => RandomSpine.Jitter(v, random, 1))]);
        Assert.Equal(Enumerable.Range(1, 17).Select(n => $"a.jpg#{n}"), samples.Select(s => s.Id));
        Assert.All(samples.Zip(Spine), p =>
        {
            var (sample, v) = p;
            Assert.Equal([v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight], sample.Points);
            Assert.Equal(
                ("p", "a.jpg", 0, 0),
                (sample.Patient, sample.ImagePath, sample.Vertebrae.Count, sample.CobbDegrees.Count));
            // Mirrored, the point that was called for on the left is the one from the right.
            Assert.Equal(
                [v.TopRight, v.TopLeft, v.BottomRight, v.BottomLeft],
                sample.MirroredPoints.Select(k => sample.Points[k]));
        });
    }

    [Fact]
    public void A_chain_that_counts_one_too_far_teaches_what_its_crops_show()
    {
        var beyond = Spine[16].Transform(AffineTransform.Translate(0, 2 * (Spine[16].Center.Y - Spine[15].Center.Y)));
        var samples = Crop(CropRegion.Vertebra, [.. Spine.Skip(1), beyond]);
        // 16: the last crop shows no vertebra
        Assert.Equal(Spine.Skip(1).Select(v => v.TopLeft), samples.Select(s => s.Points[0]));
    }

    [Fact]
    public void Where_nothing_was_seen_the_spine_is_the_whole_film_and_no_vertebra_is_shown()
    {
        Assert.Equal(ImageCrop.Whole(224, 640), Assert.Single(Crop(CropRegion.Spine, Spine, seen: 0)).Crop);
        Assert.Empty(Crop(CropRegion.Vertebra, Spine, seen: 0));
    }
}
