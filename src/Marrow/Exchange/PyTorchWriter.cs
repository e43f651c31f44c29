// A state dict as torch.save writes it: a zip with "data.pkl", which rebuilds an OrderedDict of tensors, and each
// tensor's bytes beside it. The pickle is written opcode by opcode, protocol 2, with nothing in it but what
// torch.load(weights_only=True) allows: OrderedDict, _rebuild_tensor_v2 and storages (torch/serialization.py).

using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Marrow.Checkpoints;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>Writes .pth and .pt files that PyTorch 1.6 and later load.</summary>
internal static class PyTorchWriter
{
    /// <summary>The name of the folder inside the zip. PyTorch uses whatever folder the first entry has.</summary>
    private const string Root = "archive";

    /// <summary>
    /// The entry that holds Marrow's notes. torch.load ignores what lies in PyTorch's folder for extra files.
    /// </summary>
    private const string NotesEntry = $"{Root}/extra/marrow.json";

    private static readonly Dictionary<torch.ScalarType, string> Storages = new()
    {
        [torch.ScalarType.Float32] = "FloatStorage",
        [torch.ScalarType.BFloat16] = "BFloat16Storage",
        [torch.ScalarType.Float16] = "HalfStorage",
        [torch.ScalarType.Float64] = "DoubleStorage",
        [torch.ScalarType.Int64] = "LongStorage",
        [torch.ScalarType.Int32] = "IntStorage",
        [torch.ScalarType.Int16] = "ShortStorage",
        [torch.ScalarType.Int8] = "CharStorage",
        [torch.ScalarType.Byte] = "ByteStorage",
        [torch.ScalarType.Bool] = "BoolStorage",
    };

    /// <param name="notes">
    /// Texts for readers of the zip: its origin, its terms, and what input the weights expect.
    /// </param>
    public static void Write(
        Stream stream,
        IReadOnlyList<KeyValuePair<string, torch.Tensor>> tensors,
        IReadOnlyDictionary<string, string> notes)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        var zip = new StoredZip(stream);
        zip.Add($"{Root}/data.pkl", Pickle(tensors));
        zip.Add($"{Root}/byteorder", "little"u8);
        for (var i = 0; i < tensors.Count; i++)
        {
            using var plain = tensors[i].Value.detach().cpu().contiguous();
            zip.Add(string.Create(CultureInfo.InvariantCulture, $"{Root}/data/{i}"), plain.bytes);
        }
        zip.Add(NotesEntry, CheckpointJson.Encode(notes));
        zip.Add($"{Root}/version", "3\n"u8);
        zip.Finish();
    }

    private static byte[] Pickle(IReadOnlyList<KeyValuePair<string, torch.Tensor>> tensors)
    {
        var pickle = new PickleWriter();
        pickle.EmptyOrderedDict();
        pickle.Mark();
        for (var i = 0; i < tensors.Count; i++)
        {
            var (name, tensor) = tensors[i];
            pickle.Text(name);
            pickle.Global("torch._utils", "_rebuild_tensor_v2");
            pickle.Mark();
            pickle.Mark();
            pickle.Text("storage");
            pickle.Global("torch", Storages[tensor.dtype]);
            pickle.Text(i.ToString(CultureInfo.InvariantCulture));
            pickle.Text("cpu");
            pickle.Integer(tensor.NumberOfElements);
            pickle.Tuple();
            pickle.PersistentId();
            pickle.Integer(0); // offset into the storage
            pickle.Integers(tensor.shape);
            pickle.Integers(RowMajorStrides(tensor.shape));
            pickle.False(); // requires_grad
            pickle.EmptyOrderedDict(); // backward hooks
            pickle.Tuple();
            pickle.Reduce();
        }
        pickle.SetItems();
        return pickle.Stop();
    }

    private static long[] RowMajorStrides(long[] shape)
    {
        var strides = new long[shape.Length];
        var step = 1L;
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = step;
            step *= Math.Max(shape[d], 1);
        }
        return strides;
    }

    /// <summary>The few opcodes of Python's pickle that a state dict needs (Lib/pickletools.py).</summary>
    private sealed class PickleWriter
    {
        private readonly MemoryStream _bytes = new();

        public PickleWriter() => _bytes.Write([0x80, 2]); // PROTO 2

        public void Global(string module, string name) => _bytes.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));
        public void Mark() => _bytes.WriteByte((byte)'(');
        public void Tuple() => _bytes.WriteByte((byte)'t');
        public void PersistentId() => _bytes.WriteByte((byte)'Q');
        public void Reduce() => _bytes.WriteByte((byte)'R');
        public void False() => _bytes.WriteByte(0x89);
        public void SetItems() => _bytes.WriteByte((byte)'u');

        public void EmptyOrderedDict()
        {
            Global("collections", "OrderedDict");
            _bytes.WriteByte((byte)')');
            Reduce();
        }

        public void Text(string text)
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            Span<byte> head = stackalloc byte[5];
            head[0] = (byte)'X';
            BinaryPrimitives.WriteInt32LittleEndian(head[1..], utf8.Length);
            _bytes.Write(head);
            _bytes.Write(utf8);
        }

        public void Integer(long value)
        {
            Span<byte> code = stackalloc byte[5];
            code[0] = (byte)'J';
            // a zip without zip64 holds no more
            BinaryPrimitives.WriteInt32LittleEndian(code[1..], checked((int)value));
            _bytes.Write(code);
        }

        public void Integers(long[] values)
        {
            Mark();
            foreach (var value in values)
                Integer(value);
            Tuple();
        }

        public byte[] Stop()
        {
            _bytes.WriteByte((byte)'.');
            return _bytes.ToArray();
        }
    }
}
