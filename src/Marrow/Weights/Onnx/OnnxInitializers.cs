// What of an ONNX file is weights: the initialisers of its graph (onnx.proto: ModelProto.graph is field 7, the graph's
// "initializer" 5, TensorProto's fields below), and what the file says of itself (ModelProto.metadata_props, 14).
// Nodes, inputs and outputs are passed over: what the graph computes is not asked.

using System.Text;
using TorchSharp;

namespace Marrow.Weights.Onnx;

/// <summary>The name, type, shape and place of one initialiser.</summary>
/// <param name="Start">The position of its first byte in its file.</param>
/// <param name="File">The file that it lies in: 0 is the ONNX file itself.</param>
/// <param name="PackedBytes">
/// The length of a list of numbers, each of which holds the bits of one element; 0 where the elements lie one after the
/// other.
/// </param>
internal sealed record OnnxEntry(
    string Name, torch.ScalarType Type, long[] Shape, long Start, int File = 0, long PackedBytes = 0)
    : WeightEntry(Name, Type, Shape);

/// <summary>Finds the initialisers of an ONNX file. Nothing in the file is trusted.</summary>
internal sealed class OnnxInitializers
{
    private const int Graph = 7, MetadataProps = 14; // ModelProto
    private const int Initializer = 5; // GraphProto
    // TensorProto
    private const int Dims = 1, DataType = 2, FloatData = 4, Int32Data = 5, Name = 8, RawData = 9, DoubleData = 10;
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

    /// <summary>Types that are not read, with what they are.</summary>
    private static readonly Dictionary<ulong, string> UnreadTypes = new()
    {
        [14] = "complex numbers",
        [15] = "complex numbers",
        [17] = "floating-point numbers of 8 bits",
        [18] = "floating-point numbers of 8 bits",
        [19] = "floating-point numbers of 8 bits",
        [20] = "floating-point numbers of 8 bits",
        [21] = "whole numbers of 4 bits",
        [22] = "whole numbers of 4 bits",
        [23] = "floating-point numbers of 4 bits",
    };

    private readonly ProtoReader _reader;
    private readonly OnnxExternalData _outside;
    private readonly string _path;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<OnnxEntry> _entries = [];
    private readonly Dictionary<string, string> _notes = new(StringComparer.Ordinal);

    /// <summary>
    /// Throws <see cref="MarrowException"/> when a rule of the format is broken, or there are no weights.
    /// </summary>
    /// <param name="outside">Finds the weights that lie in files beside this one.</param>
    public OnnxInitializers(ReadAt read, long fileLength, string path, OnnxExternalData outside)
    {
        (_reader, _path, _outside) = (new(read, fileLength, path), path, outside);
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

    /// <summary>The initialisers, in the order of the file.</summary>
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
        var place = new Dictionary<string, string>(StringComparer.Ordinal);
        ProtoField? data = null, packed = null;
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
                case Int32Data when field.Wire == ProtoWire.LengthDelimited:
                    packed = field;
                    break;
                case ExternalData:
                    isElsewhere = true;
                    AddNote(field, place, LongestName);
                    break;
                case DataLocation:
                    isElsewhere |= field.Value != 0;
                    break;
            }
        }
        if (!_names.Add(name) || _names.Count > MostTensors)
            throw MarrowException.Bad(_path, $"at most {MostTensors} initialisers, each of a name of its own",
                $"'{VisibleText.Of(name)}' once more, or too many", Remedy);
        if (UnreadTypes.TryGetValue(type, out var what))
            throw QuantizedWeights.Refusal(_path, VisibleText.Of(name), what);
        var known = Types.GetValueOrDefault(type);
        if (isElsewhere)
            AddOutside(name, known.Type, known.Bytes, [.. shape], place);
        else if (data is { Length: > 0 } field && known.Bytes > 0)
            Add(name, known.Type, known.Bytes, [.. shape], field);
        else if (packed is { } list && known.Type is torch.ScalarType.Float16 or torch.ScalarType.BFloat16)
            AddPacked(name, known.Type, [.. shape], list);
        // What else is written number by number, or is empty, as shapes for nodes are, is no weights.
    }

    private void Add(string name, torch.ScalarType type, int bytes, long[] shape, ProtoField data)
    {
        if (Elements(shape) * bytes != data.Length)
            throw MarrowException.Bad(_path,
                $"{ShapeText.Of(shape)} numbers of {bytes} bytes in '{VisibleText.Of(name)}'",
                $"{data.Length} bytes", Remedy);
        _entries.Add(new(name, type, shape, data.Start));
    }

    /// <summary>Adds numbers of 16 bits, each of which is written as a number of its own.</summary>
    private void AddPacked(string name, torch.ScalarType type, long[] shape, ProtoField list)
    {
        if (list.Length > WeightFile.PieceBytes)
            throw _reader.Damaged($"{list.Length} bytes of numbers one by one", list.Start);
        var count = 0L;
        foreach (var number in _reader.Numbers(list))
        {
            if (number > ushort.MaxValue)
                throw _reader.Damaged($"the bits {number} in place of 16", list.Start);
            count++;
        }
        if (Elements(shape) != count)
            throw MarrowException.Bad(_path, $"{ShapeText.Of(shape)} numbers in '{VisibleText.Of(name)}'",
                $"{count}", Remedy);
        _entries.Add(new(name, type, shape, list.Start, PackedBytes: list.Length));
    }

    private void AddOutside(
        string name, torch.ScalarType type, int bytes, long[] shape, Dictionary<string, string> place)
    {
        var size = Elements(shape) * bytes;
        if (size > 0 && size <= long.MaxValue)
        {
            var (file, start) = _outside.Find(VisibleText.Of(name), place, (long)size);
            _entries.Add(new(name, type, shape, start, file));
        }
        else if (size > 0)
            throw MarrowException.Bad(_path, $"a shape that fits a file in '{VisibleText.Of(name)}'",
                ShapeText.Of(shape), Remedy);
    }

    private static Int128 Elements(long[] shape) =>
        shape.Aggregate((Int128)1, (product, side) => Int128.Min(product * side, long.MaxValue));

    private void ReadNote(ProtoField note)
    {
        if (_notes.Count >= MostNotes)
            throw _reader.Damaged($"over {MostNotes} notes", note.Start);
        AddNote(note, _notes, LongestNote);
    }

    /// <summary>Adds a message of two texts, a key and a value.</summary>
    private void AddNote(ProtoField note, Dictionary<string, string> notes, int longest)
    {
        var (key, value) = ("", "");
        foreach (var field in _reader.Fields(note.Start, note.Start + note.Length))
        {
            if (field.Number == 1)
                key = Encoding.UTF8.GetString(_reader.Bytes(field, LongestName));
            else if (field.Number == 2)
                value = Encoding.UTF8.GetString(_reader.Bytes(field, longest));
        }
        notes[key] = value;
    }
}
