using System.Text;
using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Weights;

namespace Marrow.Tests.Exchange;

public sealed class BundleExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Checkpoint _checkpoint;

    public BundleExportTests() => _checkpoint = ExportSamples.Classifier(_folder["hub"], classes: ["a", "b", "c"]);

    public void Dispose()
    {
        _checkpoint.Dispose();
        _folder.Dispose();
    }

    private ExportResult Export(bool overwrite = false, double tolerance = 1e-4, string name = "bundle") =>
        Exporter.Run(
            _checkpoint,
            new()
            {
                Format = ExportFormat.Bundle,
                Path = _folder[name],
                Overwrite = overwrite,
                Tolerance = tolerance,
            }
        );

    private string[] Entries() =>
        [
            .. Directory
                .GetFileSystemEntries(_folder.Path)
                .Select(Path.GetFileName)
                .OfType<string>()
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void The_folder_has_what_Hugging_Face_and_MONAI_look_for()
    {
        var result = Export();
        Assert.Equal(
            [
                "LICENSE",
                "README.md",
                "config.json",
                "configs/metadata.json",
                "docs/README.md",
                "docs/data_license.txt",
                "model.safetensors",
                "models/model.onnx",
                "models/model.pt",
            ],
            result.Files.Order(StringComparer.Ordinal));
        Assert.Equal(["bundle", "hub"], Entries());
        Assert.Equal(result.Bytes, result.Files.Sum(f => new FileInfo(Path.Combine(result.Path, f)).Length));

        var card = File.ReadAllBytes(Path.Combine(result.Path, "README.md"));
        Assert.True(card.AsSpan().StartsWith("---\nlicense: "u8));
        Assert.Contains("## Files of this bundle", Encoding.UTF8.GetString(card));
        Assert.StartsWith($"# {_checkpoint.Name}\n", File.ReadAllText(Path.Combine(result.Path, "docs/README.md")));
        using var weights = Safetensors.Open(Path.Combine(result.Path, "model.safetensors"));
        Assert.Equal(_checkpoint.Digest, weights.Metadata["digest"]);
        Assert.Equal(_checkpoint.Weights.Entries.Select(e => e.Name), weights.Entries.Select(e => e.Name));
    }

    /// <summary>The keys that "MONAI Bundle Specification" calls mandatory.</summary>
    [Fact]
    public void MONAIs_metadata_is_complete()
    {
        var metadata = JsonDocument
            .Parse(File.ReadAllBytes(Path.Combine(Export().Path, "configs/metadata.json")))
            .RootElement;
        foreach (
            var key in (string[])
                [
                    "version",
                    "monai_version",
                    "pytorch_version",
                    "numpy_version",
                    "optional_packages_version",
                    "task",
                    "description",
                    "authors",
                    "copyright",
                    "network_data_format",
                ])
            Assert.True(metadata.TryGetProperty(key, out _), key);
        var formats = metadata.GetProperty("network_data_format");
        foreach (
            var tensor in formats
                .GetProperty("inputs")
                .EnumerateObject()
                .Concat(formats.GetProperty("outputs").EnumerateObject()))
        {
            foreach (
                var key in (string[])
                    [
                        "type",
                        "format",
                        "modality",
                        "num_channels",
                        "spatial_shape",
                        "dtype",
                        "value_range",
                        "is_patch_data",
                        "channel_def",
                    ])
                Assert.True(tensor.Value.TryGetProperty(key, out _), $"{tensor.Name}: {key}");
            Assert.Equal(
                tensor.Value.GetProperty("num_channels").GetInt32(),
                tensor.Value.GetProperty("channel_def").EnumerateObject().Count());
        }
        Assert.Equal("Finds two findings: on phantoms | only.", metadata.GetProperty("description").GetString());
        Assert.Equal("Not for patients.", metadata.GetProperty("intended_use").GetString());
        Assert.Equal(
            "logit of a (untrained)",
            formats.GetProperty("outputs").GetProperty("pred").GetProperty("channel_def").GetProperty("0").GetString());
    }

    [Fact]
    public void The_terms_of_all_ancestors_are_in_it()
    {
        var path = Export().Path;
        var terms = File.ReadAllText(Path.Combine(path, "LICENSE"));
        Assert.Contains("LicenseRef-SpineWeb-research", terms);
        Assert.Contains("data set phantom: \"x\", Apache-2.0", terms);
        Assert.Contains("checkpoint densenet-mini.first, LicenseRef-unknown", terms);
        Assert.Contains("Apache-2.0", File.ReadAllText(Path.Combine(path, "docs/data_license.txt")));
    }

    [Fact]
    public void PyTorch_loads_its_state_dict()
    {
        using var peer = new PythonPeer();
        var path = Export().Path;
        Assert.Equal(
            _checkpoint.Weights.Entries.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
            peer.Run($"print(len(torch.load('{path}/models/model.pt', weights_only=True)))").Trim());
    }

    [Fact]
    public void One_that_fails_leaves_nothing_and_the_earlier_one()
    {
        Assert.Throws<MarrowException>(() => Export(tolerance: 1e-12));
        Assert.Equal(["hub"], Entries());
        Export();
        var before = File.ReadAllBytes(_folder["bundle/models/model.onnx"]);
        var error = Assert.Throws<MarrowException>(() => Export(overwrite: true, tolerance: 1e-12));
        Assert.Contains(_folder["bundle/models/model.onnx"], error.Message); // not the folder it was collected in
        Assert.Equal(before, File.ReadAllBytes(_folder["bundle/models/model.onnx"]));
        Assert.Equal(["bundle", "hub"], Entries());
    }

    [Fact]
    public void A_bundle_is_replaced_only_when_asked_and_a_folder_with_anything_else_never()
    {
        Export();
        Assert.Contains("--overwrite", Assert.Throws<MarrowException>(() => Export()).Message);
        File.Delete(_folder["bundle/LICENSE"]);
        Export(overwrite: true);
        Assert.True(File.Exists(_folder["bundle/LICENSE"]));

        File.WriteAllText(_folder["bundle/models/mine.txt"], "mine");
        var error = Assert.Throws<MarrowException>(() => Export(overwrite: true));
        Assert.Contains("models/mine.txt", error.Message);
        Assert.Equal("mine", File.ReadAllText(_folder["bundle/models/mine.txt"]));
        Assert.Contains("hub", Assert.Throws<MarrowException>(() => Export(overwrite: true, name: "hub")).Message);
        Assert.Equal(["bundle", "hub"], Entries());
    }
}
