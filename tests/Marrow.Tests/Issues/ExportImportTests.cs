using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Tests.Issues;

/// <summary>
/// What was exported comes back as it was: the same config, the same outputs to the bit, no term less.
/// </summary>
public sealed class ExportImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ImportRequest Request(
        string name = "again", IReadOnlyList<string>? classes = null, string license = Licenses.Unknown,
        int? width = null, string? architecture = null) =>
        new()
        {
            Name = name,
            HubFolder = _folder["other"],
            Classes = classes,
            License = license,
            Width = width,
            Architecture = architecture,
        };

    /// <summary>
    /// Every task, whatever its models keep beside their layers, and the kinds of heads and backbones that one of them
    /// can have.
    /// </summary>
    public static TheoryData<string, ExportFormat> Kinds
    {
        get
        {
            var all = new TheoryData<string, ExportFormat>();
            string[] written = [.. TaskCatalogue.All.Where(t => t.Onnx is not null).Select(t => t.Name)];
            foreach (var kind in (string[])["softmax", "three", "resnet", "hidden patches", .. written])
            {
                all.Add(kind, ExportFormat.Safetensors);
                all.Add(kind, ExportFormat.Pth);
                if (kind != "hidden patches")
                    all.Add(kind, ExportFormat.Onnx);
            }
            return all;
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Each_kind_of_checkpoint_comes_back(string kind, ExportFormat format)
    {
        using var scope = torch.NewDisposeScope();
        using var first = Sample(kind);
        Exporter.Run(first, new() { Format = format, Path = _folder["file.bin"] });
        var (again, summary) = Importer.Run(_folder["file.bin"], Request());
        using (again)
            AssertRoundTrip.Of(first, again, summary);
    }

    [Theory]
    [InlineData("")]
    [InlineData("model.safetensors")]
    [InlineData("models/model.pt")]
    [InlineData("models/model.onnx")]
    public void A_bundle_comes_back_from_its_folder_or_a_file_of_it(string file)
    {
        using var scope = torch.NewDisposeScope();
        using var first = Sample(CheckpointTask.Classify);
        Exporter.Run(first, new() { Format = ExportFormat.Bundle, Path = _folder["bundle"] });
        var (again, summary) = Importer.Run(Path.Combine(_folder["bundle"], file), Request());
        using (again)
            AssertRoundTrip.Of(first, again, summary);
    }

    [Theory]
    [InlineData(ExportFormat.Safetensors, WeightPrecision.BFloat16)]
    [InlineData(ExportFormat.Safetensors, WeightPrecision.Float32)]
    [InlineData(ExportFormat.Pth, WeightPrecision.BFloat16)]
    public void A_checkpoint_in_bfloat16_comes_back_in_the_precision_in_which_it_was_exported(
        ExportFormat format, WeightPrecision precision)
    {
        using var scope = torch.NewDisposeScope();
        using var first = Sample(CheckpointTask.Classify); // matrices in bfloat16
        Assert.Contains(first.Weights.Entries, e => e.Type == torch.ScalarType.BFloat16);
        Exporter.Run(first, new() { Format = format, Path = _folder["file.bin"], Precision = precision });
        var (again, summary) = Importer.Run(_folder["file.bin"], Request());
        using (again)
        {
            AssertRoundTrip.Of(first, again, summary);
            Assert.Equal(precision == WeightPrecision.BFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
                again.Weights.Entries.First(e => e.Name == "features.conv0.weight").Type);
        }
    }

    [Fact]
    public void An_ONNX_file_whose_weights_or_counters_were_changed_is_imported_by_a_map_and_keeps_its_terms()
    {
        using var first = Sample(CheckpointTask.Classify);
        Exporter.Run(first, new() { Format = ExportFormat.Onnx, Path = _folder["a.onnx"] });
        var bytes = File.ReadAllBytes(_folder["a.onnx"]);
        var counter = bytes.AsSpan().IndexOf("0gQAAAAAAAA="u8); // 1234 in base64
        Assert.True(counter > 0);
        bytes[counter] = (byte)'9';
        File.WriteAllBytes(_folder["b.onnx"], bytes);
        var (again, summary) = Importer.Run(_folder["b.onnx"], Request(classes: ["a", "b"]));
        using (again)
        {
            Assert.Equal(("marrow", first.License), (summary.File.Map, again.License));
            Assert.Contains(again.Parents.Ancestors(), a => a.Digest == first.Digest);
        }
    }

    [Fact]
    public void Research_only_terms_survive_every_export_and_import()
    {
        using var first = Sample(CheckpointTask.Classify); // under SpineWeb's terms, from a data set and a checkpoint
        var before = LicenseClosure.Ancestors(new(_folder["hub"]), CheckpointManifest.Read(first.Path));
        Exporter.Run(first, new() { Format = ExportFormat.Pth, Path = _folder["a.pth"] });
        var (second, _) = Importer.Import(_folder["a.pth"], Request());
        using (second)
            Exporter.Run(second, new() { Format = ExportFormat.Safetensors, Path = _folder["b.safetensors"] });
        var (third, _) = Importer.Import(_folder["b.safetensors"], Request(name: "third"));
        using (third)
        {
            var after = LicenseClosure.Ancestors(new(_folder["other"]), CheckpointManifest.Read(third.Path));
            Assert.Equal(first.License, third.License);
            AssertSuperset(before, after);
            Assert.Contains(after, a => a.Digest == first.Digest && a.License == first.License);
            Assert.NotEmpty(Licenses.Breaches("MIT", after));
        }
    }

    [Fact]
    public void Of_weights_that_were_changed_since_only_the_terms_are_kept()
    {
        using var scope = torch.NewDisposeScope();
        using var first = Sample(CheckpointTask.Classify);
        Exporter.Run(first, new() { Format = ExportFormat.Safetensors, Path = _folder["a.safetensors"] });
        using (var file = Safetensors.Open(_folder["a.safetensors"]))
        {
            var changed = file.Entries.Select(e => KeyValuePair.Create(e.Name, file.Read(e.Name))).ToList();
            changed.Single(w => w.Key == "classifier.bias").Value.add_(Marrow.Computing.Scalars.Of(1));
            Safetensors.Write(_folder["b.safetensors"], changed, file.Metadata);
        }
        var (again, summary) = Importer.Run(_folder["b.safetensors"], Request(classes: ["a", "b"], license: "MIT"));
        using (again)
        {
            Assert.Equal("marrow", summary.File.Map);
            Assert.Equal(["a", "b"], again.Config.Classes);
            Assert.NotEmpty(Licenses.Breaches(again.License, again.Parents.Ancestors()));
            Assert.Contains(again.Parents.Ancestors(), a => a.Digest == first.Digest);
        }
        var (unnamed, _) = Importer.Import(_folder["b.safetensors"], Request(name: "unnamed", classes: ["a", "b"]));
        using (unnamed)
            Assert.Equal(first.License, unnamed.License);
    }

    [Fact]
    public void A_request_that_contradicts_the_file_is_refused()
    {
        using var first = Sample(CheckpointTask.Classify);
        Exporter.Run(first, new() { Format = ExportFormat.Safetensors, Path = _folder["a.safetensors"] });
        Refused(Request(license: "MIT"), first.License);
        Refused(Request(classes: ["a", "b"]), "--map");
        Refused(Request(width: 32), "--map");
        Refused(Request(architecture: "densenet121"), "--map");
        Assert.False(Directory.Exists(_folder["other"]));

        void Refused(ImportRequest request, string says) =>
            Assert.Contains(
                says,
                Assert.Throws<MarrowException>(() => Importer.Import(_folder["a.safetensors"], request)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_file_says_of_itself_is_not_believed_unchecked()
    {
        using var scope = torch.NewDisposeScope();
        using var first = Sample(CheckpointTask.DetectVertebrae);
        Exporter.Run(first, new() { Format = ExportFormat.Safetensors, Path = _folder["a.safetensors"] });
        using var file = Safetensors.Open(_folder["a.safetensors"]);
        var weights = file.Entries.Select(e => KeyValuePair.Create(e.Name, file.Read(e.Name))).ToList();
        foreach (
            var (key, value, says) in ((string, string, string)[])
                [
                    ("config", "{}", "the JSON of the config"),
                    (
                        "config",
                        file.Metadata["config"]
                            .Replace("\"pyramidChannels\":16", "\"pyramidChannels\":1024", StringComparison.Ordinal),
                        "the config describes"),
                    (
                        "config",
                        file.Metadata["config"]
                            .Replace("\"pyramidChannels\":16", "\"pyramidChannels\":100000", StringComparison.Ordinal),
                        "pyramid channels"),
                    ("name", "../x", "../x"),
                    ("license", string.Join(" AND ", Enumerable.Repeat("MIT", 1000)), "a licence of at most"),
                    ("parents", "[1]", "the JSON of the parents"),
                ])
        {
            Safetensors.Write(
                _folder["b.safetensors"],
                weights,
                new Dictionary<string, string>(file.Metadata) { [key] = value }
            );
            Assert.Contains(
                says,
                Assert.Throws<MarrowException>(() => Importer.Import(_folder["b.safetensors"], Request())).Message,
                StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(_folder["other"]));
    }

    [Fact]
    public void A_checkpoint_or_a_folder_without_weights_is_no_file_to_import()
    {
        using var first = Sample(CheckpointTask.Classify);
        Assert.Contains(
            "It needs no import",
            Assert.Throws<MarrowException>(() => Importer.Import(first.Path, Request())).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "model.safetensors",
            Assert.Throws<MarrowException>(() => Importer.Import(_folder.Path, Request())).Message,
            StringComparison.Ordinal);
    }

    private Checkpoint Sample(string kind) => kind switch
    {
        "softmax" => ExportSamples.Classifier(_folder["hub"], exclusive: true),
        "three" => ExportSamples.ThreeClasses(_folder["hub"]),
        "resnet" => ExportSamples.Classifier(_folder["hub"], architecture: "resnet18"),
        "hidden patches" => Pretrained(),
        _ => ExportSamples.OfTask(_folder["hub"], kind),
    };

    private Checkpoint Pretrained()
    {
        var spec = new ModelSpec { Architecture = "pretrain-densenet-mini", Masking = new() };
        using var model = ModelCatalogue.Create(spec);
        var draft = Drafts.Of(model, 1, "none");
        return (
            draft with
            {
                Name = "pretrain-densenet-mini.sample",
                Config = draft.Config with { Model = spec, Task = CheckpointTask.Pretrain, Classes = [], Outputs = [] },
            }
        ).Save(_folder["hub"]);
    }

    private static void AssertSuperset(IEnumerable<LicensedAncestor> some, IEnumerable<LicensedAncestor> all) =>
        Assert.Superset(some.Select(AssertJson.Of).ToHashSet(), all.Select(AssertJson.Of).ToHashSet());
}
