using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Issues;

/// <summary>Quantised weights are refused by a sentence that names the tensor, what it is, and what to do.</summary>
public sealed class QuantizedWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Forms => new()
    {
        { "fc.weight=i8:4x4 fc.SCB=f:4", "'fc.weight'", "scales stand beside them ('.SCB')" },
        { "fc.weight=u8:8x1 fc.weight.absmax=f:1", "'fc.weight'", "scales stand beside them" },
        { "fc.weight=u8:8x1 fc.weight.quant_state.bitsandbytes__nf4=u8:9", "'fc.weight'", "8 bits" },
        { "fc.qweight=i32:4x4 fc.scales=f:4 fc.qzeros=i32:1x1", "'fc.qweight'", "GPTQ" },
        { "conv.weight=i8:4x3x3x3 conv.weight_scale=f:4", "'conv.weight'", "whose scales stand beside them" },
        { "fc.weight_quantized=i8:4x4 fc.weight_scale=f:1", "'fc.weight_quantized'", "whose scales" },
        { "conv1.weight=u8:4x3x3x3", "'conv1.weight'", "in place of weights" },
    };

    [Theory, MemberData(nameof(Forms))]
    public void The_forms_of_other_programs_are_recognised_by_imports_and_warm_starts(
        string tensors, string name, string says)
    {
        using var scope = NewDisposeScope();
        var path = _folder["q.safetensors"];
        Safetensors.Write(path, [.. tensors.Split(' ').Select(text =>
        {
            var (key, type, shape) = (text.Split('=')[0], text.Split('=')[1].Split(':')[0], text.Split(':')[1]);
            var dtype = type switch
            {
                "i8" => ScalarType.Int8,
                "u8" => ScalarType.Byte,
                "i32" => ScalarType.Int32,
                _ => ScalarType.Float32,
            };
            return KeyValuePair.Create(key, ones([.. shape.Split('x').Select(long.Parse)], dtype));
        })]);
        Refused(path, name, says);
    }

    [Fact]
    public void Those_of_PyTorch_itself_are_named_also_within_packed_parameters()
    {
        using var peer = new PythonPeer();
        peer.Run(
            $$$"""
            import warnings; warnings.simplefilter('ignore')
            q = torch.quantize_per_tensor(torch.randn(4, 3, 3, 3), 0.1, 0, torch.qint8)
            c = torch.quantize_per_channel(torch.randn(4, 4), torch.rand(4) + 0.1, torch.zeros(4), 0, torch.quint8)
            torch.save({'state_dict': {'conv1.weight': q}}, r'{{{_folder["tensor.pth"]}}}')
            torch.save({'fc.weight': c}, r'{{{_folder["channel.pth"]}}}')
            torch.save({'fc.weight': c}, r'{{{_folder["legacy.pth"]}}}', _use_new_zipfile_serialization=False)
            model = torch.nn.Sequential(torch.nn.Linear(4, 4))
            model = torch.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
            torch.save(model.state_dict(), r'{{{_folder["dynamic.pth"]}}}')
            torch.save({'w': torch.zeros(3, 2, dtype=torch.complex64)}, r'{{{_folder["complex.pth"]}}}')
            torch.save({'model': {'w': torch.zeros(3, 2)}, 'extra': {'q': q}}, r'{{{_folder["beside.pth"]}}}')
            """
        );
        Refused(_folder["tensor.pth"], "'conv1.weight'", "a quantised tensor (torch.QInt8Storage)");
        Refused(_folder["channel.pth"], "'fc.weight'", "a quantised tensor (torch.QUInt8Storage)");
        Refused(_folder["legacy.pth"], "'fc.weight'", "a quantised tensor (torch.QUInt8Storage)");
        Refused(_folder["dynamic.pth"], "'0._packed_params._packed_params'", "a quantised tensor");
        Assert.Contains(
            "'w', a tensor of a type that is not read (torch.ComplexFloatStorage)",
            Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder["complex.pth"])).Message,
            StringComparison.Ordinal);
        using var beside = WeightFiles.Open(_folder["beside.pth"]);
        Assert.Equal("w", Assert.Single(beside.Entries).Name);
    }

    [Theory]
    [InlineData("F8_E4M3", 1, "F8_E4M3, floating-point numbers of 8 bits")]
    [InlineData("U16", 2, "U16, unsigned numbers of 16 bits")]
    public void Types_of_safetensors_that_are_not_read_are_named(string type, int bytes, string says)
    {
        var header = $$$"""{"w":{"dtype":"{{{type}}}","shape":[1],"data_offsets":[0,{{{bytes}}}]}}""";
        File.WriteAllBytes(
            _folder["f.safetensors"],
            [
                .. BitConverter.GetBytes((long)header.Length),
                .. System.Text.Encoding.UTF8.GetBytes(header),
                .. new byte[bytes],
            ]);
        var error = Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder["f.safetensors"]));
        Assert.Equal(ErrorKind.Unsupported, error.Kind);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_two_lines_of_Python_in_the_docs_make_weights_that_are_read()
    {
        using var peer = new PythonPeer();
        var page = File.ReadAllText(Path.Combine(Repository.Root(), "docs", "how-to-import.md"));
        var section = page[page.IndexOf("## Quantised weights", StringComparison.Ordinal)..];
        var lines = section.Split("```python\n")[1].Split("```")[0];
        peer.Run(
            $$"""
            import os; os.chdir(r'{{_folder.Path}}')
            class Model(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.register_buffer('w', torch.quantize_per_tensor(torch.ones(2, 3), 0.5, 0, torch.qint8))
                    self.register_buffer('b', torch.ones(3))
            model = Model()
            """ + "\n" + lines
        );
        using var weights = WeightFiles.Open(_folder["weights.pth"]);
        using var w = weights.Read("w");
        Assert.Equal([1f, 1f, 1f, 1f, 1f, 1f], w.data<float>());
        Assert.Equal(["w", "b"], weights.Entries.Select(e => e.Name));
    }

    private void Refused(string path, string name, string says)
    {
        foreach (
            var read in (Action[])
                [
                    () => Checkpoint.LoadWeights(path).Dispose(),
                    () => Importer.Import(path, new() { Name = "q", HubFolder = _folder["hub"] }).Checkpoint.Dispose(),
                ])
        {
            var error = Assert.Throws<MarrowException>(read);
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.Contains($"found {name}, ", error.Message, StringComparison.Ordinal);
            Assert.Contains(says, error.Message, StringComparison.Ordinal);
            Assert.Contains("Dequantise", error.Message, StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(_folder["hub"]));
    }
}
