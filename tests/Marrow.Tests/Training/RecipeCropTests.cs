using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Training.Recipes;

namespace Marrow.Tests.Training;

public class RecipeCropTests
{
    private static string Recipe(string crop, string task = "regress-cobb", string model = "cobb-densenet121") => $"""
        name: r
        stages:
          - name: features
            task: classify
            model: densenet121
            data: {"{"}name: cxr, format: csv{"}"}
          - name: landmarks
            task: detect-vertebrae
            model: retinanet-densenet121
            data: {"{"}format: spineweb16{"}"}
          - name: second
            task: {task}
            model: {model}
            crop: {crop}
            data: {"{"}name: d, format: spineweb16{"}"}
          - name: later
            task: detect-vertebrae
            model: retinanet-densenet121
            data: {"{"}format: spineweb16{"}"}
        """;

    private static StageCrop Crop(string crop) => RecipeReader.Parse(Recipe(crop), "r.yaml", []).Stages[2].Crop!;

    private static string Error(string crop, string task = "regress-cobb", string model = "cobb-densenet121") =>
        Assert.Throws<MarrowException>(() => RecipeReader.Parse(Recipe(crop, task, model), "r.yaml", [])).Message;

    [Fact]
    public void A_name_alone_crops_the_spine_and_a_section_says_more()
    {
        Assert.Equal(new StageCrop { By = "landmarks", Region = CropRegion.Spine, Margin = 0.1 }, Crop("landmarks"));
        Assert.Equal(Crop("landmarks"), Crop("{by: landmarks}"));
        Assert.Equal(
            new StageCrop
            {
                By = "retinanet-densenet121.spineweb16@sha256:0123456789ab",
                Region = CropRegion.Spine,
                Margin = 0.25,
            },
            Crop("{by: \"retinanet-densenet121.spineweb16@sha256:0123456789ab\", region: spine, margin: 0.25}"));
    }

    [Theory]
    [InlineData("features", "r.yaml:14:11: crop: stage 'features' trains classify, and finds no vertebrae to crop by")]
    [InlineData("second", "crop: stage 'second' is this stage itself")]
    [InlineData("later", "crop: stage 'later' comes later")]
    [InlineData("landmark", "crop: 'landmark' is no earlier stage")]
    [InlineData("{by: later}", "by: stage 'later' comes later")]
    [InlineData("{region: spine}", "crop lacks by. Add by: landmarks")]
    [InlineData("{by: landmarks, region: pelvis}", "region: expected spine, vertebra or point, found 'pelvis'")]
    [InlineData("{by: landmarks, margin: 3}", "margin: expected a number from 0 to 2")]
    [InlineData("{by: landmarks, margni: 0.1}", "Did you mean 'margin'?")]
    [InlineData("[landmarks]", "crop: expected")]
    [InlineData("{by: landmarks, region: vertebra}", "crop: task regress-cobb can't look at a crop of the vertebra")]
    public void Mistakes_are_told_with_their_place(string crop, string expected) =>
        Assert.Contains(expected, Error(crop));

    private static string OfPoints(string crop, string first = "", string task = "points") => $"""
        name: r
        stages:
          - name: landmarks
            task: detect-vertebrae
            model: retinanet-densenet121
            data: {"{"}format: spineweb16{"}"}
          - name: look
            task: points
            model: points-densenet121
            {first}
            data: {"{"}name: d, format: csv{"}"}
          - name: second
            task: {task}
            model: {task}-densenet121
            crop: {crop}
            data: {"{"}name: d, format: csv, kind: {(task == "points" ? "points" : "numbers")}{"}"}
        """;

    private static string ErrorOfPoints(string crop, string first = "", string task = "points") =>
        Assert.Throws<MarrowException>(
            () => RecipeReader.Parse(OfPoints(crop, first, task), "r.yaml", [])).Message;

