// A graph of ONNX operators (onnx.ai, "Open Neural Network Exchange Intermediate Representation"), built node by node
// and written as a ModelProto. Field numbers are those of onnx.proto.

using System.Globalization;
using System.Runtime.InteropServices;

namespace Marrow.Onnx;

/// <summary>Types of elements, by their numbers in onnx.proto.</summary>
internal enum OnnxType
{
    Float32 = 1,
    Int64 = 7,
}

/// <summary>An input or output of the whole graph.</summary>
/// <param name="Shape">Sizes, or the name of one that is free: "N".</param>
/// <param name="Unit">"logit", "degree", "input pixel".</param>
internal sealed record OnnxValue(string Name, OnnxType Type, IReadOnlyList<string> Shape, string Unit, string Meaning);

/// <summary>Values are known by name; a node's output has the node's name.</summary>
internal sealed class OnnxGraph(string name)
{
    // ONNX 1.12 (2022) and all later ones know both.
    public const int OperatorSet = 17;
    private const int IntermediateRepresentation = 8;
    private const int MetadataField = 14;

    private readonly List<ProtoMessage> _nodes = [], _constants = [];
    private readonly List<OnnxValue> _inputs = [], _outputs = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal), _constantNames = new(StringComparer.Ordinal);

    public IReadOnlyList<OnnxValue> Outputs => _outputs;

    public string Input(OnnxValue input)
    {
        _inputs.Add(input);
        return Claim(input.Name);
    }

    /// <summary>A value that is already there becomes an output.</summary>
    public void Output(OnnxValue output) => _outputs.Add(_names.Contains(output.Name)
        ? output
        : throw new ArgumentException($"No value '{output.Name}'.", nameof(output)));

    public bool HasConstant(string name) => _constantNames.Contains(name);

    public string Constant(string name, ReadOnlySpan<float> values, params long[] shape) =>
        Constant(name, OnnxType.Float32, MemoryMarshal.AsBytes(values).ToArray(), shape);

    public string Constant(string name, ReadOnlySpan<long> values, params long[] shape) =>
        Constant(name, OnnxType.Int64, MemoryMarshal.AsBytes(values).ToArray(), shape);

    /// <summary>A node with one output, which is returned.</summary>
    /// <param name="inputs">Names; "" for an optional input that is left out.</param>
    public string Node(string operation, string name, IReadOnlyList<string> inputs, params ProtoMessage[] attributes)
    {
        var node = new ProtoMessage();
        foreach (var input in inputs)
            node.Text(1, input.Length == 0 || _names.Contains(input)
                ? input
                : throw new ArgumentException($"No value '{input}'.", nameof(inputs)));
        node.Text(2, Claim(name)).Text(3, name).Text(4, operation);
        foreach (var attribute in attributes)
            node.Message(5, attribute);
        _nodes.Add(node);
        return name;
    }

    /// <summary>
    /// A map enlarged to another's size: each cell takes the one that torch's interpolate takes, floor(cell * coarse /
    /// fine).
    /// </summary>
    /// <param name="size">The name of the shape that is wanted, four numbers.</param>
    public string Nearest(string name, string map, string size) => Node("Resize", name, [map, "", "", size],
        OnnxAttribute.Text("mode", "nearest"), OnnxAttribute.Text("nearest_mode", "floor"),
        OnnxAttribute.Text("coordinate_transformation_mode", "asymmetric"));

    public void Write(Stream stream, string description, IReadOnlyDictionary<string, string> metadata)
    {
        var graph = new ProtoMessage();
        _nodes.ForEach(node => graph.Message(1, node));
        graph.Text(2, name);
        _constants.ForEach(constant => graph.Message(5, constant));
        _inputs.ForEach(input => graph.Message(11, Described(input)));
        _outputs.ForEach(output => graph.Message(12, Described(output)));
        var model = new ProtoMessage()
            .Integer(1, IntermediateRepresentation)
            .Text(2, "marrow")
            .Text(3, metadata["marrow"])
            .Text(6, description)
            .Message(7, graph)
            .Message(8, new ProtoMessage().Text(1, "").Integer(2, OperatorSet));
        if (model.Length > int.MaxValue)
            throw new MarrowException($"{name}: {model.Length >> 20} MiB are more than an ONNX file holds. "
                + "Export as safetensors instead.");
        model.WriteTo(stream);
        WriteMetadata(stream, metadata);
    }

    /// <summary>
    /// Adds entries to a model that is written already: in protocol buffers, what follows a message is part of it.
    /// </summary>
    public static void WriteMetadata(Stream stream, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var (key, value) in metadata)
            new ProtoMessage().Message(MetadataField, new ProtoMessage().Text(1, key).Text(2, value)).WriteTo(stream);
    }

    private string Constant(string name, OnnxType type, byte[] bytes, long[] shape)
    {
        var tensor = new ProtoMessage();
        foreach (var size in shape)
            tensor.Integer(1, size);
        _constants.Add(tensor.Integer(2, (int)type).Text(8, Claim(name)).Bytes(9, bytes));
        _constantNames.Add(name);
        return name;
    }

    private string Claim(string name) => _names.Add(name)
        ? name
        : throw new ArgumentException($"The value '{name}' is there already.", nameof(name));

    private static ProtoMessage Described(OnnxValue value)
    {
        var shape = new ProtoMessage();
        foreach (var size in value.Shape)
            shape.Message(1, long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var known)
                ? new ProtoMessage().Integer(1, known)
                : new ProtoMessage().Text(2, size));
        var tensor = new ProtoMessage().Integer(1, (int)value.Type).Message(2, shape);
        return new ProtoMessage().Text(1, value.Name).Message(2, new ProtoMessage().Message(1, tensor))
            .Text(3, $"{value.Meaning} Unit: {value.Unit}.");
    }
}

/// <summary>Attributes of nodes.</summary>
internal static class OnnxAttribute
{
    public static ProtoMessage Integer(string name, long value) =>
        new ProtoMessage().Text(1, name).Integer(3, value).Integer(20, 2);

    public static ProtoMessage Real(string name, double value) =>
        new ProtoMessage().Text(1, name).Real(2, (float)value).Integer(20, 1);

    public static ProtoMessage Text(string name, string value) =>
        new ProtoMessage().Text(1, name).Text(4, value).Integer(20, 3);

    /// <summary>
    /// Of windows: the sides that they give over their stride, rounded up. Where that asks for an odd number of zeros,
    /// the one more stands before the map.
    /// </summary>
    public static ProtoMessage SameLower() => Text("auto_pad", "SAME_LOWER");

    public static ProtoMessage Integers(string name, params ReadOnlySpan<long> values)
    {
        var attribute = new ProtoMessage().Text(1, name);
        foreach (var value in values)
            attribute.Integer(8, value);
        return attribute.Integer(20, 7);
    }
}
