using System.Buffers.Binary;
using System.Text;

namespace Marrow.Soak;

/// <summary>
/// Pickles written instruction by instruction, as torch.save writes them or as an attacker would (Python's
/// pickletools.py tells what each does). Independent of the reader that they test.
/// </summary>
public sealed class PickleWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>Two bytes a number, four bytes a float.</summary>
    private static readonly Dictionary<string, int> ElementBytes = new()
    {
        ["FloatStorage"] = 4,
        ["HalfStorage"] = 2,
        ["LongStorage"] = 8,
        ["BoolStorage"] = 1,
        ["DoubleStorage"] = 8,
    };

    public PickleWriter(int protocol = 2) => Raw(0x80, (byte)protocol);

    public PickleWriter Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleWriter Op(char code) => Raw((byte)code);

    public PickleWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Op('X').UInt32((uint)bytes.Length).Raw(bytes);
    }

    public PickleWriter Int(long value)
    {
        if (value is >= 0 and < 256)
            return Op('K').Raw((byte)value);
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Raw(0x8a, sizeof(long)).Raw(bytes);
    }

    public PickleWriter UInt32(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleWriter Global(string module, string name) =>
        Op('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleWriter StackGlobal(string module, string name) => Text(module).Text(name).Raw(0x93);

    public PickleWriter Tuple(params ReadOnlySpan<long> items)
    {
        Op('(');
        foreach (var item in items)
            Int(item);
        return Op('t');
    }

    public PickleWriter Storage(string kind, string key, long elements, string module = "torch") =>
        Op('(').Text("storage").Global(module, kind).Text(key).Text("cpu").Int(elements).Op('t').Op('Q');

    /// <summary>_rebuild_tensor_v2 of a storage of its own.</summary>
    public PickleWriter Tensor(string kind, string key, long elements, long offset, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2")
            .Op('(')
            .Storage(kind, key, elements)
            .Int(offset)
            .Tuple(shape)
            .Tuple(strides)
            .Raw(0x89).Dict().Op('t').Op('R');

    /// <summary>An empty OrderedDict.</summary>
    public PickleWriter Dict() => Global("collections", "OrderedDict").Op(')').Op('R');

    public byte[] Stop() => Op('.').Unfinished();

    /// <summary>Without STOP.</summary>
    public byte[] Unfinished() => [.. _bytes];

    /// <summary>What the archives of these pickles hold: the bytes of storage "0", "1", "2" and "3".</summary>
    public static long? BytesOf(string key) => key switch
    {
        "0" => 24 * ElementBytes["FloatStorage"],
        "1" => 6 * ElementBytes["HalfStorage"],
        "2" => ElementBytes["LongStorage"],
        "3" => 8 * ElementBytes["BoolStorage"],
        _ => null,
    };

    /// <summary>Good pickles of each form there is; their storages are those of <see cref="BytesOf"/>.</summary>
    public static IReadOnlyList<byte[]> Good() => [StateDict(), TrainingState(), Protocol4(), NewTypes()];

    /// <summary>
    /// torch.save(model.state_dict(), ...): one storage shared, one view with strides, the versions in BUILD.
    /// </summary>
    private static byte[] StateDict() =>
        new PickleWriter()
            .Dict()
            .Raw((byte)'q', 0)
            .Op('(')
            .Text("features.weight")
            .Raw((byte)'q', 1)
            .Tensor("FloatStorage", "0", 24, 0, [2, 3, 2, 2], [12, 4, 2, 1])
            .Text("features.view")
            .Tensor("FloatStorage", "0", 24, 1, [3, 2], [1, 3])
            .Text("classifier.bias")
            .Tensor("HalfStorage", "1", 6, 0, [6], [1])
            .Text("norm.num_batches_tracked")
            .Tensor("LongStorage", "2", 1, 0, [], [])
            .Op('u')
            .Op('}')
            .Text("_metadata")
            .Dict()
            .Text("")
            .Op('}')
            .Text("version")
            .Int(1)
            .Op('s')
            .Op('s')
            .Op('s')
            .Op('b')
            .Stop();

    /// <summary>
    /// What training programs save: the state dict nested, numbers, an optimizer, values of other libraries.
    /// </summary>
    private static byte[] TrainingState() =>
        new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("epoch")
            .Int(12)
            .Text("best")
            .Op('G')
            .Raw(0x3f, 0xe8, 0, 0, 0, 0, 0, 0)
            .Text("done")
            .Raw(0x88)
            .Text("none")
            .Op('N')
            .Text("state_dict")
            .Dict()
            .Op('(')
            .Text("module.weight")
            .Tensor("FloatStorage", "0", 24, 0, [24], [1])
            .Text("module.mask")
            .Tensor("BoolStorage", "3", 8, 0, [2, 4], [4, 1])
            .Op('u')
            .Text("optimizer")
            .Op('}')
            .Op('(')
            .Text("state")
            .Op('}')
            .Int(0)
            .Op('}')
            .Text("step")
            .Int(700_000)
            .Op('s')
            .Op('s')
            .Text("param_groups")
            .Op(']')
            .Op('}')
            .Text("betas")
            .Op('G')
            .Raw(0x3f, 0xe8, 0, 0, 0, 0, 0, 0)
            .Int(-1)
            .Raw(0x86)
            .Op('s')
            .Op('a')
            .Op('u')
            .Text("accuracy")
            .Global("numpy.core.multiarray", "scalar")
            .Global("numpy", "dtype")
            .Text("f8")
            .Raw(0x89)
            .Raw(0x88)
            .Raw(0x87)
            .Op('R')
            .Op('(')
            .Int(3)
            .Text("<")
            .Op('N')
            .Op('t')
            .Op('b')
            .Global("_codecs", "encode")
            .Text("abc")
            .Text("latin1")
            .Raw(0x86)
            .Op('R')
            .Raw(0x86)
            .Op('R')
            .Text("milestones")
            .Global("collections", "Counter")
            .Op('}')
            .Raw(0x85)
            .Op('R')
            .Text("size")
            .Global("torch", "Size")
            .Tuple(1, 2)
            .Raw(0x85)
            .Op('R')
            .Op('u')
            .Stop();

    /// <summary>pickle_protocol=4: memos without numbers, names from the stack, a frame.</summary>
    private static byte[] Protocol4()
    {
        var body = new PickleWriter(4).Op('}').Raw(0x94).Op('(').Raw(0x8c, 6).Raw("weight"u8).Raw(0x94)
            .StackGlobal("torch._utils", "_rebuild_tensor_v2")
            .Raw(0x94)
            .Op('(')
            .Op('(')
            .Raw(0x8c, 7)
            .Raw("storage"u8)
            .StackGlobal("torch", "FloatStorage")
            .Raw(0x94)
            .Text("0")
            .Text("cpu")
            .Int(24)
            .Op('t')
            .Op('Q')
            .Int(0)
            .Tuple(4, 6)
            .Tuple(6, 1)
            .Raw(0x89)
            .StackGlobal("collections", "OrderedDict")
            .Raw(0x94)
            .Op(')')
            .Op('R')
            .Op('t')
            .Op('R')
            .Text("again")
            .Raw((byte)'h', 1)
            .Text("set")
            .Raw(0x8f)
            .Op('(')
            .Int(1)
            .Int(2)
            .Raw(0x90)
            .Text("bytes")
            .Op('C')
            .Raw(2, 7, 7)
            .Op('u')
            .Stop();
        var frame = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(frame, (ulong)body.Length - 2);
        return [.. body.AsSpan(0, 2), 0x95, .. frame, .. body.AsSpan(2)];
    }

    /// <summary>Types newer than the storages' classes (_rebuild_tensor_v3) and parameters.</summary>
    private static byte[] NewTypes() =>
        new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("a")
            .Global("torch._utils", "_rebuild_tensor_v3")
            .Op('(')
            .Storage("UntypedStorage", "1", 12, "torch.storage")
            .Int(0)
            .Tuple(2, 3)
            .Tuple(3, 1)
            .Raw(0x89)
            .Dict()
            .Global("torch", "bfloat16")
            .Op('t')
            .Op('R')
            .Text("b")
            .Global("torch._utils", "_rebuild_parameter")
            .Tensor("FloatStorage", "0", 24, 0, [24], [1])
            .Raw(0x88)
            .Dict()
            .Raw(0x87)
            .Op('R')
            .Op('u')
            .Stop();
}
