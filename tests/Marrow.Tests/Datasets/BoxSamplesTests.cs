using Marrow.Datasets;
using Marrow.Imaging;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class BoxSamplesTests : IDisposable
{
    private const string Header = "path,patient,label,x1,y1,x2,y2";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private DatasetRequest Csv(DatasetOptions options, params string[] rows)
    {
        WriteImages();
        WriteText(
            _folder["labels.csv"],
            rows[0].StartsWith("path", StringComparison.Ordinal) ? rows : [Header, .. rows]);
        return Request("csv", _folder.Path, options with { Kind = "boxes" });
    }

    private DatasetRequest Coco(string json, DatasetOptions? options = null)
    {
        WriteImages();
        WriteText(_folder["annotations.json"], json);
        return Request("coco", _folder.Path, options ?? new());
    }

    private void WriteImages()
    {
        foreach (var name in (string[])["a.png", "b.png", "c.png"])
            WriteImage(_folder[name], name[0]);
    }

    private static string Error(DatasetRequest request) =>
        Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(request)).Message;

    [Fact]
    public void Rows_of_one_image_are_its_boxes_and_a_row_without_numbers_says_that_it_has_none()
    {
        var data = DatasetCatalogue.Open(Csv(
            new(), "a.png,p1,fracture,10,20,30,40.5", "b.png,p2,,,,,", "a.png,p1,screw,1,2,3,4"));

        Assert.Equal(["fracture", "screw"], data.BoxClasses);
        Assert.Equal(["fracture", "screw"], data.Layout.Names);
        Assert.Equal(["a.png", "b.png"], data.Samples.Select(s => s.Id));
        Assert.Equal([new LabelledBox(0, 10, 20, 30, 40.5), new LabelledBox(1, 1, 2, 3, 4)], data.Samples[0].Boxes);
        Assert.Empty(data.Samples[1].Boxes!);
        Assert.True(data.Samples[1].HasKnownLabel);
        Assert.Null(Targets.None.Boxes);
    }

    [Fact]
    public void Shares_become_pixels_of_the_image()
    {
        var data = DatasetCatalogue.Open(
            Csv(new() { Coordinates = "shares" }, "path,x1,y1,x2,y2", "a.png,0.1,0.25,0.5,1"));

        Assert.Equal(["object"], data.BoxClasses);
        Assert.Equal(
            new LabelledBox(0, 0.1 * Width, 0.25 * Height, 0.5 * Width, Height),
            Assert.Single(data.Samples[0].Boxes!));
        Assert.Equal(
            ["fracture"],
            DatasetCatalogue.Open(Csv(new() { BoxClass = "fracture" }, "path,x1,y1,x2,y2", "a.png,1,2,3,4")).BoxClasses
        );
        Assert.Contains(
            "boxClass",
            Error(Csv(new() { BoxClass = "fracture" }, "a.png,p1,x,1,2,3,4")),
            StringComparison.Ordinal);
        Assert.Contains(
            "coordinates: shares",
            Error(Csv(new(), "path,x1,y1,x2,y2", "a.png,0.1,0.25,0.5,1")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Images_that_no_row_names_are_left_out_or_have_no_box()
    {
        Assert.Equal(["a.png"], DatasetCatalogue.Open(Csv(new(), "a.png,p1,x,1,2,3,4")).Samples.Select(s => s.Id));
        var all = DatasetCatalogue.Open(Csv(new() { Unlisted = "no-boxes" }, "a.png,p1,x,1,2,3,4"));

        Assert.Equal([("a.png", 1), ("b.png", 0), ("c.png", 0)], all.Samples.Select(s => (s.Id, s.Boxes!.Count)));
    }

    [Theory]
    [InlineData("a.png,p1,x,30,20,10,40", "line 2", "\"x2\"")]
    [InlineData("a.png,p1,x,10,,30,40", "line 2", "\"y1\"")]
    [InlineData("a.png,p1,,10,20,30,40", "line 2", "what is in the box")]
    [InlineData("a.png,p1,x,10,20,30,40\na.png,p1,,,,,", "line 3", "a row with a box and one without")]
    [InlineData("a.png,p1,x,10,20,30,40\na.png,p2,x,1,2,3,4", "line 3", "\"p2\"")]
    public void A_row_that_can_not_be_is_an_error_with_its_line(string rows, params string[] parts)
    {
        string[] lines = [.. rows.Split('\n'), "b.png,p9,x,1,2,3,4"];
        Assert.All(parts, part => Assert.Contains(part, Error(Csv(new(), lines)), StringComparison.Ordinal));
    }

    [Fact]
    public void The_check_counts_boxes_and_lists_those_outside_their_image()
    {
        var report = DataCheck.Run(
            Csv(new(), "a.png,p1,x,10,20,30,40", $"b.png,p2,x,1,2,{Width + 5},4", "c.png,p3,,,,,"));

        Assert.Equal([("x", 2)], report.Boxes.Select(b => (b.Key, b.Value)));
        Assert.Equal(1, report.WithoutBoxes);
        var fault = Assert.Single(report.Faults, f => f.Kind == "box-outside");
        Assert.Equal(
            ("b.png", $"x at (1, 2) to ({Width + 5}, 4) of {Width} x {Height} px"),
            (fault.File, fault.Detail));
    }

    [Fact]
    public void A_moved_box_holds_all_that_it_held()
    {
        var turned = AffineTransform.Rotate(0.3).Then(AffineTransform.Translate(40, 10));
        var box = new LabelledBox(1, 10, 20, 30, 60);
        var moved = box.Transform(turned);

        Assert.All(box.Corners, corner =>
        {
            var at = turned.Apply(corner);
            Assert.True(
                at.X >= moved.Left - 1e-9
                    && at.X <= moved.Right + 1e-9
                    && at.Y >= moved.Top - 1e-9
                    && at.Y <= moved.Bottom + 1e-9);
        });
        Assert.Equal(1, moved.Class);
        var targets = new Targets { Boxes = [box] }.Transform(turned);
        Assert.Equal(moved, Assert.Single(targets.Boxes!));
        Assert.Null(Targets.None.Transform(turned).Boxes);
    }

    [Fact]
    public void Coco_gives_each_image_its_boxes_and_those_of_a_smaller_copy_are_scaled()
    {
        var data = DatasetCatalogue.Open(
            Coco(
                $$"""
                {
                  "info": {"year": 2020, "contributor": null},
                  "images": [
                    {"id": 7, "file_name": "a.png", "width": {{Width * 2}}, "height": {{Height
                    * 2}}, "flickr_url": null},
                    {"id": 8, "file_name": "b.png", "width": {{Width}}, "height": {{Height}}, "patient": "p2"}
                  ],
                  "annotations": [
                    {"id": 1, "image_id": 7, "category_id": 3, "bbox": [20, 40, 10, 30], "segmentation": [[1, 2, 3, 4]], "iscrowd": 0},
                    {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 10, 30], "iscrowd": 1}
                  ],
                  "categories": [{"id": 1, "name": "screw"}, {"id": 3, "name": "fracture", "supercategory": null}]
                }
                """
            ));

        Assert.Equal(["screw", "fracture"], data.BoxClasses);
        var box = Assert.Single(data.Samples[0].Boxes!);
        Assert.Equal(1, box.Class);
        Assert.Equal(
            [10.0, 20, 15, 35],
            ((double[])[box.Left, box.Top, box.Right, box.Bottom]).Select(v => Math.Round(v, 9)));
        Assert.Empty(data.Samples[1].Boxes!);
        Assert.Equal(["a.png", "p2"], data.Samples.Select(s => s.Patient));
        Assert.Contains("1 boxes around crowds", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        """{"images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 7}], "annotations": [], "categories": [{"id": 1, "name": "x"}]}""",
        "cut image"
    )]
    [InlineData(
        """{"images": [{"id": 1, "file_name": "../a.png", "width": 100, "height": 80}], "categories": [{"id": 1, "name": "x"}]}""",
        "below the data set's folder"
    )]
    [InlineData(
        """{"images": [{"id": 1, "file_name": "a.png", "width": 0, "height": 80}], "categories": [{"id": 1, "name": "x"}]}""",
        "width and height"
    )]
    [InlineData(
        """{"images": [], "categories": [{"id": 1, "name": "x"}, {"id": 1, "name": "y"}]}""",
        "an id and a name of its own"
    )]
    [InlineData("""{"shapes": []}""", "JSON without them")]
    [InlineData("[1, 2", "COCO's JSON of object detection")]
    public void A_coco_file_that_can_not_be_is_named_with_what_is_wrong(string json, string part) =>
        Assert.Contains(part, Error(Coco(json)), StringComparison.Ordinal);
}
