using Marrow.Datasets;
using Marrow.Exchange;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Crops;
using Marrow.Tasks.Points;

namespace Marrow.Tests.Tasks.Points;

/// <summary>The squares about the points of a first look, and what is learnt from and measured on them.</summary>
public class PointCropsTests
{
    private const int Width = 300, Height = 400;
    private static readonly Point2D None = new(double.NaN, double.NaN);
    private static readonly InputCrop Crop = new(CropRegion.Point, 0, "first", "sha256:0", side: 0.2);

    private static DetectedPoints Found(params Point2D[] places) =>
        new(Width, Height, places, [.. places.Select(_ => 0.9)]);

    private static Sample Film(params Point2D[] points) => new(id: "a.png", imagePath: "a.png", patient: "p")
    {
        Points = points,
        MirroredPoints = [1, 0, 2],
    };

    private static IReadOnlyList<Sample> Samples(Sample film, DetectedPoints found, CropUse use) =>
        CroppedSamples.Of([film], Crop, new Dictionary<string, FirstLook> { [film.Id] = found }, use);

    [Fact]
    public void A_crop_has_its_point_in_the_middle_and_a_side_that_is_a_share_of_the_longer_one()
    {
        var random = new SeededRandom(4);
        var contract = new InputContract { Width = 64, Height = 64, Fit = Fit.Letterbox, Crop = Crop };
        for (var i = 0; i < 50; i++)
        {
            var place = new Point2D(random.Uniform(0, Width), random.Uniform(0, Height));
            var crop = Found(place).Crops(0.2)[0]!;
            Assert.Equal((80.0, 80.0, 0.0), (crop.Width, crop.Height, crop.TiltRadians));
            Assert.InRange(Preprocessor.ToInput(contract, crop).Apply(place).DistanceTo(new(32, 32)), 0, 1e-9);
        }
    }

    [Fact]
    public void A_film_becomes_a_sample_for_each_point_that_was_found_with_all_its_points_to_learn_from()
    {
        var film = Film(new(100, 100), new(120, 110), new(250, 350));
        var samples = Samples(film, Found(new(103, 98), None, new(250, 350)), CropUse.Training);
        Assert.Equal(["a.png#1", "a.png#3"], samples.Select(s => s.Id));
        Assert.All(samples, sample =>
        {
            Assert.Equal(film.Points, sample.Points);
            Assert.Equal(film.MirroredPoints, sample.MirroredPoints);
            Assert.Equal(("p", "a.png"), (sample.Patient, sample.ImagePath));
        });
        Assert.Equal(new Point2D(103, 98), samples[0].Crop!.Center);
    }

    [Fact]
    public void A_crop_that_shows_no_labelled_point_teaches_nothing()
    {
        var film = Film(new(100, 100), None, None);
        var samples = Samples(film, Found(new(90, 110), new(110, 90), new(200, 300)), CropUse.Training);
        Assert.Equal(["a.png#1", "a.png#2"], samples.Select(s => s.Id));
    }

    [Fact]
    public void A_crop_is_measured_by_the_point_about_which_it_lies_and_not_at_all_where_that_is_unknown()
    {
        var film = Film(new(100, 100), new(120, 110), None);
        var samples = Samples(film, Found(new(103, 98), new(300, 10), new(250, 350)), CropUse.Measuring);
        Assert.Equal(["a.png#1", "a.png#2"], samples.Select(s => s.Id)); // also where the first look went astray
        Assert.Equal(new Point2D(100, 100), samples[0].Points[0]);
        Assert.All(samples[0].Points.Skip(1), point => Assert.True(double.IsNaN(point.X)));
        Assert.Equal(new Point2D(120, 110), samples[1].Points[1]);
    }

    [Fact]
    public void What_was_found_comes_back_from_its_numbers()
    {
        var found = new DetectedPoints(Width, Height, [new(1.25, 2), None], [0.5, 0.1]);
        var again = DetectedPoints.Of(Width, Height, found.Numbers, 2)!;
        Assert.Equal(found.Places, again.Places);
        Assert.Equal(found.Scores, again.Scores);
        Assert.Null(DetectedPoints.Of(Width, Height, found.Numbers, 3));
        Assert.True(found.IsUsable);
        Assert.False(Found(None).IsUsable);
    }

