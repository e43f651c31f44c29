using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Issues;

/// <summary>
/// Cells that list several findings are findings, not classes of their own; what can't be classes is refused.
/// </summary>
public sealed class FindingListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Dataset Open(string header, IReadOnlyList<string> cells, DatasetOptions? options = null)
    {
        for (var i = 0; i < cells.Count; i++)
            WriteImage(_folder[$"{i:00}.png"], i, 20, 20);
        WriteText(_folder["labels.csv"], [header, .. cells.Select((cell, i) => $"{i:00}.png,{i / 2},{cell}")]);
        return DatasetCatalogue.Open(Request("csv", _folder.Path, options));
    }

    [Fact]
    public void Nihs_own_table_is_read_as_it_is()
    {
        Directory.CreateDirectory(_folder["images_001/images"]);
        foreach (var i in Enumerable.Range(0, 4))
            WriteImage(_folder[$"images_001/images/0000000{i / 2 + 1}_00{i % 2}.png"], i, 20, 20);
        WriteText(_folder["Data_Entry_2017.csv"],
            "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View "
                + "Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]",
            "00000001_000.png,Cardiomegaly,0,1,58,M,PA,2682,2749,0.143,0.143",
            "00000001_001.png,Cardiomegaly|Emphysema,1,1,58,M,PA,2894,2729,0.143,0.143",
            "00000002_000.png,No Finding,0,2,81,M,PA,2500,2048,0.171,0.171",
            "00000002_001.png,,1,2,82,M,PA,2500,2048,0.171,0.171");
        var options = new DatasetOptions { Csv = "Data_Entry_2017.csv" };
        var data = DatasetCatalogue.Open(Request("csv", _folder.Path, options));
        Assert.Equal(["Cardiomegaly", "Emphysema"], data.Classes);
        Assert.False(data.ExclusiveClasses);
        Assert.Equal(["1", "1", "2", "2"], data.Samples.Select(s => s.Patient));
        Assert.Equal([1f, 0f, 1f, 1f, 0f, 0f, float.NaN, float.NaN], data.Samples.SelectMany(s => s.Labels));
        Assert.Equal(
            new ClassCount(2, 1, 1),
            DataCheck.Run(Request("csv", _folder.Path, options)).Classes["Cardiomegaly"]);
    }

    [Theory]
    [InlineData("|")]
    [InlineData(";")]
    [InlineData(",")]
    [InlineData(" ; ")]
    public void Lists_are_known_by_any_separator_whose_parts_stand_alone_elsewhere(string separator)
    {
        var data = Open(
            "file,patient,label",
            ["edema", $"\"edema{separator}fracture\"", "fracture", "No Finding", "\"\""]);
        Assert.Equal(["edema", "fracture"], data.Classes);
        Assert.Equal([1f, 1f], data.Samples[1].Labels);
        Assert.Equal([0f, 0f], data.Samples[3].Labels);
        Assert.All(data.Samples[4].Labels, label => Assert.True(float.IsNaN(label)));
        Assert.Contains("lists findings", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_comma_within_class_names_makes_no_list_unless_it_is_said()
    {
        string[] cells = ["\"fracture, healed\"", "\"fracture, fresh\"", "normal"];
        Assert.Equal(["fracture, fresh", "fracture, healed", "normal"], Open("file,patient,label", cells).Classes);
        Assert.Equal(
            ["fracture", "fresh", "healed", "normal"],
            Open("file,patient,label", cells, new() { Kind = "findings" }).Classes);
        Assert.Equal(["a|b", "c"], Open("file,patient,label", ["a|b", "c"], new() { Kind = "classes" }).Classes);
    }

    [Fact]
    public void Every_part_of_the_data_has_the_same_findings()
    {
        string[] cells = ["edema|fracture,train", "No Finding,train", "effusion,test"];
        Assert.Equal(
            ["edema", "effusion", "fracture"],
            Open("file,patient,label,split", cells, new() { Split = "test" }).Classes);
    }

    [Theory]
    [InlineData("1", "0", "old")]
    [InlineData("1", "0", "0x1")]
    [InlineData("1,5", "0", "1")]
    public void A_column_of_one_finding_is_no_list_for_a_slip(params string[] cells)
    {
        var error = Assert.Throws<MarrowException>(() =>
            Open(
                "file,patient,edema",
                [.. cells.Select(c => $"\"{c}\"")],
                new() { Kind = "findings", LabelColumns = ["edema"] }
            ));
        Assert.Contains("column \"edema\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_finding_beside_a_finding_is_an_error_in_the_row()
    {
        Assert.Contains(
            "line 3, column \"label\"",
            Assert
                .Throws<MarrowException>(() => Open("file,patient,label", ["edema|fracture", "No Finding|edema"]))
                .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Identifiers_are_no_classes()
    {
        string[] many = [.. Enumerable.Range(0, 24).Select(i => $"case{i / 2}")];
        var message = Assert.Throws<MarrowException>(() => Open("file,patient,label", many)).Message;
        Assert.Contains("12 classes in 24 rows", message, StringComparison.Ordinal);
        Assert.Contains("kind: classes", message, StringComparison.Ordinal);
        Assert.Equal(12, Open("file,patient,label", many, new() { Kind = "classes" }).Classes.Count);
        Assert.Equal(
            ["few-per-class"],
            Open("file,patient,label", [.. many.Select((_, i) => $"grade{i % 8}")]).Faults.Select(f => f.Kind));
        Assert.Equal(
            ["similar-classes"],
            Open("file,patient,label", ["Normal", "normal", "other"]).Faults.Select(f => f.Kind));
    }
}
