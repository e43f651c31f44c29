using Marrow.Exchange;
using Marrow.Onnx;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Issues;

/// <summary>Initialisers of other programs' ONNX files as weights, by a map of their names.</summary>
public sealed class OnnxSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Keys => _folder["keys.json"];

    [Fact]
    public void A_map_says_which_initialiser_is_which_and_which_are_turned()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(3, 4, architecture: "resnet18");
        var state = model.state_dict().Where(s => s.Value.dtype == ScalarType.Float32).ToList();
        // Numbered names, as many exporters give them; the last layer and the first convolution as Keras has them.
        var names = state.Select((s, i) => (s.Key, Name: $"var_{i}")).ToDictionary(s => s.Key, s => s.Name);
        Write("zoo.onnx", [.. state.Select(s => (names[s.Key], s.Key switch
        {
            "classifier.weight" => s.Value.t().contiguous(),
            "features.conv1.weight" => s.Value.permute(2, 3, 1, 0).contiguous(),
            _ => s.Value,
        })), ("step", ones(1))]);
        File.WriteAllText(Keys, "{\"keys\": {" + string.Join(", ", names.Select(n => $"\"{n.Value}\": " + n.Key switch
        {
            "classifier.weight" => "{\"key\": \"fc.weight\", \"transpose\": true}",
            "classifier.bias" => "\"fc.bias\"",
            "features.conv1.weight" => "{\"key\": \"conv1.weight\", \"axes\": [3, 2, 0, 1]}",
            _ => $"\"{n.Key["features.".Length..]}\"",
        })) + "}, \"drop\": [\"step\"]}");
        var (checkpoint, summary) = Importer.Run(_folder["zoo.onnx"], Request(Keys));
        using (checkpoint)
        {
            Assert.Equal(("resnet18", "keys.json"), (summary.Architecture, summary.KeyMap));
            Assert.All(state, s =>
                Assert.True(checkpoint.Weights.Read(s.Key).equal(s.Value).all().item<bool>(), s.Key));
            var card = File.ReadAllText(Path.Combine(checkpoint.Path, "README.md"));
            Assert.Contains("keys.json", card, StringComparison.Ordinal);
        }
        Assert.Contains(
            "'var_0'",
            Assert.Throws<MarrowException>(() => Importer.Import(_folder["zoo.onnx"], Request())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_may_begin_with_the_mark_of_UTF_8()
    {
        using var scope = NewDisposeScope();
        Write("a.onnx", [("a", ones(2, 3)), ("b", ones(3))]);
        File.WriteAllText(Keys, """{"keys": {"a": "x"}, "drop": ["b"]}""", System.Text.Encoding.UTF8);
        using var file = KeyMapFile.Apply(WeightFiles.Open(_folder["a.onnx"]), Keys);
        Assert.Equal("x", Assert.Single(file.Entries).Name);
    }

    [Fact]
    public void A_transposed_last_layer_is_named_with_what_to_write_into_a_map()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(3, 4);
        Write("gemm.onnx", [.. model.state_dict().Where(s => s.Value.dtype == ScalarType.Float32)
            .Select(s => (s.Key, s.Key == "classifier.weight" ? s.Value.t().contiguous() : s.Value))]);
        Refused("gemm.onnx", null, "instead of [4, ", "a transposed matrix: say so in a map of keys (--keys)");
        File.WriteAllText(Keys, """{"keys": {"classifier.weight": {"key": "classifier.weight", "transpose": true} } }""");
        var (checkpoint, _) = Importer.Import(_folder["gemm.onnx"], Request(Keys));
        using (checkpoint)
            Assert.True(checkpoint.Weights.Read("classifier.weight")
                .equal(model.state_dict()["classifier.weight"]).all().item<bool>());
    }

    public static TheoryData<string, string> BadMaps => new()
    {
        { "{", "a map of keys in JSON" },
        { "[]", "an object {...}, found Array" },
        { "{}", "keys of the file of weights, found none" },
        { """{"names": {}}""", "\"keys\" and \"drop\", a list, found \"names\"" },
        { """{"keys": {"a": 1}}""", "an object {...}, found Number" },
        { """{"keys": {"a": {"transpose": true}}}""", "the \"key\" that 'a' gets" },
        { """{"keys": {"a": {"key": "x", "turn": 1}}}""", "\"turn\"" },
        { """{"keys": {"a": {"key": "x", "transpose": false}}}""", "\"transpose\"" },
        { """{"keys": {"a": {"key": "x", "axes": [0, 9]}}}""", "axes as whole numbers from 0 to 7" },
        { """{"keys": {"a": {"key": "x", "axes": [0, 0]}}}""", "each axis of 'a' [2, 3] once" },
        { """{"keys": {"a": {"key": "x", "axes": [0]}}}""", "each axis of 'a' [2, 3] once" },
        { """{"keys": {"none": "x"}}""", "found 'none'. The nearest: " },
        { """{"keys": {"a": "b"}}""", "one tensor for the key 'b', found 'a' and 'b'" },
        { """{"keys": {"a": "x", "a": "y"}}""", "a map of keys in JSON" },
        { """{"drop": ["a", "a"]}""", "each key once, found 'a' twice" },
        { """{"drop": ["a"], "keys": {"a": "x"}}""", "each key once, found 'a' twice" },
        { """{"keys": {"a": "x"}, "drop": ["a"]}""", "each key once, found 'a' twice" },
        { """{"keys": {"a": "\ud800"}}""", "a map of keys in JSON" },
    };

    [Theory, MemberData(nameof(BadMaps))]
    public void A_map_that_does_not_fit_is_named(string map, string says)
    {
        using var scope = NewDisposeScope();
        Write("a.onnx", [("a", ones(2, 3)), ("b", ones(3))]);
        File.WriteAllText(Keys, map);
        var message = Assert.Throws<MarrowException>(() => Importer.Import(_folder["a.onnx"], Request(Keys))).Message;
        Assert.StartsWith(Keys, message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
        File.Delete(_folder["a.onnx"]); // it is closed
    }

    [Fact]
    public void Numbers_in_a_file_beside_are_read_within_its_bounds()
    {
        using var scope = NewDisposeScope();
        var numbers = arange(0, 20, ScalarType.Float32);
        File.WriteAllBytes(_folder["w.bin"], numbers.bytes.ToArray());
        Save("m.onnx", Outside("w", [2, 3], "w.bin", "8", "24"), Outside("v", [20], "./w.bin", null, null));
        using (var file = WeightFiles.Open(_folder["m.onnx"]))
        {
            Assert.Equal([2f, 3f, 4f, 5f, 6f, 7f], file.Read("w").data<float>());
            Assert.Equal(numbers.data<float>().ToArray(), file.Read("v").data<float>().ToArray());
            Assert.Equal(80 + new FileInfo(_folder["m.onnx"]).Length, file.Length);
        }
        foreach (var (shape, location, offset, length, says) in ((long[], string?, string?, string?, string)[])
            [
                ([21], "w.bin", null, null, "84 bytes of 'w' at 0 in 'w.bin', found a file of 80 bytes"),
                ([2], "w.bin", "76", null, "8 bytes of 'w' at 76"),
                ([2], "w.bin", "9223372036854775807", null, "8 bytes of 'w' at 9223372036854775807"),
                ([2], "w.bin", "-4", null, "the offset of 'w' as a number of 0 or more, found '-4'"),
                ([2], "w.bin", "0", "12", "8 bytes of 'w', by its shape, found a length of 12"),
                ([2], "x.bin", "0", null, "the file 'x.bin' beside it, in which 'w' lies, found none"),
                ([2], "../w.bin", "0", null, "onnx.save_model"),
                ([2], "/etc/passwd", "0", null, "onnx.save_model"),
                ([2], "folder/w.bin", "0", null, "onnx.save_model"),
                ([2], "..", "0", null, "onnx.save_model"),
                ([2], "./", "0", null, "in a file that is not named"),
                ([2], "./../w.bin", "0", null, "'../w.bin'. Put the file"),
                ([2], ".//etc/passwd", "0", null, "'/etc/passwd'. Put the file"),
                ([2], null, "0", null, "in a file that is not named"),
                ([1L << 62, 1L << 62], "w.bin", null, null, "a shape that fits a file in 'w'"),
            ])
        {
            Save("bad.onnx", Outside("w", shape, location, offset, length));
            Refused("bad.onnx", null, says);
        }
    }

    [Fact]
    public void Half_precision_that_is_written_number_by_number_is_read_to_the_bit()
    {
        using var scope = NewDisposeScope();
        var halves = tensor((float[])[1, -2, 0.5f, 65504]).to(ScalarType.Float16);
        var bits = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(halves.bytes).ToArray();
        Save("h.onnx", Packed(10, [4], bits.Select(b => (long)b)), Raw("other", ones(2)));
        using (var file = WeightFiles.Open(_folder["h.onnx"]))
            Assert.True(file.Read("w").equal(halves).all().item<bool>());
        Save("h.onnx", Packed(16, [2, 2], [0x3F80, 0x4000, 0, 0xC000]));
        using (var file = WeightFiles.Open(_folder["h.onnx"]))
            Assert.Equal([1f, 2f, 0f, -2f], file.Read("w").to(ScalarType.Float32).data<float>());
        Save("h.onnx", Packed(10, [3], [1, 2]));
        Refused("h.onnx", null, "[3] numbers in 'w', found 2");
        Save("h.onnx", Packed(10, [1], [70_000]));
        Refused("h.onnx", null, "the bits 70000 in place of 16");
        Save("h.onnx", Raw("w", ones(2), 17));
        Refused("h.onnx", null, "'w', floating-point numbers of 8 bits");
    }

    [Fact]
    public void Norms_that_an_exporter_has_folded_are_named_and_kept_ones_are_read()
    {
        using var peer = new PythonPeer();
        peer.Run(
            $$"""
            import warnings; warnings.simplefilter('ignore')
            model = torchvision.models.resnet18(num_classes=3).eval()
            image = torch.zeros(2, 3, 64, 64)
            torch.onnx.export(model, image, r'{{_folder["folded.onnx"]}}')
            torch.onnx.export(model, image, r'{{_folder["kept.onnx"]}}',
                training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)
            torch.save(dict(model.named_parameters()), r'{{_folder["parameters.pth"]}}')
            put('fc', model.fc.weight)
            """
        );
        using var scope = NewDisposeScope();
        Refused("folded.onnx", null, "onnx::Conv_", "into which norms were folded", "do_constant_folding=False");
        Refused("parameters.pth", null, "parameters alone", "model.state_dict()");
        var (checkpoint, _) = Importer.Import(_folder["kept.onnx"], Request());
        using (checkpoint)
            Assert.True(checkpoint.Weights.Read("classifier.weight").equal(peer.Get("fc")).all().item<bool>());
    }

    [Fact]
    public void A_DenseNet_of_which_some_norms_were_folded_is_named()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(3, 2);
        Write("dense.onnx", [.. model.state_dict()
            .Where(s => s.Value.dtype == ScalarType.Float32)
            .Select((s, i) => (s.Key.Contains(".conv1.") ? $"onnx::Conv_{i}" : s.Key, s.Value))]);
        Refused("dense.onnx", null, "tensors such as 'onnx::Conv_", "into which norms were folded");
    }

    [Theory]
    [InlineData("onnx::MatMul_193")]
    [InlineData("onnx::Gemm_7")]
    public void A_matrix_that_an_exporter_has_transposed_is_no_folded_norm(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(3, 4);
        Write("turned.onnx", [.. model.state_dict().Where(s => s.Value.dtype == ScalarType.Float32)
            .Select(s => s.Key == "classifier.weight" ? (name, s.Value.t().contiguous()) : (s.Key, s.Value))]);
        Refused("turned.onnx", null, $"'{name}' [", "that the exporter has transposed", "\"transpose\": true (--keys)");
        File.WriteAllText(
            Keys,
            $$"""{"keys": {"{{name}}": {"key": "classifier.weight", "transpose": true} } }""");
        var (checkpoint, _) = Importer.Import(_folder["turned.onnx"], Request(Keys));
        using (checkpoint)
            Assert.True(checkpoint.Weights.Read("classifier.weight")
                .equal(model.state_dict()["classifier.weight"]).all().item<bool>());
        // Beside a last layer of the usual name it is left over.
        Write("left.onnx", [.. model.state_dict().Where(s => s.Value.dtype == ScalarType.Float32)
            .Select(s => (s.Key, s.Value)), (name, ones(3, 3))]);
        Refused("left.onnx", null, $"'{name}' has no place in the model", "that the exporter has transposed");
    }

    [Fact]
    public void Norms_that_were_folded_under_the_convolutions_own_names_are_named_too()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(3, 2, architecture: "resnet18");
        Write("folded.onnx", [.. model.state_dict()
            .Where(s => s.Value.dim() is 2 or 4 || s.Key == "classifier.bias")
            .SelectMany(s => ((string, Tensor)[])
                [
                    (s.Key, s.Value),
                    .. s.Value.dim() == 4
                        ? ((string, Tensor)[])[(s.Key.Replace("weight", "bias"), ones(s.Value.shape[0]))]
                        : [],
                ])]);
        Refused("folded.onnx", null, "convolutions and none of its 20 norms, which were folded");
    }

    private ImportRequest Request(string? keys = null) =>
        new() { Name = "zoo", HubFolder = _folder["hub"], Keys = keys };

    private void Refused(string name, string? keys, params string[] says)
    {
        var message = Assert.Throws<MarrowException>(() => Importer.Import(_folder[name], Request(keys))).Message;
        Assert.StartsWith(_folder[name], message, StringComparison.Ordinal);
        Assert.All(says, text => Assert.Contains(text, message, StringComparison.Ordinal));
    }

    private void Write(string name, IEnumerable<(string Name, Tensor Value)> tensors) =>
        Save(name, [.. tensors.Select(t => Raw(t.Name, t.Value))]);

    private void Save(string name, params ProtoMessage[] tensors)
    {
        using var stream = File.Create(_folder[name]);
        new ProtoMessage().Integer(1, 8).Text(2, "a producer of some length")
            .Message(7, tensors.Aggregate(new ProtoMessage().Text(2, "graph"), (graph, t) => graph.Message(5, t)))
            .WriteTo(stream);
    }

    private static ProtoMessage Raw(string name, Tensor value, int type = 1) =>
        Shaped(value.shape).Integer(2, type).Text(8, name).Bytes(9, value.detach().contiguous().bytes.ToArray());

    private static ProtoMessage Packed(int type, long[] shape, IEnumerable<long> numbers)
    {
        using var list = new MemoryStream();
        foreach (var number in numbers)
        {
            // The number alone, without the tag that stands before it in a field of its own.
            using var field = new MemoryStream();
            new ProtoMessage().Integer(1, number).WriteTo(field);
            list.Write(field.ToArray().AsSpan(1));
        }
        return Shaped(shape).Integer(2, type).Text(8, "w").Bytes(5, list.ToArray());
    }

    private static ProtoMessage Outside(string name, long[] shape, string? location, string? offset, string? length)
    {
        var message = Shaped(shape).Integer(2, 1).Text(8, name);
        foreach (var (key, value) in ((string, string?)[])
            [("location", location), ("offset", offset), ("length", length)])
        {
            if (value is not null)
                message.Message(13, new ProtoMessage().Text(1, key).Text(2, value));
        }
        return message.Integer(14, 1);
    }

    private static ProtoMessage Shaped(long[] shape) =>
        shape.Aggregate(new ProtoMessage(), (message, side) => message.Integer(1, side));
}
