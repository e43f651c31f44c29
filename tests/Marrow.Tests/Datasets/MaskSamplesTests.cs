using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Tests.Datasets;

public sealed class MaskSamplesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Image(string name, int width = 20, int height = 30, byte value = 0)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        var pixels = new byte[width * height];
        pixels[7] = value;
        ImageWriter.WritePng8(_folder[name], width, height, pixels);
    }

    private Dataset Open(string format, DatasetOptions options) =>
        DatasetCatalogue.Open(
            new()
            {
                Name = "d",
                Format = format,
                Root = _folder.Path,
                Options = options,
            }
        );

    private string Refused(string format, DatasetOptions options) =>
        Assert.Throws<MarrowException>(() => Open(format, options)).Message;

    [Fact]
    public void A_csv_names_masks_and_a_blank_cell_is_an_image_without_one()
    {
        foreach (var name in (string[])["a.png", "b.png", "m/one.png"])
            Image(name);
        File.WriteAllText(_folder["labels.csv"], "path,patient,mask\na.png,p1,m/one.png\nb.png,p2,\n");
        var data = Open("csv", new() { MaskColumn = "mask", MaskClasses = ["lung", "heart"] });
        Assert.Equal([_folder["m/one.png"], null], data.Samples.Select(s => s.MaskPath));
        Assert.Equal(["p1", "p2"], data.Samples.Select(s => s.Patient));
        Assert.Equal(["lung", "heart"], data.MaskClasses);
        Assert.Equal(["foreground"], Open("csv", new() { MaskColumn = "mask" }).MaskClasses);
    }

    [Fact]
    public void A_folder_of_masks_has_the_images_names_and_its_files_are_no_images()
    {
        foreach (
            var name in (string[])
                ["images/a.png", "images/sub/b.png", "images/c.png", "masks/a.png", "masks/images/sub/b.png"])
            Image(name);
        var data = Open("images", new() { Masks = "masks/" });
        Assert.Equal(["images/a.png", "images/c.png", "images/sub/b.png"], data.Samples.Select(s => s.Id));
        Assert.Equal(
            [_folder["masks/a.png"], null, _folder["masks/images/sub/b.png"]],
            data.Samples.Select(s => s.MaskPath));
        File.WriteAllText(_folder["labels.csv"], "path\nimages/a.png\nimages/c.png\n");
        Assert.Equal(
            [_folder["masks/a.png"], null],
            Open("csv", new() { Masks = "masks" }).Samples.Select(s => s.MaskPath));
    }

    [Fact]
    public void What_is_wrong_with_the_options_is_said()
    {
        Image("a.png");
        File.WriteAllText(_folder["labels.csv"], "path,mask\na.png,none.png\n");
        Assert.Contains("no file of that name", Refused("csv", new() { MaskColumn = "mask" }));
        Assert.Contains("found both", Refused("csv", new() { MaskColumn = "mask", Masks = "masks" }));
        Assert.Contains("found none", Refused("csv", new() { MaskClasses = ["a"] }));
        Assert.Contains("maskClasses alone", Refused("images", new() { MaskClasses = ["a"] }));
        Assert.Contains("a folder of masks", Refused("images", new() { Masks = "masks" }));
        Assert.Contains("below the data set's", Refused("images", new() { Masks = "../elsewhere" }));
        Assert.Contains("labelColumns", Refused("csv", new() { MaskColumn = "mask", LabelColumns = ["path"] }));
        Assert.Contains("names that differ", Refused("csv", new() { MaskColumn = "path", MaskClasses = ["a", "a"] }));
        Assert.Contains("maskColumn", Refused("images", new() { MaskColumn = "mask" }));
        File.WriteAllText(_folder["labels.csv"], "path,mask\na.png,../../a.png\n");
        Assert.Contains("a path below", Refused("csv", new() { MaskColumn = "mask" }));
    }

    [Fact]
    public void A_mask_of_another_size_and_one_that_is_a_JPEG_are_refused()
    {
        Image("a.png");
        Image("m.png", 21, 30);
        File.WriteAllText(_folder["labels.csv"], "path,mask\na.png,m.png\n");
        var message = Refused("csv", new() { MaskColumn = "mask" });
        Assert.Contains("expected 20x30 px", message);
        Assert.Contains("found 21x30", message);
        ImageWriter.WriteJpeg(_folder["m.jpg"], 20, 30, new byte[600]);
        File.WriteAllText(_folder["labels.csv"], "path,mask\na.png,m.jpg\n");
        Assert.Contains("blurs the edges", Refused("csv", new() { MaskColumn = "mask" }));
        Image("b.png");
        File.AppendAllText(_folder["labels.csv"], "b.png,\n");
        var report = DataCheck.Run(
            new()
            {
                Name = "d",
                Format = "csv",
                Root = _folder.Path,
                Options = new() { MaskColumn = "mask" },
            }
        );
        // a check lists it and goes on
        Assert.Contains(report.Faults, f => f.Detail.Contains("blurs the edges", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(255, 1)]
    [InlineData(2, 2)]
    public void Values_that_are_classes_are_read(byte value, int classes)
    {
        Image("m.png", value: value);
        Assert.Equal(value == 255 ? 1 : value, MaskFile.Read(_folder["m.png"], classes).Classes[7]);
    }

    [Theory]
    [InlineData(128, 1)] // the grey edge of a smoothed mask
    [InlineData(3, 2)]
    [InlineData(255, 2)]
    public void Values_that_are_none_are_refused_with_their_place(byte value, int classes)
    {
        Image("m.png", value: value);
        Assert.Contains(
            $"found {value} at x 7, y 0",
            Assert.Throws<MarrowException>(() => MaskFile.Read(_folder["m.png"], classes)).Message);
    }
}
