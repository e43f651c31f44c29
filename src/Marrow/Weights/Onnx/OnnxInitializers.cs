// What of an ONNX file is weights: the initialisers of its graph (onnx.proto: ModelProto.graph is field 7,
// GraphProto.initializer 5, TensorProto's fields below), and what the file says of itself (ModelProto.metadata_props,
// 14). Nodes, inputs and outputs are passed over: what the graph computes is not asked.

using System.Text;
using TorchSharp;

namespace Marrow.Weights.Onnx;

/// <summary>The name, type, shape and place of one initializer.</summary>
/// <param name="Start">The position of its first byte in the file.</param>
internal sealed record OnnxEntry(string Name, torch.ScalarType Type, long[] Shape, long Start)
    : WeightEntry(Name, Type, Shape);

/// <summary>Finds the initializers of an ONNX file. Nothing in the file is trusted.</summary>
internal sealed class OnnxInitializers
{
    private const int Graph = 7, MetadataProps = 14; // ModelProto
    private const int Initializer = 5; // GraphProto
    private const int Dims = 1, DataType = 2, FloatData = 4, Name = 8, RawData = 9, DoubleData = 10; // TensorProto
    private const int ExternalData = 13, DataLocation = 14;
    private const int MostTensors = 100_000, MostNotes = 1000, MostDimensions = 32;
    private const int LongestName = 4096, LongestNote = 1 << 20; // bytes
    private const string Remedy = "The file is damaged: fetch or save it again.";

    /// <summary>
    /// The number types by TensorProto.DataType. Other types, such as texts and half bytes, can't be weights.
    /// </summary>
    private static readonly Dictionary<ulong, (torch.ScalarType Type, int Bytes)> Types = new()
    {
        [1] = (torch.ScalarType.Float32, 4),
        [2] = (torch.ScalarType.Byte, 1),
        [3] = (torch.ScalarType.Int8, 1),
        [5] = (torch.ScalarType.Int16, 2),
        [6] = (torch.ScalarType.Int32, 4),
        [7] = (torch.ScalarType.Int64, 8),
        [9] = (torch.ScalarType.Bool, 1),
        [10] = (torch.ScalarType.Float16, 2),
        [11] = (torch.ScalarType.Float64, 8),
        [16] = (torch.ScalarType.BFloat16, 2),
    };

    private readonly ProtoReader _reader;
    private readonly string _path;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<OnnxEntry> _entries = [];
    private readonly Dictionary<string, string> _notes = new(StringComparer.Ordinal);

    /// <summary>
    /// Throws <see cref="MarrowException"/> when a rule of the format is broken, or there are no weights.
    /// </summary>
    public OnnxInitializers(ReadAt read, long fileLength, string path)
    {
        (_reader, _path) = (new(read, fileLength, path), path);
        foreach (var field in _reader.Fields(0, fileLength))
        {
            if (field is { Number: Graph, Wire: ProtoWire.LengthDelimited })
                ReadGraph(field);
            else if (field is { Number: MetadataProps, Wire: ProtoWire.LengthDelimited })
                ReadNote(field);
        }
        if (_entries.Count == 0)
            throw MarrowException.Bad(path, "an ONNX file with weights in it (initialisers)", "none",
                "Export the model with its weights as initialisers, or name the file that it was exported from.");
    }

    /// <summary>The initializers, in the order of the file.</summary>
    public IReadOnlyList<OnnxEntry> Entries => _entries;

    /// <summary>The metadata of the file, by key.</summary>
    public IReadOnlyDictionary<string, string> Notes => _notes;

    private void ReadGraph(ProtoField graph)
    {
        foreach (var field in _reader.Fields(graph.Start, graph.Start + graph.Length))
        {
            if (field is { Number: Initializer, Wire: ProtoWire.LengthDelimited })
                ReadTensor(field);
        }
    }

    private void ReadTensor(ProtoField tensor)
    {
        var (name, shape, type, isElsewhere) = ("", new List<long>(), 0UL, false);
        ProtoField? data = null;
        foreach (var field in _reader.Fields(tensor.Start, tensor.Start + tensor.Length))
        {
            switch (field.Number)
            {
                case Dims:
                    foreach (var side in _reader.Numbers(field))
                        shape.Add(shape.Count < MostDimensions && side <= long.MaxValue
                            ? (long)side
                            : throw _reader.Damaged(
                                $"a shape of over {MostDimensions} or of negative sides", field.Start));
                    break;
                case DataType:
                    type = field.Value;
                    break;
                case Name:
                    name = Encoding.UTF8.GetString(_reader.Bytes(field, LongestName));
                    break;
                case FloatData or RawData or DoubleData:
                    if (data is not null || field.Wire != ProtoWire.LengthDelimited)
                        throw _reader.Damaged("the numbers of a tensor in several pieces", field.Start);
                    data = field;
                    break;
                case ExternalData:
                    isElsewhere = true;
                    break;
                case DataLocation:
                    isElsewhere |= field.Value != 0;
                    break;
            }
        }
        if (isElsewhere)
            throw MarrowException.Bad(_path, "weights in the file itself", $"'{VisibleText.Of(name)}' in another file",
                "Save it as one file in Python: onnx.save_model(onnx.load('model.onnx'), 'whole.onnx').");
        if (!_names.Add(name) || _names.Count > MostTensors)
            throw MarrowException.Bad(_path, $"at most {MostTensors} initialisers, each of a name of its own",
                $"'{VisibleText.Of(name)}' once more, or too many", Remedy);
        // What is written number by number, or is empty, as shapes for nodes are, is no weights.
        if (data is { Length: > 0 } place && Types.TryGetValue(type, out var known))
            Add(name, known.Type, known.Bytes, [.. shape], place);
    }

    private void Add(string name, torch.ScalarType type, int bytes, long[] shape, ProtoField data)
    {
        var elements = shape.Aggregate((Int128)1, (product, side) => Int128.Min(product * side, long.MaxValue));
        if (elements * bytes != data.Length)
            throw MarrowException.Bad(_path,
                $"{ShapeText.Of(shape)} numbers of {bytes} bytes in '{VisibleText.Of(name)}'",
                $"{data.Length} bytes", Remedy);
        _entries.Add(new(name, type, shape, data.Start));
    }

    private void ReadNote(ProtoField note)
    {
        var (key, value) = ("", "");
        foreach (var field in _reader.Fields(note.Start, note.Start + note.Length))
        {
            if (field.Number == 1)
                key = Encoding.UTF8.GetString(_reader.Bytes(field, LongestName));
            else if (field.Number == 2)
                value = Encoding.UTF8.GetString(_reader.Bytes(field, LongestNote));
        }
        if (_notes.Count >= MostNotes)
            throw _reader.Damaged($"over {MostNotes} notes", note.Start);
        _notes[key] = value;
    }
}
