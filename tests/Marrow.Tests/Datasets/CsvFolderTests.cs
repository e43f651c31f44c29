using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class CsvFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Dataset Open(DatasetOptions? options, params string[] lines)
    {
        foreach (var name in (string[])["a.png", "b.png", "c.png"])
            WriteImage(_folder["images/" + name], name[0]);
        WriteText(_folder["labels.csv"], lines);
        return DatasetCatalogue.Open(Request("csv", _folder.Path, options));
    }

    [Fact]
    public void Class_names_become_exclusive_classes_in_alphabetical_order()
    {
        var data = Open(
            null,
            "path,patient,label",
            "images/a.png,p1,virus",
            "images/b.png,p2,normal",
            "images/c.png,p2,");
        Assert.Equal(["normal", "virus"], data.Classes);
        Assert.True(data.ExclusiveClasses);
        Assert.Equal(["p1", "p2", "p2"], data.Samples.Select(s => s.Patient));
        Assert.Equal([0f, 1f], data.Samples[0].Labels);
        Assert.Equal([1f, 0f], data.Samples[1].Labels);
        Assert.All(data.Samples[2].Labels, label => Assert.True(float.IsNaN(label)));
        Assert.Equal("images/a.png", data.Samples[0].Id);
        Assert.True(File.Exists(data.Samples[0].ImagePath));
    }

    [Fact]
    public void Findings_take_zero_one_blank_uncertain_and_soft_labels()
    {
        var options = new DatasetOptions
        {
            LabelColumns = ["edema", "fracture"],
            Uncertain = new Dictionary<string, string> { ["default"] = "ones" },
        };
        var data = Open(
            options,
            "file,edema,fracture",
            "images/a.png,1,-1",
            "images/b.png,0,",
            "images/c.png,0.25,1.0");
        Assert.Equal(["edema", "fracture"], data.Classes);
        Assert.False(data.ExclusiveClasses);
        Assert.Equal([1f, 1f], data.Samples[0].Labels);
        Assert.Equal(0f, data.Samples[1].Labels[0]);
        Assert.True(float.IsNaN(data.Samples[1].Labels[1]));
        Assert.Equal([0.25f, 1f], data.Samples[2].Labels);
        Assert.Equal(data.Samples[0].Id, data.Samples[0].Patient);
    }

    [Fact]
    public void Numbers_are_kept_as_numbers_and_cobb_angles_as_angles()
    {
        var data = Open(
            new() { Kind = "numbers", LabelColumns = ["age"] },
            "path,age",
            "images/a.png,61.5",
            "images/b.png,");
        Assert.Equal(["age"], data.NumberNames);
        Assert.Equal(61.5, data.Samples[0].Numbers[0]);
        Assert.True(double.IsNaN(data.Samples[1].Numbers[0]));

        var spine = Open(
            new() { Kind = "numbers", LabelColumns = ["cobb1", "cobb2", "cobb3"] },
            "path,cobb1,cobb2,cobb3",
            "images/a.png,30,20,10",
            "images/b.png,1,,2");
        Assert.Equal([30, 20, 10], spine.Samples[0].CobbDegrees);
        Assert.Empty(spine.Samples[1].CobbDegrees);
    }

    [Fact]
    public void A_split_column_chooses_the_rows_but_not_the_classes()
    {
        string[] lines = ["path,label,split", "images/a.png,x,train", "images/b.png,y,test", "images/c.png,x,test"];
        Assert.Equal(2, Open(new() { Split = "test" }, lines).Samples.Count);
        Assert.Equal(["x", "y"], Open(new() { Split = "train" }, lines).Classes);
        Assert.Contains(
            "train, test",
            Assert.Throws<MarrowException>(() => Open(new() { Split = "valid" }, lines)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_and_repeated_images_are_left_out_and_listed()
    {
        var data = Open(null, "path,label", "images/a.png,x", "images/none.png,y", "images/a.png,y");
        Assert.Single(data.Samples);
        Assert.Equal(
            [("missing-image", "images/none.png"), ("duplicate-row", "images/a.png")],
            data.Faults.Select(f => (f.Kind, f.File)));
    }

    [Fact]
    public void Terms_come_from_the_options_then_the_folder()
    {
        string[] lines = ["path,label", "images/a.png,x", "images/b.png,y"];
        Assert.Equal("LicenseRef-unknown", Open(null, lines).License);
        new DatasetTerms("CC0-1.0", "Nobody").Write(_folder.Path);
        Assert.Equal(("CC0-1.0", "Nobody"), (Open(null, lines).License, Open(null, lines).Citation));
        Assert.Equal("CC-BY-4.0", Open(new() { License = "CC-BY-4.0" }, lines).License);
        Assert.Equal("", Open(null, lines).Version);
        new DatasetTerms(Version: "2").Write(_folder.Path);
        Assert.Equal(("2", "3"), (Open(null, lines).Version, Open(new() { Version = "3" }, lines).Version));
    }

    [Fact]
    public void A_folder_without_labels_is_read_recursively_in_a_fixed_order()
    {
        foreach (
            var name in (string[])["b/2.png", "b/1.PNG", "a.jpeg", "patient00007/x.jpg", ".hidden/y.png", "notes.txt"])
            WriteText(_folder[name], "not looked at");
        var data = DatasetCatalogue.Open(Request("images", _folder.Path));
        Assert.Equal(["a.jpeg", "b/1.PNG", "b/2.png", "patient00007/x.jpg"], data.Samples.Select(s => s.Id));
        Assert.Equal("patient00007", data.Samples[3].Patient);
    }
}
