using Marrow.Checkpoints.Transfer;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Onnx;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Checkpoints.Onnx;

/// <summary>The initialisers of ONNX files are weights like any others.</summary>
public sealed class OnnxWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_Debians_onnx_writes_in_each_type_is_read_to_the_bit()
    {
        using var peer = new PythonPeer();
        Assert.SkipWhen(
            peer.Run("import importlib.util\nprint(importlib.util.find_spec('onnx'))").Trim() == "None",
            "python3-onnx is absent.");
        peer.Run(
            $$"""
            import numpy, onnx
            from onnx import helper, numpy_helper, TensorProto
            values = numpy.arange(-6, 6).reshape(3, 4)
            types = dict(f4=numpy.float32, f2=numpy.float16, f8=numpy.float64, i8=numpy.int64, i4=numpy.int32, i2=numpy.int16, i1=numpy.int8)
            tensors = [numpy_helper.from_array(values.astype(t), name) for name, t in types.items()]
            tensors.append(helper.make_tensor('floats', TensorProto.FLOAT, [3, 4], values.astype(numpy.float32).ravel()))
            tensors.append(helper.make_tensor('doubles', TensorProto.DOUBLE, [3, 4], values.astype(numpy.float64).ravel()))
            tensors.append(helper.make_tensor('numbers', TensorProto.INT64, [12], values.ravel()))
            tensors.append(helper.make_tensor('texts', TensorProto.STRING, [1], [b'a']))
            tensors.append(numpy_helper.from_array(numpy.zeros(0, numpy.float32), 'empty'))
            node = helper.make_node('Identity', ['f4'], ['out'])
            graph = helper.make_graph([node], 'g', [], [helper.make_tensor_value_info('out', TensorProto.FLOAT, [3, 4])], tensors)
            model = helper.make_model(graph, producer_name='peer')
            helper.set_model_props(model, {'author': 'somebody'})
            onnx.save(model, r'{{_folder["all.onnx"]}}')
            """
        );
        using var scope = NewDisposeScope();
        using var file = WeightFiles.Open(_folder["all.onnx"]);
        Assert.Equal(["f4", "f2", "f8", "i8", "i4", "i2", "i1", "floats", "doubles"], file.Entries.Select(e => e.Name));
        Assert.Equal("somebody", file.Notes["author"]);
        var expected = arange(-6, 6).reshape(3, 4);
        foreach (var entry in file.Entries)
        {
            var read = file.Read(entry.Name);
            Assert.Equal(entry.Type, read.dtype);
            Assert.True(
                read.to(ScalarType.Float64).equal(expected.to(ScalarType.Float64)).all().item<bool>(),
                entry.Name);
        }
    }

    [Fact]
    public void A_stage_may_start_from_an_onnx_file()
    {
        using var checkpoint = ExportSamples.Detector(_folder["hub"]);
        Exporter.Run(checkpoint, new() { Format = ExportFormat.Onnx, Path = _folder["m.onnx"] });
        using var source = new LocalHub(_folder["hub"]).Resolve(_folder["m.onnx"]);
        Assert.True(source.WeightsOnly);
        using var model = Drafts.Model(seed: 5, architecture: "densenet-mini");
        Assert.Equal(1, WarmStart.Apply(model, "densenet-mini", WeightSource.Of(source)).BackboneCoverage);
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "a graph beyond the file", "bytes in a message that ends after" },
        { "a tensor beyond its graph", "bytes in a message that ends after" },
        { "a number without an end", "a number of more than 10 bytes" },
        { "a wire type that is none", "the wire type 3" },
        { "a field of number 0", "the field 0" },
        { "too few bytes", "[2, 2] numbers of 4 bytes in 'w'" },
        { "sides that overflow", "numbers of 4 bytes in 'w'" },
        { "a negative side", "negative sides" },
        { "a hundred sides", "a shape of over 32" },
        { "numbers in two pieces", "in several pieces" },
        { "a name twice", "'w' once more" },
        { "a name without an end", "where at most 4096 are expected" },
        { "in another file", "onnx.save_model" },
        { "by a list of places", "onnx.save_model" },
        { "nothing but a text", "an ONNX file with weights in it (initialisers), found none" },
        { "no graph", "an ONNX file with weights in it (initialisers), found none" },
    };

    [Theory, MemberData(nameof(Damages))]
    public void Whatever_is_wrong_with_a_file_is_said_and_nothing_is_allocated_for_it(string damage, string says)
    {
        var graph = damage switch
        {
            "a tensor beyond its graph" => new ProtoMessage().Bytes(2, new byte[] { 1 }).Integer(5, 1),
            "a name twice" => Graph(Tensor(), Tensor()),
            "in another file" => Graph(Tensor().Integer(14, 1)),
            "by a list of places" => Graph(
                Tensor().Message(13, new ProtoMessage().Text(1, "location").Text(2, "/etc/passwd"))),
            "nothing but a text" => Graph(
                new ProtoMessage().Integer(1, 1).Integer(2, 8).Bytes(6, "a"u8.ToArray()).Text(8, "w")),
            "too few bytes" => Graph(Tensor(bytes: 12)),
            "sides that overflow" => Graph(Tensor(sides: [1L << 62, 1L << 62, 4])),
            "a negative side" => Graph(Tensor(sides: [-2, -2])),
            "a hundred sides" => Graph(Tensor(sides: [.. Enumerable.Repeat(1L, 100)])),
            "numbers in two pieces" => Graph(Tensor().Bytes(9, new byte[16])),
            "a name without an end" => Graph(new ProtoMessage().Text(8, new string('n', 5000))),
            _ => Graph(Tensor()),
        };
        using var stream = new MemoryStream();
        var model = new ProtoMessage().Integer(1, 8).Text(2, "a producer of some length");
        (damage == "no graph" ? model : model.Message(7, graph)).WriteTo(stream);
        stream.Write(damage switch
        {
            "a graph beyond the file" => [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            "a tensor beyond its graph" => [0x3A, 0x02, 0x2A, 0x10],
            "a number without an end" => [0x08, .. Enumerable.Repeat((byte)0xFF, 20)],
            "a wire type that is none" => [0x0B],
            "a field of number 0" => [0x00, 0x00],
            _ => [],
        });
        File.WriteAllBytes(_folder["bad.onnx"], stream.ToArray());
        var error = Assert.Throws<MarrowException>(() => WeightFiles.Open(_folder["bad.onnx"]));
        Assert.StartsWith(_folder["bad.onnx"], error.Message, StringComparison.Ordinal);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Every cut of a small file, and every byte of it changed to several others, is read or refused, never worse.
    /// </summary>
    [Fact]
    public void Cut_and_changed_files_are_read_or_refused()
    {
        using var stream = new MemoryStream();
        new ProtoMessage().Integer(1, 8).Text(2, "producer")
            .Message(7, Graph(Tensor(), Tensor("other")))
            .Message(14, new ProtoMessage().Text(1, "k").Text(2, "v"))
            .WriteTo(stream);
        var whole = stream.ToArray();
        var refused = 0;
        for (var cut = 0; cut < whole.Length; cut++)
            refused += Try(whole[..cut]);
        for (var at = 0; at < whole.Length; at++)
        {
            foreach (var change in (byte[])[0x01, 0x08, 0x80, 0xFF])
                refused += Try([.. whole[..at], (byte)(whole[at] ^ change), .. whole[(at + 1)..]]);
        }
        Assert.True(refused > whole.Length);

        int Try(byte[] bytes)
        {
            File.WriteAllBytes(_folder["mutant.onnx"], bytes);
            try
            {
                using var scope = NewDisposeScope();
                using var file = WeightFiles.Open(_folder["mutant.onnx"]);
                foreach (var entry in file.Entries)
                    file.Read(entry.Name);
                return 0;
            }
            catch (MarrowException)
            {
                return 1;
            }
        }
    }

    private static ProtoMessage Graph(params ProtoMessage[] tensors) =>
        tensors.Aggregate(new ProtoMessage().Text(2, "graph"), (graph, tensor) => graph.Message(5, tensor));

    private static ProtoMessage Tensor(string name = "w", long[]? sides = null, int bytes = 16) =>
        (sides ?? [2, 2]).Aggregate(new ProtoMessage(), (tensor, side) => tensor.Integer(1, side))
            .Integer(2, 1).Text(8, name).Bytes(9, new byte[bytes]);
}
