using System.Text;
using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Issues;

/// <summary>
/// Tables as spreadsheets write them: read with the numbers that they mean, or refused with what to do.
/// </summary>
public sealed class TableFormTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TableFormTests()
    {
        foreach (var name in (string[])["a", "b", "c"])
            WriteImage(_folder[$"images/{name}.png"], name[0], 40, 40);
    }

    public void Dispose() => _folder.Dispose();

    private static readonly DatasetOptions Ages = new() { Kind = "numbers", LabelColumns = ["age"] };

    private Dataset Open(string csv, DatasetOptions? options = null)
    {
        File.WriteAllText(_folder["labels.csv"], csv);
        return DatasetCatalogue.Open(Request("csv", _folder.Path, options));
    }

    private string Refused(string csv, DatasetOptions? options = null) =>
        Assert.Throws<MarrowException>(() => Open(csv, options)).Message;

    [Theory]
    [InlineData("path;age\nimages/a.png;20,5\nimages/b.png;1234\nimages/c.png;0,125\n", "semicolons")]
    [InlineData("path;age\r\nimages/a.png;20.5\r\nimages/b.png;1234\r\nimages/c.png;0.125\r\n", "semicolons")]
    [InlineData("path\tage\nimages/a.png\t20,5\nimages/b.png\t1234\nimages/c.png\t0,125\n", "tabs")]
    [InlineData("sep=;\npath;age\nimages/a.png;20,5\nimages/b.png;1234\nimages/c.png;0,125\n", "semicolons")]
    [InlineData(
        "\"path\";\"age, years, of the patient\";\"age\"\n\"images/a.png\";\"x, "
            + "y\";\"20,5\"\n\"images/b.png\";;\"1234\"\n\"images/c.png\";;\"0,125\"\n",
        "semicolons"
    )]
    public void Semicolons_tabs_and_decimal_commas_are_read_and_told(string csv, string told)
    {
        var data = Open(csv, Ages);
        Assert.Equal([20.5, 1234, 0.125], data.Samples.Select(s => s.Numbers[0]));
        Assert.Contains(data.Notes, note => note.Contains(told, StringComparison.Ordinal));
        Assert.Equal(data.Notes, DataCheck.Run(Request("csv", _folder.Path, Ages)).Notes);
        Assert.Equal(
            csv.Contains("20,5", StringComparison.Ordinal),
            data.Notes.Any(note => note.Contains("decimal mark", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_comma_whose_meaning_would_be_guessed_is_refused_with_the_remedy()
    {
        Assert.Contains(
            "semicolons or tabs",
            Refused("path,age\nimages/a.png,\"20,5\"\n", Ages),
            StringComparison.Ordinal);
        Assert.Contains(
            "thousands",
            Refused("path;age\nimages/a.png;20,5\nimages/b.png;20.5\n", Ages),
            StringComparison.Ordinal);
        Assert.Contains(
            "thousands",
            Refused("path\tage\nimages/a.png\t1,234\nimages/b.png\t20\n", Ages),
            StringComparison.Ordinal);
        Assert.Contains(
            "line 2, column \"age\"",
            Refused("path;age\nimages/a.png;1.234,5\n", Ages),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Commas_stay_the_separator_where_semicolons_are_text()
    {
        var data = Open("path,a;b;c\nimages/a.png,mild\nimages/b.png,severe\n", new() { LabelColumns = ["a;b;c"] });
        Assert.Equal(["mild", "severe"], data.Classes);
        Assert.Empty(data.Notes);
    }

    [Fact]
    public void Quoted_line_breaks_are_text_and_errors_name_the_line_of_the_file()
    {
        var data = Open(
            "path,note,label\r\n\"images/a.png\",\"one\r\ntwo, \"\"three\"\"\",x\r\nimages/b.png,\"\n\n\",y\r\n");
        Assert.Equal(["images/a.png", "images/b.png"], data.Samples.Select(s => s.Id));
        var message = Refused("path,note,age\nimages/a.png,\"one\ntwo\",1\n\nimages/b.png,,old\n", Ages);
        Assert.Contains("line 5, column \"age\"", message, StringComparison.Ordinal);
        Assert.Contains("line 3", Refused("path,label\nimages/a.png,x\nimages/b.png,\"y\n"), StringComparison.Ordinal);
        Assert.Contains(
            "line breaks",
            Refused("path,label\nimages/a.png,\"x\nz\"\nimages/b.png,y\n"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Landmarks_of_a_spreadsheet_with_decimal_commas_are_read()
    {
        WriteSpineWeb(_folder.Path, ("x-1 A AP.png", MakeSpine()), ("x-2 A AP.png", MakeSpine(0.2)));
        var sound = DatasetCatalogue.Open(Request("spineweb16", _folder.Path));
        foreach (var file in (string[])["landmarks.csv", "angles.csv"])
        {
            var path = _folder[$"labels/training/{file}"];
            File.WriteAllText(path, File.ReadAllText(path).Replace(',', ';').Replace('.', ','), new UTF8Encoding(true));
        }
        var read = DatasetCatalogue.Open(Request("spineweb16", _folder.Path));
        Assert.Equal(sound.Samples.SelectMany(s => s.Vertebrae), read.Samples.SelectMany(s => s.Vertebrae));
        Assert.Equal(sound.Samples.SelectMany(s => s.CobbDegrees), read.Samples.SelectMany(s => s.CobbDegrees));
    }

    [Theory]
    [InlineData("images/a", "images/b")]
    [InlineData("a.png", "b.png")]
    [InlineData("a", "b")]
    public void An_image_named_without_folder_or_ending_is_the_one_that_is_meant(string first, string second)
    {
        var data = Open($"path,label\n{first},x\n{second},y\n");
        Assert.Equal(["images/a.png", "images/b.png"], data.Samples.Select(s => s.Id));
        Assert.Contains("2 paths", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_may_mean_two_images_is_missing_and_both_are_named()
    {
        WriteImage(_folder["other/a.png"], 9, 40, 40);
        var data = Open("path,label\na.png,x\nb.png,y\nimg/c.png,x\n");
        Assert.Equal(["images/b.png"], data.Samples.Select(s => s.Id));
        Assert.All((string[])["images/a.png", "other/a.png"], name =>
            Assert.Contains(name, data.Faults[0].Detail, StringComparison.Ordinal));
        Assert.Contains("There is images/c.png", data.Faults[1].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("path,label\n/data/images/a.png,x\n/data/images/b.png,y\n", "Absolute paths")]
    [InlineData("path,label\nimg/x.png,x\nimg/y.png,y\n", "does not exist")]
    [InlineData(
        "path,label,edema\nimages/a.png,x,YES\nimages/b.png,y,no\n",
        "Write 1 for yes and 0 for no",
        "findings",
        "edema"
    )]
    public void When_every_row_fails_the_reason_is_said(
        string csv,
        string reason,
        string? kind = null,
        string column = "label")
    {
        File.WriteAllText(_folder["labels.csv"], csv);
        foreach (var more in (string[][])[[], ["--all"], ["--json"]])
        {
            var (output, error) = (new StringWriter(), new StringWriter());
            string[] settings = kind is null ? [] : ["--set", $"kind={kind}", "--set", $"labelColumns={column}"];
            Assert.Equal(
                1,
                Marrow.Cli.CommandLine.Run(
                    ["data", "check", "csv", _folder.Path, .. settings, .. more],
                    output,
                    error,
                    CancellationToken.None));
            var message = error.ToString().ReplaceLineEndings(" ");
            Assert.Contains("no usable image (2 faults", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }
    }
}
