using System.Globalization;
using Marrow.Exchange;
using Marrow.Exchange.Onnx;
using Marrow.Tasks;

namespace Marrow.Tests.Docs;

/// <summary>docs/how-to-export.md names what the files truly have.</summary>
public sealed class ExportDocsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _page = File.ReadAllText(Path.Combine(Repository.Root(), "docs", "how-to-export.md"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_metadata_key_is_explained()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        string[] ofFiles = ["parents", "weights", ExportedWeights.Unused, "outputs", "comparison"];
        Assert.All(ExportMetadata.Of(checkpoint).Keys.Concat(ofFiles), key => Assert.Contains($"`{key}`", _page));
    }

    [Fact]
    public void Every_output_is_explained()
    {
        using var classifier = ExportSamples.Classifier(_folder["hub"]);
        using var detector = ExportSamples.Detector(_folder["hub"]);
        using var regressor = ExportSamples.Regressor(_folder["hub"]);
        foreach (var checkpoint in (Marrow.Checkpoints.Checkpoint[])[classifier, detector, regressor])
        {
            using var model = checkpoint.BuildModel();
            foreach (var decode in (bool[])[false, true])
                Assert.All(OnnxModel.Build(checkpoint.Config, model, decode).Outputs, o =>
                    Assert.Contains($"`{o.Name}` `[{o.Shape[0]}, ", _page));
        }
    }

    [Fact]
    public void Every_file_of_a_bundle_is_listed()
    {
        using var checkpoint = ExportSamples.Classifier(_folder["hub"]);
        var bundle = Exporter.Run(checkpoint, new() { Format = ExportFormat.Bundle, Path = _folder["bundle"] });
        Assert.All(bundle.Files, file => Assert.Contains($"\n    {file} ", _page));
    }

    [Fact]
    public void The_numbers_of_the_suppression_are_those_of_the_code() =>
        Assert.Contains(
            string.Create(
                CultureInfo.InvariantCulture,
                $"score over {DetectionOnnx.LowestScore}, overlap with a\nbetter one of at most "
                    + $"{DetectionOnnx.SuppressedIou}, at most {DetectionOnnx.MostDetections} of a class"),
            _page);
}
