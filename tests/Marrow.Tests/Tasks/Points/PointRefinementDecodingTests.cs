using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Marrow.Checkpoints;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Points;

namespace Marrow.Tests.Tasks.Points;

/// <summary>What the looks at crops about points come to, and that a checkpoint keeps it.</summary>
public partial class PointRefinementDecodingTests
{
    private static readonly PointRefinementDecoding Default = new();

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
        Assert.Equal(At(3, 4, 0), PointRefinementDecoding.Mix([At(3, 4, 0), At(5, 6, 0)]));

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
        Assert.Null(new PointDecoding().Of(null).PointRefinement);
        Assert.Null(new PointDecoding().Of(new(CropRegion.Vertebra, 0.4, "d", "sha256:0")).PointRefinement);
        Assert.DoesNotContain("pointRefinement", new PointDecoding().Write().ToString(), StringComparison.Ordinal);
        Assert.Equal(Default, OfCrops.PointRefinement);
        // What was recorded of other checkpoints stays what it was.
        Assert.StartsWith(
            Rehearsed(new())[..^1], Rehearsed(OfCrops), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_and_bounds_hold()
    {
        var chosen = OfCrops with
        {
            PointRefinement = new() { Passes = 2, NeighbourReach = 0.3, MostMoveShare = 0.4, Mirrored = [1, 0, 2] },
        };
        Assert.Equal(chosen, Read(JsonSerializer.SerializeToNode(chosen.Write())!));
        Assert.NotEqual(chosen, Read(JsonSerializer.SerializeToNode(OfCrops.Write())!));
        var wrong = JsonSerializer.SerializeToNode(OfCrops.Write())!;
        wrong["pointRefinement"]!["passes"] = 9;
        Assert.Contains(
            "decoding.pointRefinement.passes of 1 to 4",
            Assert.Throws<MarrowException>(() => Read(wrong)).Message,
            StringComparison.Ordinal);

        static DecodingContract Read(JsonNode section) =>
            DecodingContract.Read(JsonSerializer.SerializeToElement(section), new PointDecoding(), "config.json");
    }

    [Fact]
    public void Each_pass_looks_about_what_the_one_before_saw()
    {
        var asked = new List<Point2D[]>();
        var first = new DetectedPoints(500, 400, [new(100, 100), new(double.NaN, 0), new(300, 200)], [0.1, 0.2, 0.3]);
        var decoding = Default with { Passes = 3, NeighbourReach = 0, MostMoveShare = 0.05 };
        var refined = decoding.Refine(first, 0.2, crops =>
        {
            Assert.Null(crops[1]);
            asked.Add([.. crops.OfType<ImageCrop>().Select(crop => crop.Center)]);
            return
            [
                .. crops.Select((crop, k) => crop is null ? null : (SeenPoint[])
                    [.. crops.Select(_ => new SeenPoint(crop.Center + new Point2D(1 + k, 0), 0.5))]),
            ];
        });
        Assert.Equal([100, 101, 102], asked.Select(centers => centers[0].X));
        Assert.Equal([300, 303, 306], asked.Select(centers => centers[1].X));
        // 5 px of the crop's 100
        Assert.Equal(
            [new(new(103, 100), 0.5, false), new(null, 0, false), new(new(300, 200), 0.3, true)], refined);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void A_point_that_is_lost_on_the_way_stays_where_the_first_look_saw_it(int passes)
    {
        var first = new DetectedPoints(500, 400, [new(100, 100), new(300, 200)], [0.1, 0.3]);
        var refined = (Default with { Passes = passes, NeighbourReach = 0 }).Refine(first, 0.2, crops =>
        [
            .. crops.Select(crop => crop is null ? null : (SeenPoint[])
                [At(double.NaN, double.NaN), new(crop.Center + new Point2D(1, 0), 0.5)]),
        ]);
        Assert.Equal([new(new(100, 100), 0.1, true), new(new(300 + passes, 200), 0.5, false)], refined);
    }

    /// <summary>
    /// A model that errs to the same side of every image is mended by a look at its mirror image; one that has learnt
    /// from heads of one side errs more on the mirror images.
    /// </summary>
    [Theory, InlineData(3, 3, true), InlineData(1, 25, false)]
    public void Mirror_images_are_looked_at_where_that_brings_points_closer(double error, double onMirror, bool helps)
    {
        const int width = 96;
        Point2D[] truth = [new(20, 30), new(70, 40), new(double.NaN, double.NaN)];
        int[] mirrored = [1, 0, 2];
        SeenPoint[] Seen(double by, Func<int, double> x) =>
            [.. truth.Select((place, k) => new SeenPoint(new(x(k) + by, place.Y), 0.5))];
        var looks = new MirrorTrial(
            Seen(error, k => truth[k].X), Seen(onMirror, k => width - truth[mirrored[k]].X), truth);
        // In the mirror image each place has the other one's height.
        looks = looks with
        {
            OnMirror =
            [
                .. looks.OnMirror.Select((seen, k) => seen with { Place = new(seen.Place.X, truth[mirrored[k]].Y) }),
            ],
        };
        Assert.Equal(helps ? mirrored : [], Default.Choose(mirrored, [looks, looks], width).Mirrored);
        Assert.Empty((Default with { Mirrored = mirrored }).Choose([], [], width).Mirrored);
    }

    [Fact]
    public void A_fault_of_the_decoding_names_the_file()
    {
        CheckpointConfig config = new()
        {
            Model = new() { Architecture = "points-densenet-mini", Outputs = 2 },
            Task = CheckpointTask.Points,
            Classes = ["hip", "knee"],
            Input = new()
            {
                Width = 32,
                Height = 32,
                Crop = new(CropRegion.Point, 0, "first", "sha256:0", 0.2),
            },
            Outputs = [new("hip", "input pixel", ""), new("knee", "input pixel", "")],
        };
        Validate("mirrored", new JsonArray(1, 0));
        Assert.StartsWith(
            "a/config.json: expected in decoding.pointRefinement.mirrored for each point the one that takes its place",
            Assert.Throws<MarrowException>(() => Validate("mirrored", new JsonArray(1, 1))).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "a/config.json: expected decoding.pointRefinement.passes",
            Assert.Throws<MarrowException>(() => Validate("passes", 9)).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "a/config.json: ",
            Assert.Throws<MarrowException>(() => Validate("nonsense", 9)).Message,
            StringComparison.Ordinal);

        void Validate(string key, JsonNode value)
        {
            var section = JsonSerializer.SerializeToNode(OfCrops.Write())!;
            section["pointRefinement"]![key] = value;
            (config with { Decoding = JsonSerializer.SerializeToElement(section) }).Validate("a/config.json");
        }
    }

    [Fact]
    public void The_page_names_exactly_the_values_with_their_defaults_and_bounds()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root(), "docs", "checkpoint-format.md"));
        var table = page[page.IndexOf("\n#### pointRefinement\n", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n#", 2, StringComparison.Ordinal)];
        Assert.Equal(
            OfCrops.Values()
                .Where(v => v.Key.StartsWith("pointRefinement.", StringComparison.Ordinal))
                .Select(v => FormattableString.Invariant(
                    $"| `{v.Key}` | {v.Value} | {v.Bounds.Minimum} to {v.Bounds.Maximum} |"))
                .Append("| `pointRefinement.mirrored` | none | |"),
            Row().Matches(table).Select(row => row.Value));
    }

    [GeneratedRegex(@"^\| `[^|]*\|[^|]*\|[^|]*\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [Fact]
    public void Every_value_changes_the_golden_finding()
    {
        PointRefinementDecoding[] others =
        [
            Default with { Passes = 2 }, Default with { NeighbourReach = 0.4 }, Default with { MostMoveShare = 0.3 },
            Default with { Mirrored = [1, 0] },
        ];
        Assert.Distinct(others.Append(Default).Select(look => Rehearsed(OfCrops with { PointRefinement = look })));
        PointRefinementDecoding once = new() { Passes = 1, NeighbourReach = 0, MostMoveShare = 0.4 };
        Assert.Equal(once, new PointRefinementDecoding { Passes = 3, MostMoveShare = 0.4, Mirrored = [0] }.Once());
    }
}