    [Fact]
    public void A_first_look_at_other_points_is_told()
    {
        var kind = CropKind.Of(CropRegion.Point);
        CheckpointConfig first = new()
        {
            Model = new() { Architecture = "points-densenet-mini", Outputs = 3 },
            Task = CheckpointTask.Points,
            Classes = ["hip", "knee", "ankle"],
            Input = new() { Width = 32, Height = 32 },
            Outputs = [new("hip", "px", ""), new("knee", "px", ""), new("ankle", "px", "", Trained: false)],
        };
        Assert.Null(Fault(("hip", true), ("knee", true), ("ankle", false)));
        Assert.Equal(
            (
                "a first look at the same 3 points, with ankle as number 2",
                "3 points, with knee as number 2"),
            Fault(("hip", true), ("ankle", false), ("knee", true)));
        Assert.Equal(
            ("a first look at the same 2 points, with none as number 3", "3 points, with ankle as number 3"),
            Fault(("hip", true), ("knee", true)));
        // Of a point that the first one has no labels of there is no crop.
        Assert.Equal(
            ("a first look that has learnt to find each of the points", "no labels of ankle"),
            Fault(("hip", true), ("knee", true), ("ankle", true)));

        (string Expected, string Found)? Fault(params (string, bool)[] outputs) => kind.Fault(first, outputs);
    }

    [Theory]
    [InlineData("Point", 0.2, "")]
    [InlineData("Point", null, "a crop side of 0.01 to 1 for region point")]
    [InlineData("Point", 1.5, "a crop side of 0.01 to 1 for region point")]
    [InlineData("Spine", 0.2, "and none for others")]
    [InlineData("Vertebra", null, "")]
    public void A_contract_has_a_side_for_points_alone(string region, double? side, string says)
    {
        var crop = new InputCrop(Enum.Parse<CropRegion>(region), 0, "first", "sha256:0", side);
        var contract = new InputContract { Width = 8, Height = 8, Crop = crop };
        if (says.Length == 0)
            contract.Validate("config.json");
        else
            Assert.Contains(
                says,
                Assert.Throws<MarrowException>(() => contract.Validate("config.json")).Message,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CheckpointTask.Points, "points-densenet-mini", "")]
    [InlineData(CheckpointTask.Regress, "regress-densenet-mini", "whole images, or a crop at which models for regress")]
    [InlineData(CheckpointTask.Classify, "densenet-mini", "whole images, or a crop at which models for classify")]
    public void A_config_of_a_task_that_can_not_look_at_such_crops_is_refused(
        string task, string architecture, string says)
    {
        CheckpointConfig config = new()
        {
            Model = new() { Architecture = architecture, Outputs = 2 },
            Task = task,
            Classes = ["hip", "knee"],
            Input = new() { Width = 32, Height = 32, Crop = Crop },
            Outputs = [new("hip", "px", ""), new("knee", "px", "")],
        };
        if (says.Length == 0)
            config.Validate("a/config.json");
        else
            Assert.StartsWith(
                $"a/config.json: expected {says}",
                Assert.Throws<MarrowException>(() => config.Validate("a/config.json")).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void An_exported_file_says_where_the_crop_lies_and_what_is_outside_the_image() =>
        Assert.StartsWith(
            "Not the whole image but a square about each point that first finds, of 0.2 of the image's longer side "
                + "(sha256:0), in place of it: upright, about the place in original pixels, with a side of that share "
                + "in original pixels too. What of it lies outside the image is black, and counts in no percentile. "
                + "Greyscale",
            ExportMetadata.Preprocessing(new() { Width = 8, Height = 8, Crop = Crop }),
            StringComparison.Ordinal);

    [Fact]
    public void A_contract_says_in_words_what_it_shows() =>
        Assert.Equal("a square about each point that first finds, of 0.2 of the image's longer side", Crop.Describe());
}
