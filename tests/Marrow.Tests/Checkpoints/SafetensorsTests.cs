using System.Runtime.InteropServices;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-safetensors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string File_(string name) => Path.Combine(_folder, name);

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit_in_every_type()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.randn(3, 5, 2) * 100;
        var written = new torch.ScalarType[]
        {
            torch.ScalarType.Float32,
            torch.ScalarType.BFloat16,
            torch.ScalarType.Float16,
            torch.ScalarType.Float64,
            torch.ScalarType.Int64,
            torch.ScalarType.Int32,
            torch.ScalarType.Int16,
            torch.ScalarType.Int8,
            torch.ScalarType.Byte,
            torch.ScalarType.Bool,
        }.Select(t => KeyValuePair.Create($"x.{t}", x.to(t)))
            .Append(KeyValuePair.Create("scalar", torch.tensor(7L)))
            .Append(KeyValuePair.Create("empty", torch.zeros(0, 4)))
            .Append(KeyValuePair.Create("strided", x.permute(2, 0, 1)))
            .ToList();

        Safetensors.Write(
            File_("a.safetensors"),
            written,
            new Dictionary<string, string> { ["note"] = "ä \"quoted\"" }
        );

        using var read = Safetensors.Open(File_("a.safetensors"));
        Assert.Equal(written.Select(w => w.Key), read.Entries.Select(e => e.Name));
        Assert.Equal("pt", read.Metadata["format"]);
        Assert.Equal("ä \"quoted\"", read.Metadata["note"]);
        foreach (var (name, tensor) in written)
        {
            var back = read.Read(name);
            Assert.Equal(tensor.dtype, back.dtype);
            Assert.Equal(tensor.shape, back.shape);
            Assert.True(back.equal(tensor).all().item<bool>(), name);
        }
        Assert.All(read.Entries, e =>
            Assert.Equal(0, e.Offset % (e.Bytes / Math.Max(e.Elements, 1) is var size and > 0 ? size : 1)));
    }

    [Fact]
    public void Only_matrices_are_stored_in_the_type_asked_for_and_are_rounded_to_nearest_even()
    {
        using var scope = torch.NewDisposeScope();
        var matrix = torch.randn(64, 64);
        Safetensors.Write(File_("b.safetensors"),
            [
                new("matrix", matrix),
                new("bias", torch.randn(64)),
                new("steps", torch.ones([2, 2], torch.ScalarType.Int64)),
            ],
            matricesAs: torch.ScalarType.BFloat16);

        using var read = Safetensors.Open(File_("b.safetensors"));
        Assert.Equal(
            [torch.ScalarType.BFloat16, torch.ScalarType.Float32, torch.ScalarType.Int64],
            read.Entries.Select(e => e.Type));
        var expected = matrix.data<float>().ToArray().Select(RoundToBf16);
        Assert.Equal(expected, read.Read("matrix").to(torch.ScalarType.Float32).data<float>().ToArray());
    }

    // IEEE 754: add half of the last kept place, and one less where that would make a tie odd.
    private static float RoundToBf16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    [Fact]
    public void Every_bfloat16_is_widened_and_narrowed_as_torch_does_it()
    {
        using var scope = torch.NewDisposeScope();
        var all = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).ToArray();
        var widened = new float[all.Length];
        FloatSpans.Widen(all, widened);
        Assert.Equal(all.Select(b => (uint)b << 16), widened.Select(BitConverter.SingleToUInt32Bits));

        // Each bfloat16, the halfway point above it and its two neighbours; odd lengths for the scalar tail.
        var floats = all.SelectMany(b =>
                new uint[] { 0, 0x7FFF, 0x8000, 0x8001 }.Select(low =>
                    BitConverter.UInt32BitsToSingle((uint)b << 16 | low)))
            .Append(1.00390625f)
            .ToArray();
        var narrowed = new ushort[floats.Length];
        FloatSpans.Narrow(floats, narrowed);
        var byTorch = MemoryMarshal
            .Cast<byte, ushort>(torch.tensor(floats).to(torch.ScalarType.BFloat16).bytes)
            .ToArray();
        for (var i = 0; i < floats.Length; i++)
            Assert.True(
                narrowed[i] == byTorch[i] || float.IsNaN(floats[i]) && (narrowed[i] & 0x7FFF) > 0x7F80,
                $"{floats[i]:R}: {narrowed[i]:X4}, torch {byTorch[i]:X4}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Any_value_that_is_not_finite_is_found_wherever_it_is(int length)
    {
        var floats = Enumerable.Range(0, length).Select(i => i % 2 == 0 ? float.MaxValue : -float.Epsilon).ToArray();
        Assert.True(FloatSpans.AllFinite(floats));
        for (var i = 0; i < length; i++)
        {
            var before = floats[i];
            foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                floats[i] = bad;
                Assert.False(FloatSpans.AllFinite(floats));
            }
            floats[i] = before;
        }
    }

    [Fact]
    public void A_target_of_any_type_and_layout_is_filled_and_another_shape_refused()
    {
        using var scope = torch.NewDisposeScope();
        foreach (
            var stored in new[]
            {
                torch.ScalarType.Float32,
                torch.ScalarType.BFloat16,
                torch.ScalarType.Float16,
                torch.ScalarType.Bool,
            }
        )
        {
            var x = torch.randn(3, 5, 7, 2).to(stored);
            Safetensors.Write(File_("into.safetensors"), [new("before", torch.ones(3)), new("x", x)]);
            using var read = Safetensors.Open(File_("into.safetensors"));
            foreach (var type in new[] { torch.ScalarType.Float32, torch.ScalarType.Float64, stored })
            {
                var plain = torch.zeros([3, 5, 7, 2], type);
                var channelsLast = torch.zeros([3, 7, 2, 5], type).permute(0, 3, 1, 2);
                var learning = torch.zeros(
                    [3, 5, 7, 2],
                    type == stored && stored == torch.ScalarType.Bool ? torch.ScalarType.Float32 : type,
                    requires_grad: true);
                foreach (var target in new[] { plain, channelsLast, learning })
                {
                    read.ReadInto("x", target);
                    Assert.True(
                        target.detach().equal(x.to(target.dtype)).all().item<bool>(),
                        $"{stored} into {target.dtype}");
                }
            }
            Assert.Throws<ArgumentException>(() => read.ReadInto("x", torch.zeros(3, 5, 7, 1)));
        }
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_nearest_ones()
    {
        using var x = torch.ones(1);
        Safetensors.Write(
            File_("c.safetensors"),
            [new("features.norm0.weight", x), new("features.norm0.bias", x), new("classifier.weight", x)]);
        using var read = Safetensors.Open(File_("c.safetensors"));
        var error = Assert.Throws<MarrowException>(() => read.Read("features.norm.weight"));
        Assert.Contains("The nearest: features.norm0.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_after_it_was_opened_is_an_error()
    {
        using var x = torch.ones(1000);
        Safetensors.Write(File_("d.safetensors"), [new("x", x)]);
        using var read = Safetensors.Open(File_("d.safetensors"));
        using (var file = new FileStream(File_("d.safetensors"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(1000);
        Assert.Contains(
            "cut while it was read",
            Assert.Throws<MarrowException>(() => read.Read("x")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_given_twice_is_refused_and_the_old_file_stays()
    {
        using var x = torch.ones(1);
        Safetensors.Write(File_("e.safetensors"), [new("x", x)]);
        Assert.Throws<ArgumentException>(() => Safetensors.Write(File_("e.safetensors"), [new("x", x), new("x", x)]));
        Assert.Throws<ArgumentException>(() => Safetensors.Write(File_("e.safetensors"), [new("__metadata__", x)]));
        Safetensors.Open(File_("e.safetensors")).Dispose();
        Assert.Single(Directory.GetFiles(_folder));
    }

    private const string PythonReader = """
        import json, struct, sys
        import numpy as np
        raw = open(sys.argv[1], 'rb').read()
        n, = struct.unpack('<Q', raw[:8])
        assert n % 8 == 0
        header = json.loads(raw[8:8 + n].decode('utf-8'))
        assert header.pop('__metadata__')['format'] == 'pt'
        data, spans = raw[8 + n:], []
        kinds = {'F32': '<f4', 'F64': '<f8', 'I64': '<i8', 'BF16': '<u2'}
        for name, info in header.items():
            begin, end = info['data_offsets']
            spans.append((begin, end))
            x = np.frombuffer(data[begin:end], kinds[info['dtype']])
            assert begin % x.itemsize == 0
            if info['dtype'] == 'BF16':
                x = (x.astype(np.uint32) << 16).view(np.float32)
            x = x.reshape(info['shape'])
            print(name, info['dtype'], list(x.shape), repr(float((x * np.arange(1, x.size + 1).reshape(x.shape)).sum())))
        spans.sort()
        assert spans[0][0] == 0 and spans[-1][1] == len(data)
        assert all(a[1] == b[0] for a, b in zip(spans, spans[1:]))
        """;

    [Fact]
    public void A_reader_written_in_Python_by_the_rules_of_the_format_finds_the_same_values()
    {
        using var scope = torch.NewDisposeScope();
        Safetensors.Write(File_("f.safetensors"),
        [
            new("half", torch.arange(-3, 4).to(torch.ScalarType.BFloat16)),
            new("steps", torch.arange(5, dtype: torch.ScalarType.Int64)),
            new("weight", torch.arange(6, dtype: torch.ScalarType.Float32).view(2, 3) / 4),
        ]);
        // sum over i of value_i * i, counted from 1
        Assert.Equal(
            "half BF16 [7] 28.0\nsteps I64 [5] 40.0\nweight F32 [2, 3] 17.5\n",
            Python(PythonReader, File_("f.safetensors")));
    }

    [Fact]
    public void A_file_written_in_Python_by_the_rules_of_the_format_is_read()
    {
        const string writer = """
            import json, struct, sys
            import numpy as np
            a = np.linspace(-1, 1, 12, dtype='<f4').reshape(3, 4)
            b = np.array([1, -2, 3], dtype='<f2')
            header = json.dumps({'b': {'dtype': 'F16', 'shape': [3], 'data_offsets': [48, 54]},
                                 '__metadata__': {'format': 'pt', 'by': 'numpy'},
                                 'a': {'dtype': 'F32', 'shape': [3, 4], 'data_offsets': [0, 48]}}).encode() + b'   '
            open(sys.argv[1], 'wb').write(struct.pack('<Q', len(header)) + header + a.tobytes() + b.tobytes())
            """;
        Python(writer, File_("g.safetensors"));
        using var scope = torch.NewDisposeScope();
        using var read = Safetensors.Open(File_("g.safetensors"));
        Assert.Equal("numpy", read.Metadata["by"]);
        Assert.Equal([1f, -2f, 3f], read.Read("b").to(torch.ScalarType.Float32).data<float>().ToArray());
        Assert.True(read.Read("a").allclose(torch.linspace(-1, 1, 12).view(3, 4)));
    }

    private string Python(string script, string argument)
    {
        Assert.SkipUnless(PythonServer.Has("numpy"), "Python with numpy is absent.");
        var (code, output, error) = PythonServer.Run(_folder, script, argument: argument);
        Assert.True(code == 0, error);
        return output;
    }
}
