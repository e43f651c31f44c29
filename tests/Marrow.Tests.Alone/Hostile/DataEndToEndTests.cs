using System.Text;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Hostile;

/// <summary>Bad label files and folders as the commands meet them.</summary>
[Collection(nameof(HostileRun))]
public sealed class DataEndToEndTests(HostileRun run)
{
    private string Csv(byte[] labels)
    {
        var folder = run.New("films");
        for (var i = 0; i < 3; i++)
            SmallDataSets.WriteImage(Path.Combine(folder, $"{i}.png"), i);
        File.WriteAllBytes(Path.Combine(folder, "labels.csv"), labels);
        return folder;
    }

    [Theory]
    [InlineData("path,finding\n0.png,a\n", "labels.csv: expected a column label")]
    [InlineData("name,label\n0.png,a\n", "labels.csv: expected a column path, file")]
    [InlineData("path,label\n0.png,a\n1.png\n", "labels.csv, line 3: expected 2 columns")]
    [InlineData("path,label\n0.png,\"a\n1.png,b\n", "labels.csv, line 2: not a line of CSV")]
    [InlineData("path,label\n0.png,a\n1.png,a\n", "2 to 1000 classes in column \"label\", found 1")]
    [InlineData("path,label\n8.png,a\n9.png,b\n", "no usable image (2 faults")]
    [InlineData("path,label\n", "a header alone")]
    [InlineData("", "an empty file")]
    public void A_bad_csv_is_refused_by_preview_check_and_evaluate(string labels, string cause)
    {
        var folder = Csv(Encoding.UTF8.GetBytes(labels));
        var sheet = Path.Combine(folder, "sheet.png");
        Refused(Call("data", "preview", "csv", folder, "--out", sheet, "--json"), cause);
        Refused(Call("data", "check", "csv", folder, "--json"), cause);
        Refused(
            Call(
                "evaluate",
                "cobb-densenet-mini.spines",
                "--data",
                $"own={folder}",
                "--format",
                "csv",
                "--split",
                "all",
                "--hub",
                run.Hub,
                "--json"),
            cause);
        Assert.False(File.Exists(sheet));
    }

    [Fact]
    public void Other_encodings_and_bad_numbers_name_the_file_and_the_place()
    {
        var latin = Csv([.. "path,label\n0.png,\u00e9\n1.png,b\n"u8.ToArray().Select(b => b == 0xC3 ? (byte)0xE9 : b)]);
        Refused(Call("data", "preview", "csv", latin, "--json"), "labels.csv", "UTF-8");
        var numbers = Csv("path,cobb1,cobb2,cobb3\n0.png,1,2,three\n"u8.ToArray());
        Refused(
            Call(
                "data",
                "preview",
                "csv",
                numbers,
                "--set",
                "kind=numbers",
                "--set",
                "labelColumns=cobb1,cobb2,cobb3",
                "--json"),
            "labels.csv, line 2",
            "cobb3",
            "three");
    }

    [Theory]
    [InlineData("data", "check", "csv", "")]
    [InlineData("data", "preview", "csv", "")]
    [InlineData("data", "preview", "csv", "x", "--out", "")]
    [InlineData("data", "preview", "csv", "x", "--out", "/")]
    [InlineData("data", "check", "nonsense", "/")]
    [InlineData("data", "check", "csv", "/")]
    [InlineData("data", "phantom", "chexpert", "x", "--width", "-5")]
    [InlineData("predict", "")]
    [InlineData("evaluate", "", "--data", "a=b")]
    [InlineData("hub", "show", "")]
    [InlineData("hub", "show", "/")]
    [InlineData("run", "")]
    [InlineData("run", "/")]
    public void Empty_names_and_the_root_are_explained(params string[] line)
    {
        // "x" is a data set that can be read, so that the last argument is what fails.
        var folder = Csv("path,label\n0.png,a\n1.png,b\n"u8.ToArray());
        var (code, output, error) = Call([.. line.Select(a => a == "x" ? folder : a), "--json"]);
        Assert.InRange(code, 1, 2);
        Assert.Empty(output);
        Explained(error);
    }

    [Fact]
    public void A_data_set_without_the_checkpoints_targets_is_refused()
    {
        var other = Refused(
            Call(
                "evaluate",
                "densenet-mini.chests",
                "--data",
                $"x={run.Spines}",
                "--format",
                "spineweb16",
                "--split",
                "all",
                "--hub",
                run.Hub,
                "--json"),
            run.Spines,
            "the outputs of densenet-mini.chests");
        Assert.Contains("Cardiomegaly", other);
        var folder = Csv("path,label\n0.png,a\n1.png,b\n"u8.ToArray());
        Refused(
            Call(
                "evaluate",
                "cobb-densenet-mini.spines",
                "--data",
                $"own={folder}",
                "--format",
                "csv",
                "--split",
                "all",
                "--hub",
                run.Hub,
                "--json"),
            folder,
            "samples with targets for regress-cobb");
        Refused(
            Call(
                "evaluate",
                "cobb-densenet-mini.spines",
                "--data",
                $"spines={run.New("absent")}",
                "--hub",
                run.Hub,
                "--json"),
            "absent",
            "the folder of data set spines");
    }

    [Fact]
    public void Phantoms_go_to_no_file()
    {
        var file = run.New("file");
        File.WriteAllText(file, "kept");
        Refused(Call("data", "phantom", "chexpert", file, "--count", "1", "--json"), file, "can't be written");
        Assert.Equal("kept", File.ReadAllText(file));
    }
}
