using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Tasks.Points;

namespace Marrow.Tests.Prediction;

/// <summary>Which checkpoints may look first at images that another one sees cropped.</summary>
public sealed class FirstLookerTests : IDisposable
{
    private static readonly string Digest = "sha256:" + new string('a', 64);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Saves a model of two points, which looks at such crops or, without one, at whole images.</summary>
    private Checkpoint Points(InputCrop? crop = null)
    {
        var spec = new ModelSpec { Architecture = "points-densenet-mini", Outputs = 2 };
        var input = new InputContract { Width = 32, Height = 32, Crop = crop };
        using var task = new PointsTask(
            (PointLocator)ModelCatalogue.Create(spec), spec, input, new(["hip", "knee"], false, []))
        {
            Decoding = new PointDecoding().Of(crop),
        };
        return Drafts.Of(task, "points-densenet-mini.legs").Save(_folder["hub"]);
    }

    private static string Refused(Checkpoint checkpoint, CropRegion region) =>
        Assert.Throws<MarrowException>(() => FirstLooker.Require(checkpoint, region)).Message;

    [Fact]
    public void A_model_of_points_on_whole_images_looks_first_for_crops_about_points_alone()
    {
        using var whole = Points();
        FirstLooker.Require(whole, CropRegion.Point);
        foreach (var region in (CropRegion[])[CropRegion.Spine, CropRegion.Vertebra])
            Assert.Equal(
                "points-densenet-mini.legs: expected a checkpoint for detect-vertebrae to crop by, found one for "
                    + "points. Name one that finds vertebrae.",
                Refused(whole, region));
    }

    [Fact]
    public void A_model_that_looks_at_crops_looks_first_for_none_and_the_error_names_what_can()
    {
        using var again = Points(new(CropRegion.Point, 0, "points-densenet-mini.look", Digest, 0.2));
        Assert.Equal(
            "points-densenet-mini.legs: expected a checkpoint that looks at whole images, to crop by, found one that "
                + "looks at a square about each point that points-densenet-mini.look finds, of 0.2 of the image's "
                + "longer side. Name points-densenet-mini.look, or another that looks first.",
            Refused(again, CropRegion.Point));

        // What finds the spine finds no points: naming it would not help.
        using var onSpines = Points(new(CropRegion.Spine, 0.1, "retinanet-densenet-mini.spines", Digest));
        Assert.Equal(
            "points-densenet-mini.legs: expected a checkpoint that looks at whole images, to crop by, found one that "
                + "looks at the spine as retinanet-densenet-mini.spines sees it, with a margin of 0.1. Name one of "
                + "whole images that finds points.",
            Refused(onSpines, CropRegion.Point));
    }
}
