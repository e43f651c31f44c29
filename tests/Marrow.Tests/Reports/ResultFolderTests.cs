using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Reports;

namespace Marrow.Tests.Reports;

public sealed class ResultFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Radiograph Film() =>
        new(40, 60, [.. Enumerable.Range(0, 2400).Select(i => (ushort)(i % 251))], 8, "a.png");

    private static Marrow.Findings.Finding Finding(string file = "a.png") =>
        new(file: file, width: 40, height: 60)
        {
            Parts = [new ClassesPart("hand", [])],
            Checkpoints = [new("classify", "x", "sha256:0")],
        };

    private void Predict(bool overlays = true, bool readable = true)
    {
        var files = new FindingFiles(_folder.Path, ["class"], overlays);
        files.Add(Finding(), readable ? Film() : null);
        files.WriteCsv();
    }

    [Fact]
    public void Earlier_results_are_replaced()
    {
        Predict();
        ResultFolder.RequireFree(_folder.Path, ["a.png"], [], ResultFolder.Json, ResultFolder.Overlay);
        Predict();

        Assert.Equal(
            ["a.json", "a.overlay.png", "predictions.csv", "predictions.json"],
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("a.json", "{\"version\": \"5.0\", \"shapes\": []}")]
    [InlineData("a.json", "")]
    [InlineData("a.overlay.png", "a picture of the user's")]
    [InlineData("predictions.csv", "file,grade\na.png,2\n")]
    [InlineData("predictions.json", "{}")]
    public void What_no_prediction_wrote_is_named_before_any_work_and_never_replaced(string name, string content)
    {
        File.WriteAllText(_folder[name], content);

        var error = Assert.Throws<MarrowException>(() =>
            ResultFolder.RequireFree(_folder.Path, ["a.png"], [], ResultFolder.Json, ResultFolder.Overlay));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => Predict());
        Assert.Equal(content, File.ReadAllText(_folder[name]));
    }

    [Fact]
    public void A_table_that_somebody_edited_is_theirs()
    {
        Predict();
        File.AppendAllText(_folder["predictions.csv"], "checked by hand\n");

        Assert.Throws<MarrowException>(() => ResultFolder.RequireFree(_folder.Path, ["a.png"], [], ResultFolder.Json));
        Assert.Throws<MarrowException>(() => Predict());
        Assert.EndsWith("checked by hand\n", File.ReadAllText(_folder["predictions.csv"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_in_the_place_of_a_result_is_left_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links take rights on Windows.");
        File.CreateSymbolicLink(_folder["a.json"], _folder["elsewhere.json"]);

        Assert.Throws<MarrowException>(() => ResultFolder.RequireFree(_folder.Path, ["a.png"], [], ResultFolder.Json));
        Assert.Throws<MarrowException>(() => Predict());
        Assert.False(File.Exists(_folder["elsewhere.json"]));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void An_overlay_of_before_that_is_not_drawn_again_goes_away(bool overlays, bool readable)
    {
        Predict();
        Predict(overlays, readable);

        Assert.False(File.Exists(_folder["a.overlay.png"]));
        Assert.True(File.Exists(_folder["a.json"]));
    }

    [Fact]
    public void Results_are_known_by_their_mark_wherever_they_are_copied()
    {
        Predict();
        var elsewhere = Directory.CreateDirectory(_folder["films/sub"]).FullName;
        File.Copy(_folder["a.overlay.png"], Path.Combine(elsewhere, "renamed.png"));
        File.Copy(_folder["a.json"], Path.Combine(elsewhere, "a.json"));
        ImageWriter.WritePng8(_folder["films/b.png"], 40, 60, [.. Film().Pixels.Select(v => (byte)v)]);

        var listing = ImageListing.Of(_folder["films"]);

        Assert.Equal([_folder["films/b.png"]], listing.Images);
        Assert.Equal([Path.Combine(elsewhere, "a.json"), Path.Combine(elsewhere, "renamed.png")], listing.Results);
        // a marked picture is a whole PNG
        Assert.Equal(40, RadiographReader.Read(Path.Combine(elsewhere, "renamed.png")).Width > 0 ? 40 : 0);
    }

    [Fact]
    public void Everything_in_a_folder_is_an_image_a_result_or_named()
    {
        ImageWriter.WritePng8(_folder["a"], 20, 20, new byte[400]);
        File.WriteAllBytes(_folder["c.txt"], [.. new byte[128], .. "DICM"u8, 0]);
        File.WriteAllText(_folder["notes.txt"], "no image");
        File.WriteAllText(_folder["empty.jpg"], "");

        var listing = ImageListing.Of(_folder.Path);

        Assert.Equal([_folder["a"], _folder["empty.jpg"]], listing.Images);
        Assert.Equal([(_folder["c.txt"], "DICOM")], listing.Unread);
        Assert.Equal([_folder["notes.txt"]], listing.Others);
    }
}
