using Marrow.Hub;
using Marrow.Weights;
using Marrow.Weights.PyTorch;
using TorchSharp;
using static Marrow.Tests.HostileRun;

namespace Marrow.Tests.Cli;

public sealed class HubExportCommandTests : IDisposable
{
    private const string Name = "densenet-mini.sample";
    private readonly TemporaryFolder _folder = new();

    public HubExportCommandTests() => ExportSamples.Classifier(_folder["hub"]).Dispose();

    public void Dispose() => _folder.Dispose();

    private (int Code, string Output, string Error) Export(string name, params string[] more) =>
        Call(["hub", "export", name, "--hub", _folder["hub"], .. more]);

    private string[] Files() =>
        [
            .. Directory
                .GetFileSystemEntries(_folder.Path)
                .Select(Path.GetFileName)
                .OfType<string>()
                .Where(f => f != "hub")
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [InlineData("safetensors")]
    [InlineData("pth")]
    [InlineData("onnx")]
    [InlineData("bundle")]
    public void Each_format_says_what_was_written_and_under_which_terms(string format)
    {
        var document = Export(Name, "--format", format, "--out", _folder["out"], "--json");
        Done(document);
        var said = Json(document.Output);
        Assert.Equal(
            (format, _folder["out"]),
            (said.GetProperty("format").GetString(), said.GetProperty("path").GetString()));
        Assert.Equal("LicenseRef-SpineWeb-research", said.GetProperty("license").GetString());
        Assert.Equal(2, said.GetProperty("ancestors").GetArrayLength());
        Assert.Equal(format is "onnx" or "bundle", said.TryGetProperty("comparison", out _));

        var drawn = Export(Name, "--format", format, "--out", _folder["out"], "--overwrite");
        Done(drawn);
        Assert.Contains("LicenseRef-SpineWeb-research", drawn.Output);
        Assert.Contains("checkpoint densenet-mini.first", drawn.Output);
        Assert.Contains("Effusion", drawn.Output); // untrained
    }

    [Fact]
    public void A_folder_gets_the_file_under_the_checkpoints_name()
    {
        Directory.CreateDirectory(_folder["out"]);
        Done(Export(Name, "--format", "pth", "--out", _folder["out"]));
        Assert.True(File.Exists(_folder[$"out/{Name}.pth"]));
    }

    [Fact]
    public void Precision_decides_how_matrices_are_written()
    {
        Done(Export(Name, "--format", "safetensors", "--precision", "f32", "--out", _folder["f32"]));
        Done(Export(Name, "--format", "safetensors", "--precision", "bf16", "--out", _folder["bf16"]));
        Done(Export(Name, "--format", "safetensors", "--out", _folder["stored"]));
        Assert.Equal(
            (
                TorchSharp.torch.ScalarType.Float32,
                TorchSharp.torch.ScalarType.BFloat16,
                TorchSharp.torch.ScalarType.BFloat16),
            (TypeOf("f32"), TypeOf("bf16"), TypeOf("stored")));

        TorchSharp.torch.ScalarType TypeOf(string file)
        {
            using var weights = Safetensors.Open(_folder[file]);
            return weights.Entries.Single(e => e.Name == "classifier.weight").Type;
        }
    }

    [Theory]
    [InlineData("--format", "tflite")]
    [InlineData("--format", "onnx", "--precision", "bf16")]
    [InlineData("--format", "onnx", "--precision", "f16")]
    [InlineData("--format", "pth", "--decode")]
    [InlineData("--format", "onnx", "--tolerance", "0")]
    [InlineData("--format", "onnx", "--tolerance", "nan")]
    [InlineData]
    public void What_can_not_be_meant_is_wrong_usage(params string[] options)
    {
        var (code, output, error) = Export(Name, [.. options, "--out", _folder["out"]]);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("error: ", error);
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("safetensors")]
    [InlineData("pth")]
    [InlineData("onnx")]
    [InlineData("bundle")]
    public void What_is_there_stays_unless_it_is_to_be_replaced(string format)
    {
        File.WriteAllText(_folder["out"], "kept");
        Refused(
            Export(Name, "--format", format, "--out", _folder["out"]),
            _folder["out"],
            "found a file",
            "--overwrite");
        Assert.Equal("kept", File.ReadAllText(_folder["out"]));
        Done(Export(Name, "--format", format, "--out", _folder["out"], "--overwrite"));
        Assert.Equal(["out"], Files());
    }

    [Theory]
    [InlineData("safetensors")]
    [InlineData("pth")]
    [InlineData("onnx")]
    [InlineData("bundle")]
    public void A_place_that_can_not_be_written_is_named(string format)
    {
        File.WriteAllText(_folder["file"], "no folder");
        Refused(
            Export(Name, "--format", format, "--out", _folder["file/out"]),
            _folder["file/out"],
            "can't be written");
        Assert.Equal(["file"], Files());
    }

    [Theory]
    [InlineData("safetensors")]
    [InlineData("pth")]
    [InlineData("onnx")]
    [InlineData("bundle")]
    public void Weights_alone_are_refused(string format)
    {
        var weights = _folder["alone.safetensors"];
        File.Copy(
            Directory.GetFiles(_folder["hub"], "model.safetensors", SearchOption.AllDirectories).Single(),
            weights);
        Refused(
            Export(weights, "--format", format, "--out", _folder["out"]),
            weights,
            "weights alone",
            "whole checkpoint");
        Assert.Equal(["alone.safetensors"], Files());
    }

    [Theory]
    [InlineData("safetensors", true)]
    [InlineData("pth", true)]
    [InlineData("onnx", false)]
    [InlineData("bundle", false)]
    public void Of_a_module_of_its_makers_own_only_the_weights_are_written(string format, bool isWritten)
    {
        using var own = Drafts.SaveCustom(_folder["hub"]);
        var result = Export(Drafts.CustomName, "--format", format, "--out", _folder["out"]);
        if (!isWritten)
        {
            Refused(result, "'segmenter', a module of its maker's own", "safetensors or pth");
            Assert.DoesNotContain("writing", result.Error);
            Assert.Empty(Files());
            return;
        }
        Done(result);
        using var written =
            format == "pth" ? (WeightFile)PyTorchWeights.Open(_folder["out"]) : Safetensors.Open(_folder["out"]);
        Assert.Equal(own.Weights.Entries.Select(e => e.Name).Order(), written.Entries.Select(e => e.Name).Order());
        using var scope = torch.NewDisposeScope();
        Assert.All(own.Weights.Entries, e =>
            Assert.True(
                own.Weights.Read(e.Name)
                    .to(torch.ScalarType.Float32)
                    .equal(written.Read(e.Name).to(torch.ScalarType.Float32))
                    .all()
                    .item<bool>()));
    }

    [Fact]
    public void Terms_that_the_licence_does_not_keep_are_warned_of()
    {
        var model = Drafts.Model();
        var draft = Drafts.Of(model);
        (draft with { Name = "densenet-mini.loose", Card = Drafts.Card("MIT") })
            .Save(_folder["hub"])
            .Dispose();
        var result = Export("densenet-mini.loose", "--format", "safetensors", "--out", _folder["out"]);
        Done(result);
        Assert.Contains(
            "warning: densenet-mini.loose is under MIT, but checkpoint densenet-mini.first is under "
                + "LicenseRef-unknown, which forbids commercial use",
            result.Error);
    }
}
