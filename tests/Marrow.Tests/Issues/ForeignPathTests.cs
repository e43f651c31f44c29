using System.Text.Json;
using Marrow.Cli;
using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Issues;

/// <summary>
/// A recipe or a manifest opens no file outside of the data set's folder, and no error quotes what is no table.
/// </summary>
public sealed class ForeignPathTests : IDisposable
{
    private const string Secret = "root:$6$hidden:19000:0:99999:7:::";
    private readonly TemporaryFolder _folder = new();

    public ForeignPathTests()
    {
        WriteImage(_folder["data/a.png"], 1, 40, 40);
        WriteImage(_folder["data/b.png"], 2, 40, 40);
        WriteText(_folder["data/labels.csv"], "path,label,edema", "a.png,x,1", "b.png,y,-1");
        WriteText(_folder["secret"], Secret, "second:line");
        File.CreateSymbolicLink(_folder["data/link.csv"], _folder["secret"]);
        File.CreateSymbolicLink(_folder["data/chain.csv"], _folder["data/link.csv"]);
        Directory.CreateSymbolicLink(_folder["data/out"], _folder.Path);
        Directory.CreateDirectory(_folder["data/masks"]);
    }

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Leaving =>
        new(
            "../secret",
            "/ABSOLUTE/secret",
            "link.csv",
            "chain.csv",
            "out/secret",
            "masks/../../secret",
            "./../secret",
            "masks\\..\\..\\secret");

    private string Refused(DatasetOptions options)
    {
        var message = Assert
            .Throws<MarrowException>(() => DatasetCatalogue.Open(Request("csv", _folder["data"], options)))
            .Message;
        Assert.DoesNotContain("hidden", message, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", message, StringComparison.Ordinal);
        return message;
    }

    [Theory]
    [MemberData(nameof(Leaving))]
    public void Every_path_of_the_data_section_stays_in_the_folder(string path)
    {
        path = path.Replace("/ABSOLUTE", _folder.Path, StringComparison.Ordinal);
        Assert.Matches("below the data set's folder|leads out of it", Refused(new() { Csv = path }));
        Assert.Matches(
            "below the data set's folder|leads out of it",
            Refused(
                new()
                {
                    Kind = "findings",
                    LabelColumns = ["edema"],
                    SoftLabels = path,
                }
            ));
        Assert.Matches("below the data set's folder|leads out of it", Refused(new() { Masks = path }));
    }

    [Fact]
    public void A_manifests_options_are_trusted_no_more_than_a_recipes()
    {
        var read = JsonSerializer.Deserialize<DatasetOptions>(
            """{"csv": "../secret", "namedByUser": ["csv"]}""",
            MarrowJson.Options
        )!;
        Refused(read);
        Assert.DoesNotContain(
            "namedByUser",
            JsonSerializer.Serialize(new DatasetOptions { NamedByUser = ["csv"] }, MarrowJson.Options),
            StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_file_named_on_the_command_line_may_lie_anywhere()
    {
        WriteText(_folder["second.csv"], "path,label", "a.png,x", "b.png,z");
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(
            0,
            CommandLine.Run(
                ["data", "check", "csv", _folder["data"], "--set", $"csv={_folder["second.csv"]}", "--json"],
                output,
                error,
                CancellationToken.None));
        Assert.True(
            JsonDocument.Parse(output.ToString()).RootElement.GetProperty("classes").TryGetProperty("z", out _));
    }

    [Fact]
    public void Links_that_stay_in_the_folder_are_followed()
    {
        File.CreateSymbolicLink(_folder["data/same.csv"], "labels.csv");
        Directory.CreateSymbolicLink(_folder["alias"], _folder["data"]);
        Assert.Equal(
            2,
            DatasetCatalogue
                .Open(Request("csv", _folder["alias"], new() { Csv = "same.csv", LabelColumns = ["label"] }))
                .Samples.Count);
    }

    [Fact]
    public void Tables_of_the_formats_are_no_way_out_either()
    {
        File.CreateSymbolicLink(_folder["data/train.csv"], _folder["secret"]);
        File.CreateSymbolicLink(_folder["data/train_image_paths.csv"], _folder["secret"]);
        File.CreateSymbolicLink(_folder["data/train_labeled_studies.csv"], _folder["secret"]);
        Directory.CreateDirectory(_folder["data/labels/training"]);
        File.CreateSymbolicLink(_folder["data/labels/training/filenames.csv"], _folder["secret"]);
        foreach (var format in (string[])["chexpert", "mura", "spineweb16"])
        {
            var message = Assert
                .Throws<MarrowException>(() =>
                    DatasetCatalogue.Open(
                        Request(format, _folder["data"], format == "chexpert" ? new() { Blank = "zeros" } : null)))
                .Message;
            Assert.Contains("leads out of it", message, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_table_is_not_quoted()
    {
        File.Copy(_folder["secret"], _folder["data/copy.csv"]);
        Assert.Contains("one column", Refused(new() { Csv = "copy.csv" }), StringComparison.Ordinal);
        WriteText(_folder["data/train_labeled_studies.csv"], "x,0");
        File.Copy(_folder["secret"], _folder["data/train_image_paths.csv"]);
        Assert.DoesNotContain(
            "hidden",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("mura", _folder["data"]))).Message,
            StringComparison.Ordinal);

        WriteText(
            _folder["data/wide.csv"],
            string.Join(',', Enumerable.Range(0, 300).Select(i => $"c{i}\u001b[31m{new string('x', 300)}")),
            string.Join(',', Enumerable.Repeat("1", 300)));
        var wide = Refused(new() { Csv = "wide.csv" });
        Assert.DoesNotContain('\u001b', wide);
        Assert.InRange(wide.Length, 100, 3000);
    }

    [Fact]
    public void An_image_behind_a_link_out_of_the_folder_is_taken_and_told_once()
    {
        WriteImage(_folder["elsewhere/c.png"], 3, 40, 40);
        WriteImage(_folder["elsewhere/d.png"], 4, 40, 40);
        Directory.CreateSymbolicLink(_folder["data/films"], _folder["elsewhere"]);
        WriteText(_folder["data/labels.csv"], "path,label", "a.png,x", "films/c.png,y", "films/d.png,y");
        var data = DatasetCatalogue.Open(Request("csv", _folder["data"]));
        Assert.Equal(3, data.Samples.Count);
        Assert.Equal([("linked-image", "films", "kept")], data.Faults.Select(f => (f.Kind, f.File, f.Action)));
    }
}
