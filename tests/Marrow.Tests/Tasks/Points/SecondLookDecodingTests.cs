using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Points;

namespace Marrow.Tests.Tasks.Points;

/// <summary>What the looks at crops about points come to, and that a checkpoint keeps it.</summary>
public class SecondLookDecodingTests
{
    private static readonly SecondLookDecoding Default = new();

    private static readonly PointDecoding OfCrops =
        new PointDecoding().Of(new(CropRegion.Point, 0, "first", "sha256:0", 0.2));

    private static ImageCrop About(double x, double y) => new(new Point2D(x, y), 100, 100);

    private static SeenPoint At(double x, double y, double score = 1) => new(new(x, y), score);

    private static string Rehearsed(PointDecoding decoding) =>
        JsonSerializer.Serialize(GoldenFinding.Rehearse(decoding, 17));

    [Fact]
    public void Each_point_is_what_its_own_crop_shows()
    {
        var seen = (Default with { NeighbourReach = 0 }).Gather(
            [About(100, 100), null, About(130, 100)],
            [
                [At(101, 99, 0.5), At(0, 0), At(135, 100)],
                null,
                [At(105, 99), At(0, 0), At(133, 98, 0.25)],
            ]);
        Assert.Equal([At(101, 99, 0.5), null, At(133, 98, 0.25)], seen);
    }

    [Fact]
    public void Another_points_crop_counts_by_its_score_where_the_point_lies_well_within_it()
    {
        var near = Default with { NeighbourReach = 0.35 };
        IReadOnlyList<SeenPoint[]?> Seen(double x) =>
            [[At(x, 100, 0.75), At(130, 100)], [At(x + 4, 100, 0.25), At(130, 100)]];
        Assert.Equal(At(101, 100, 0.5), near.Gather([About(100, 100), About(130, 100)], Seen(100))[0]);
        // 40 of 100 px from the other crop's middle
        Assert.Equal(At(90, 100, 0.75), near.Gather([About(100, 100), About(130, 100)], Seen(90))[0]);
    }

    [Fact]
    public void Looks_that_are_sure_of_nothing_leave_the_first_one() =>
        Assert.Equal(At(3, 4, 0), SecondLookDecoding.Mix([At(3, 4, 0), At(5, 6, 0)]));

    [Fact]
    public void A_point_that_moves_beyond_the_share_is_not_taken()
    {
        var strict = Default with { MostMoveShare = 0.25 };
        Assert.True(strict.Takes(new(100, 100), new(103, 96), 20));
        Assert.False(strict.Takes(new(100, 100), new(104, 96), 20));
        Assert.False(strict.Takes(new(100, 100), new(double.NaN, 100), 20));
    }

    [Fact]
    public void It_stands_in_checkpoints_of_crops_about_points_alone()
    {
        Assert.Null(new PointDecoding().Of(null).SecondLook);
        Assert.Null(new PointDecoding().Of(new(CropRegion.Vertebra, 0.4, "d", "sha256:0")).SecondLook);
        Assert.DoesNotContain("secondLook", new PointDecoding().Write().ToString(), StringComparison.Ordinal);
        Assert.Equal(Default, OfCrops.SecondLook);
        // What was recorded of other checkpoints stays what it was.
        Assert.StartsWith(
            Rehearsed(new())[..^1], Rehearsed(OfCrops), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_and_bounds_hold()
    {
        var chosen = OfCrops with
        {
            SecondLook = new() { Passes = 2, NeighbourReach = 0.3, MostMoveShare = 0.4, Mirrored = [1, 0, 2] },
        };
        Assert.Equal(chosen, Read(JsonSerializer.SerializeToNode(chosen.Write())!));
        Assert.NotEqual(chosen, Read(JsonSerializer.SerializeToNode(OfCrops.Write())!));
        var wrong = JsonSerializer.SerializeToNode(OfCrops.Write())!;
        wrong["secondLook"]!["passes"] = 9;
        Assert.Contains(
            "decoding.secondLook.passes of 1 to 4",
            Assert.Throws<MarrowException>(() => Read(wrong)).Message,
            StringComparison.Ordinal);

        static DecodingContract Read(JsonNode section) =>
            DecodingContract.Read(JsonSerializer.SerializeToElement(section), new PointDecoding(), "config.json");
    }

    [Fact]
    public void Every_value_changes_the_golden_finding()
    {
        SecondLookDecoding[] others =
        [
            Default with { Passes = 2 }, Default with { NeighbourReach = 0.4 }, Default with { MostMoveShare = 0.3 },
            Default with { Mirrored = [1, 0] },
        ];
        Assert.Distinct(others.Append(Default).Select(look => Rehearsed(OfCrops with { SecondLook = look })));
        SecondLookDecoding once = new() { Passes = 1, NeighbourReach = 0, MostMoveShare = 0.4 };
        Assert.Equal(once, new SecondLookDecoding { Passes = 3, MostMoveShare = 0.4, Mirrored = [0] }.Once());
    }
}
