using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class MuraTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public MuraTests()
    {
        string[] images =
        [
            "XR_SHOULDER/patient00001/study1_positive/image1.png",
            "XR_SHOULDER/patient00001/study1_positive/image2.png",
            "XR_HAND/patient00002/study1_negative/image1.png",
        ];
        foreach (var image in images)
            WriteImage(_folder["train/" + image], image.Length);
        WriteText(_folder["train_image_paths.csv"], [.. images.Select(i => "MURA-v1.1/train/" + i)]);
        WriteText(
            _folder["train_labeled_studies.csv"],
            "MURA-v1.1/train/XR_SHOULDER/patient00001/study1_positive/,1",
            "MURA-v1.1/train/XR_HAND/patient00002/study1_negative/,0");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_view_has_the_label_of_its_study()
    {
        var data = DatasetCatalogue.Open(Request("mura", _folder.Path));
        Assert.Equal(["abnormal"], data.Classes);
        Assert.Equal("v1.1", data.Version);
        Assert.Equal([1f, 1f, 0f], data.Samples.Select(s => s.Labels[0]));
        Assert.Equal(data.Samples[0].Study, data.Samples[1].Study);
        Assert.Equal(
            ("train/XR_HAND/patient00002/study1_negative", "XR_HAND", "patient00002"),
            (data.Samples[2].Study, data.Samples[2].BodyPart, data.Samples[2].Patient));
    }

    [Theory]
    [InlineData("hand")]
    [InlineData("XR_HAND")]
    public void A_part_of_the_body_is_chosen(string part) =>
        Assert.Equal(
            "XR_HAND",
            Assert
                .Single(DatasetCatalogue.Open(Request("mura", _folder.Path, new() { BodyPart = part })).Samples)
                .BodyPart);

    [Fact]
    public void An_image_without_a_labelled_study_is_an_error()
    {
        WriteText(_folder["train_labeled_studies.csv"], "MURA-v1.1/train/XR_HAND/patient00002/study1_negative/,0");
        Assert.Contains(
            "train_labeled_studies.csv",
            Assert.Throws<MarrowException>(() => DatasetCatalogue.Open(Request("mura", _folder.Path))).Message,
            StringComparison.Ordinal);
    }
}
