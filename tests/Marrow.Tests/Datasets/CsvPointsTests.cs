using Marrow.Datasets;
using Marrow.Imaging;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class CsvPointsTests : IDisposable
{
    private const string Header = "file,patient,hip_x,hip_y,knee_x,knee_y,age";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private DatasetRequest Write(DatasetOptions options, params string[] rows)
    {
        foreach (var name in (string[])["a.png", "b.png"])
            WriteImage(_folder[name], name[0]);
        WriteText(_folder["labels.csv"], [Header, .. rows]);
        return Request("csv", _folder.Path, options with { Kind = options.Kind ?? "points" });
    }

    private Dataset Open(DatasetOptions options, params string[] rows) => DatasetCatalogue.Open(Write(options, rows));

    private string Error(DatasetOptions options, params string[] rows) =>
        Assert.Throws<MarrowException>(() => Open(options, rows)).Message;

    [Fact]
    public void Two_columns_are_a_point_and_two_blank_cells_are_none()
    {
        var data = Open(new(), "a.png,p1,10.5,20,30,40,61", "b.png,p2,,,1,2,");
        Assert.Equal(["hip", "knee"], data.PointNames);
        Assert.Equal([new Point2D(10.5, 20), new Point2D(30, 40)], data.Samples[0].Points);
        Assert.True(double.IsNaN(data.Samples[1].Points[0].X) && double.IsNaN(data.Samples[1].Points[0].Y));
        Assert.Equal(["hip", "knee"], data.Layout.Names);
        Assert.Empty(data.Samples[0].MirroredPoints);
        Assert.Equal(["knee"], Open(new() { LabelColumns = ["knee"] }, "a.png,p1,,,3,4,").PointNames);
    }

    [Fact]
    public void The_size_of_a_pixel_is_that_of_all_samples()
    {
        string[] rows = ["a.png,p1,10.5,20,30,40,61", "b.png,p2,,,1,2,"];
        Assert.All(Open(new() { MmPerPixel = 0.3 }, rows).Samples, s => Assert.Equal(0.3, s.MmPerPixel));
        Assert.All(Open(new(), rows).Samples, s => Assert.Null(s.MmPerPixel));
        foreach (var wrong in (double[])[0, -1, double.NaN, 1000])
            Assert.Contains(
                "option mmPerPixel: expected the side of a pixel",
                Error(new() { MmPerPixel = wrong }, rows));
        Assert.Contains(
            "option mmPerPixel",
            Error(new() { MmPerPixel = 0.3, Kind = "numbers", LabelColumns = ["age"] }, rows));
    }

    [Fact]
    public void Points_with_numbers_for_names_may_have_the_number_behind_the_coordinate()
    {
        Write(new());
        WriteText(_folder["labels.csv"], ["file,x1,x2,x3,y1,y2,y3", "a.png,1,2,,4,5,", "b.png,1,2,3,4,5,6"]);
        var data = DatasetCatalogue.Open(Request("csv", _folder.Path, new() { Kind = "points" }));
        Assert.Equal(["1", "2", "3"], data.PointNames);
        Assert.Equal([new Point2D(1, 4), new Point2D(2, 5), new Point2D(3, 6)], data.Samples[1].Points);
        Assert.True(double.IsNaN(data.Samples[0].Points[2].X));
        // Two of them are what a table of boxes has.
        WriteText(_folder["labels.csv"], ["file,x1,y1,x2,y2", "a.png,1,2,3,4"]);
        var boxes = Request("csv", _folder.Path, new() { Kind = "points" });
        Assert.Contains("NAME_x", Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(boxes)).Message);
        var named = Request("csv", _folder.Path, new() { Kind = "points", LabelColumns = ["2"] });
        Assert.Equal([new Point2D(3, 4)], DatasetCatalogue.Open(named).Samples[0].Points);
    }

    [Fact]
    public void Pairs_say_which_points_change_places_in_a_mirrored_image()
    {
        Dictionary<string, string> pairs = new() { ["knee"] = "hip" };
        Assert.Equal([1, 0], Open(new() { MirrorPairs = pairs }, "a.png,p1,1,2,3,4,").Samples[0].MirroredPoints);
        Assert.Equal(
            [0, 1],
            Open(new() { MirrorPairs = new Dictionary<string, string>() }, "a.png,p1,1,2,3,4,")
                .Samples[0]
                .MirroredPoints);
        Assert.Contains(
            "\"ankle\"",
            Error(new() { MirrorPairs = new Dictionary<string, string> { ["hip"] = "ankle" } }, "a.png,p1,1,2,3,4,"),
            StringComparison.Ordinal);
        Assert.Contains(
            "hip: hip",
            Error(new() { MirrorPairs = new Dictionary<string, string> { ["hip"] = "hip" } }, "a.png,p1,1,2,3,4,"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("b.png,p2,ten,2,3,4,", "line 3", "\"hip_x\"")]
    [InlineData("b.png,p2,1,,3,4,", "line 3", "\"hip_y\"")] // half a point
    [InlineData("b.png,p2,1,2,3,-4,", "line 3", "\"knee_y\"")]
    public void A_cell_that_is_no_place_is_an_error_with_line_and_column(string row, params string[] parts) =>
        Assert.All(parts, part =>
            Assert.Contains(part, Error(new(), "a.png,p1,1,2,3,4,", row), StringComparison.Ordinal));

    [Fact]
    public void A_missing_column_is_an_error_that_lists_the_columns()
    {
        Assert.Contains(
            "ankle_x",
            Error(new() { LabelColumns = ["ankle"] }, "a.png,p1,1,2,3,4,"),
            StringComparison.Ordinal);
        Assert.Contains(
            "hip_x, hip_y",
            Error(new() { LabelColumns = ["ankle"] }, "a.png,p1,1,2,3,4,"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Units_belong_to_columns_of_numbers()
    {
        var data = Open(
            new()
            {
                Kind = "numbers",
                LabelColumns = ["age", "hip_x"],
                Units = new Dictionary<string, string> { ["age"] = "years" },
            },
            "a.png,p1,1,2,3,4,61");
        Assert.Equal(["years", ""], data.NumberUnits);
        Assert.Equal("years", data.Layout.UnitOf(0));
        Assert.Contains(
            "\"weight\"",
            Error(
                new()
                {
                    Kind = "numbers",
                    LabelColumns = ["age"],
                    Units = new Dictionary<string, string> { ["weight"] = "kg" },
                },
                "a.png,p1,1,2,3,4,61"),
            StringComparison.Ordinal);
        Assert.Contains(
            "units",
            Error(new() { Units = new Dictionary<string, string> { ["hip"] = "px" } }, "a.png,p1,1,2,3,4,61"),
            StringComparison.Ordinal
        ); // not of points
    }

    [Fact]
    public void The_check_lists_points_outside_their_image_and_sums_up_numbers()
    {
        var report = DataCheck.Run(Write(new(), "a.png,p1,10,20,30,40,61", $"b.png,p2,{Width + 1},5,,,"));
        var fault = Assert.Single(report.Faults, f => f.Kind == "point-outside");
        Assert.Equal(("b.png", $"hip at (101, 5) of {Width} x {Height} px"), (fault.File, fault.Detail));
        Assert.Equal([("hip", 2), ("knee", 1)], report.Points.Select(p => (p.Key, p.Value)));
        var numbers = DataCheck.Run(
            Write(new() { Kind = "numbers", LabelColumns = ["age"] }, "a.png,p1,,,,,61", "b.png,p2,,,,,"));
        Assert.Equal(new NumberSummary(1, 1, 61, 61, 61), numbers.Numbers["age"]);
    }
}
