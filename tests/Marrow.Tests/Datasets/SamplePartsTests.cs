using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class SamplePartsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SamplePartsTests()
    {
        foreach (var name in (string[])["a.png", "b.png", "c.png", "d.png"])
            WriteImage(_folder["images/" + name], name[0]);
        WriteText(
            _folder["labels.csv"],
            "path,label,official",
            "images/a.png,broken,Train",
            "images/b.png,broken,valid",
            "images/c.png,broken,TEST",
            "images/d.png,whole,");
        WriteText(
            _folder["boxes.csv"],
            "path,x1,y1,x2,y2",
            "images/a.png,1,1,3,3",
            "images/c.png,1,1,3,3",
            "images/c.png,2,2,4,4",
            "images/d.png,,,,");
    }

    public void Dispose() => _folder.Dispose();

    private Dataset Open(DatasetOptions options) => DatasetCatalogue.Open(Request("csv", _folder.Path, options));

    [Fact]
    public void A_column_says_to_which_part_an_image_belongs()
    {
        var data = Open(new() { PartColumn = "official" });
        Assert.Equal(
            [SamplePart.Train, SamplePart.Validation, SamplePart.HeldOut, SamplePart.Any],
            data.Samples.Select(s => s.Part));
        Assert.Contains(
            "labels.csv: column \"official\" says to which part an image belongs: 1 train, 1 valid, 1 test, 1 not said",
            data.Notes);
        Assert.All(Open(new()).Samples, sample => Assert.Equal(SamplePart.Any, sample.Part));
    }

    [Fact]
    public void The_column_may_be_of_another_table()
    {
        var data = Open(new()
        {
            Csv = "boxes.csv",
            Kind = "boxes",
            PartColumn = "official",
            PartCsv = "labels.csv",
            Unlisted = "no-boxes",
        });
        Assert.Equal(
            ["a Train 1", "b Validation 0", "c HeldOut 2", "d Any 0"],
            data.Samples.Select(s => $"{Path.GetFileNameWithoutExtension(s.Id)} {s.Part} {s.Boxes?.Count}").Order());
    }

    [Theory]
    [InlineData("oficial", null, "labels.csv: expected a column \"oficial\"")]
    [InlineData(null, "labels.csv", "option partCsv: expected partColumn beside it")]
    [InlineData("label", null, "line 2, column \"label\": expected train, valid or test, found \"broken\"")]
    [InlineData("official", "../labels.csv", "option partCsv")]
    [InlineData("part", "others.csv", "other images, such as \"images/z.png\"")]
    [InlineData("part", "blank.csv", "blank cells alone")]
    [InlineData("part", "both.csv", "line 3, column \"part\": expected train, as in an earlier row of images/a.png")]
    public void What_is_no_part_is_refused(string? column, string? csv, string expected)
    {
        WriteText(_folder["others.csv"], "path,part", "images/z.png,train");
        WriteText(_folder["blank.csv"], "path,part", "images/a.png,");
        WriteText(_folder["both.csv"], "path,part", "images/a.png,train", "images/a.png,test");
        var error = Assert.Throws<MarrowException>(() => Open(new() { PartColumn = column, PartCsv = csv }));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