    [Fact]
    public void The_crop_about_a_point_has_a_side_and_no_margin()
    {
        StageCrop Read(string crop) => RecipeReader.Parse(OfPoints(crop), "r.yaml", []).Stages[2].Crop!;
        Assert.Equal(
            new StageCrop { By = "look", Region = CropRegion.Point, Margin = 0, Side = 0.3 },
            Read("{by: look, region: point, side: 0.3}"));
        Assert.Equal(StageCrop.PointSide, Read("{by: look, region: point}").Side);
    }

    [Theory]
    [InlineData(
        "{by: landmarks, region: point}",
        "by: stage 'landmarks' trains detect-vertebrae, and finds no points to crop by. Name a stage of task points, "
            + "or a checkpoint of one; or set region: spine or vertebra.")]
    [InlineData(
        "look",
        "crop: stage 'look' trains points, and finds no vertebrae to crop by. Name a stage of task detect-vertebrae, "
            + "or a checkpoint of one; or set region: point.")]
    [InlineData("{by: look, region: point, margin: 0.1}", "margin: a point has no box")]
    [InlineData("{by: landmarks, region: vertebra, side: 0.1}", "side: the crop of a vertebra is as large as")]
    [InlineData("{by: look, region: point, side: 2}", "side: expected a number from 0.01 to 1")]
    public void Mistakes_about_crops_of_points_are_told(string crop, string expected) =>
        Assert.Contains(expected, ErrorOfPoints(crop));

    [Fact]
    public void Points_are_looked_at_again_by_a_task_that_can_after_a_look_at_whole_images()
    {
        Assert.Contains(
            "crop: task regress can't look at a crop of the point; points can.",
            ErrorOfPoints("{by: look, region: point}", task: "regress"));
        const string says = "by: stage 'look' looks at crops itself, and a first look is at whole images. ";
        Assert.Contains(
            $"{says}Name 'points-densenet121.knees', by which that one crops, or another.",
            ErrorOfPoints("{by: look, region: point}", "crop: {by: points-densenet121.knees, region: point}"));
        // A detector of vertebrae finds no points.
        Assert.Contains(
            $"{says}Name one of task points without crop.",
            ErrorOfPoints("{by: look, region: point}", "crop: landmarks"));
    }

    [Fact]
    public void The_recipe_of_heads_shows_the_film_around_each_crop_however_it_is_augmented()
    {
        var stage = RecipeReader.Read(Path.Combine(Repository.Root(), "recipes", "cephalometric.yaml"), []).Stages[1];
        var (augment, crop) = (stage.Augment!, stage.Crop!);
        var input = stage.Input.ToContract() with
        {
            Crop = new(crop.Region, crop.Margin, "first", "sha256:0", crop.Side),
        };
        var radians = augment.RotationDegrees * Math.PI / 180;
        var reach = (0.5 + augment.Shift) * (Math.Cos(radians) + Math.Sin(radians)) * (1 + augment.Scale);
        Assert.InRange((reach - 0.5) * input.Width, 0, input.PackedBorder.X);

        var random = new SeededRandom(1);
        var (side, middle) = (input.Width, input.Width / 2.0);
        for (var i = 0; i < 2000; i++)
        {
            var toCrop = Augmentation.Draw(random, augment, side, side).Geometry.Invert();
            foreach (var corner in (Point2D[])[new(0, 0), new(side, 0), new(0, side), new(side, side)])
            {
                var seen = toCrop.Apply(corner);
                Assert.InRange(Math.Max(Math.Abs(seen.X - middle), Math.Abs(seen.Y - middle)), 0, reach * side);
            }
        }
    }

    [Fact]
    public void A_detector_looks_at_whole_images() =>
        Assert.Contains(
            "crop: task detect-vertebrae can't look at a crop of the spine",
            Error("landmarks", "detect-vertebrae", "retinanet-densenet121"));

    [Fact]
    public void A_stage_that_is_left_out_gives_its_checkpoint_to_crop_by()
    {
        var recipe = RecipeReader.Parse(Recipe("landmarks"), "r.yaml", []);
        Assert.Equal("retinanet-densenet121.spineweb16", recipe.Only(["second"]).Stages[0].Crop!.By);
        Assert.Equal("landmarks", recipe.Only(["landmarks", "second"]).Stages[1].Crop!.By);
    }
}
