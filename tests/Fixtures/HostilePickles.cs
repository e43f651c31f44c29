using System.Text;
using Marrow.Soak;

namespace Marrow.Tests;

/// <summary>
/// Pickles that do harm where they are run, or that lie about the weights: by name, with what the refusal must say. The
/// storages are those of PickleWriter.
/// </summary>
internal static class HostilePickles
{
    /// <summary>Would exist if any of these were run by anything.</summary>
    public static string Marker { get; } = Path.Combine(Path.GetTempPath(), $"marrow-was-here-{Environment.ProcessId}");

    /// <summary>Of a good pickle, by byte: what the test knows apart from the reader.</summary>
    private const string AllowedText = "().BCGJKMNQRUX]abcehjqrstu}";
    private static readonly byte[] AllowedBytes =
    [
        0x85,
        0x86,
        0x87,
        0x88,
        0x89,
        0x8a,
        0x8c,
        0x8f,
        0x90,
        0x93,
        0x94,
        0x95,
    ];

    public static IReadOnlyDictionary<string, (byte[] Pickle, string Says)> All { get; } =
        HostileCalls.All()
            .Concat(Instructions())
            .Concat(Machine())
            .Concat(Tensors())
            .ToDictionary(h => h.Name, h => (h.Pickle, h.Says));

    /// <summary>A pickle without any instruction yet.</summary>
    internal static PickleWriter Start(int protocol = 2) => new(protocol);

    private static IEnumerable<(string Name, byte[] Pickle, string Says)> Instructions() =>
        Enumerable
            .Range(0, 256)
            .Select(b => (byte)b)
            .Where(b => !AllowedBytes.Contains(b) && !AllowedText.Contains((char)b, StringComparison.Ordinal))
            .Select(b =>
                (
                    $"byte 0x{b:X2}",
                    Start().Op('}').Text("a").Op('N').Op('s').Raw(b).Raw("os\nsystem\n"u8).Stop(),
                    "at byte 11"));

    private static IEnumerable<(string Name, byte[] Pickle, string Says)> Machine()
    {
        yield return ("nothing", [], "PROTO");
        yield return ("protocol 0", Encoding.ASCII.GetBytes($"cos\nsystem\n(S'touch {Marker}'\ntR."), "PROTO");
        yield return ("protocol 1", Start(1).Op('}').Stop(), "PROTO");
        yield return ("protocol 6", Start(6).Op('}').Stop(), "PROTO");
        yield return ("no end", Start().Op('}').Unfinished(), "end");
        yield return ("an empty stack", Start().Stop(), "0 values");
        yield return ("two values", Start().Op('N').Op('N').Stop(), "2 values");
        yield return ("an open mark", Start().Op('(').Op('}').Stop(), "1 marks");
        yield return ("underflow", Start().Raw(0x86).Stop(), "more values");
        yield return (
            "underflow below a mark",
            Start().Op('}').Text("k").Op('(').Op('N').Op('s').Stop(),
            "more values");
        yield return ("no mark", Start().Op('}').Op('u').Stop(), "mark");
        yield return ("a memo that was never put", Start().Op('h').Raw(9).Stop(), "memo 9");
        yield return ("a memo far away", Start().Op('j').UInt32(uint.MaxValue).Stop(), "memo 4294967295");
        yield return ("a memo of nothing", Start().Op('q').Raw(0).Stop(), "more values");
        yield return ("a list in a list in a list, a million deep", Many(']', 1_100_000), "values");
        yield return ("a million dictionaries", Many('}', 1_100_000), "values");
        yield return ("marks without end", Many('(', 3_000_000), "marks left");
        yield return (
            "memos without end",
            [0x80, 2, (byte)'N', .. Enumerable.Repeat((byte)0x94, 1_100_000), (byte)'.'],
            "memos");
        yield return (
            "the same value a million times",
            [
                0x80,
                2,
                (byte)'}',
                (byte)'q',
                0,
                .. Enumerable.Repeat((byte[])[(byte)'h', 0], 1_100_000).SelectMany(b => b),
                (byte)'.',
            ],
            "values");
        yield return (
            "a list that holds itself",
            Start().Op(']').Op('q').Raw(0).Op('h').Raw(0).Op('a').Stop(),
            "a dictionary of tensors");
        yield return (
            "a dictionary that holds itself",
            Start()
                .Op('}')
                .Op('q')
                .Raw(0)
                .Text("state_dict")
                .Op('h')
                .Raw(0)
                .Op('s')
                .Text("model")
                .Op('h')
                .Raw(0)
                .Op('s')
                .Stop(),
            "a dictionary of tensors");
        yield return (
            "doubled lists, forty times",
            [
                0x80,
                2,
                (byte)']',
                .. Enumerable
                    .Repeat((byte[])[0x94, (byte)']', (byte)'(', (byte)'h', 0, (byte)'h', 0, (byte)'e'], 40)
                    .SelectMany(b => b),
                (byte)'.',
            ],
            "values");
        yield return (
            "text of four gigabytes",
            Start().Op('X').UInt32(uint.MaxValue).Raw("abc"u8).Stop(),
            "end within");
        yield return ("text of two gigabytes", Start().Op('X').UInt32(int.MaxValue).Raw("abc"u8).Stop(), "end within");
        yield return ("bytes of two gigabytes", Start().Op('B').UInt32(int.MaxValue).Raw("abc"u8).Stop(), "end within");
        yield return ("text that is no UTF-8", Start().Op('X').UInt32(2).Raw(0xC3, 0x28).Stop(), "UTF-8");
        yield return ("a surrogate alone", Start().Op('X').UInt32(3).Raw(0xED, 0xA0, 0x80).Stop(), "UTF-8");
        yield return ("a name without an end", Start().Op('c').Raw("torch"u8).Unfinished(), "a name");
        yield return ("a name of 100 kB", Start().Global(new string('t', 100_000), "x").Stop(), "a name");
        yield return (
            "a frame beyond the end",
            Start(4).Raw(0x95).Raw(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f).Op('}').Stop(),
            "FRAME");
        yield return ("STACK_GLOBAL of numbers", Start(4).Int(1).Int(2).Raw(0x93).Stop(), "two names");
        yield return ("an item appended to a dictionary", Start().Op('}').Op('N').Op('a').Stop(), "no list");
        yield return ("an item set in a list", Start().Op(']').Op('N').Op('N').Op('s').Stop(), "no dictionary");
        yield return ("a key without a value", Start().Op('}').Op('(').Op('N').Op('u').Stop(), "without a value");
        yield return ("an item added to a list", Start(4).Op(']').Op('(').Op('N').Raw(0x90).Stop(), "no set");
        yield return (
            "an OrderedDict of arguments",
            Start().Global("collections", "OrderedDict").Op(']').Raw(0x85).Op('R').Stop(),
            "made of arguments");
        yield return ("a whole that is one number", Start().Int(7).Stop(), "a dictionary of tensors");
        yield return (
            "a whole that is one tensor",
            Start().Tensor("FloatStorage", "0", 24, 0, [24], [1]).Stop(),
            "one tensor");
        yield return ("no tensor in it", Start().Op('}').Text("epoch").Int(3).Op('s').Stop(), "epoch");

        static byte[] Many(char op, int times) => [0x80, 2, .. Enumerable.Repeat((byte)op, times), (byte)'.'];
    }

    private static IEnumerable<(string Name, byte[] Pickle, string Says)> Tensors()
    {
        const long huge = 1L << 62;
        yield return Tensor("one element more than there is", [25], [1], 0, "more elements");
        yield return Tensor("an offset past the end", [24], [1], 1, "beyond");
        yield return Tensor("an offset far past the end", [1], [1], long.MaxValue, "beyond");
        yield return Tensor("a negative offset", [1], [1], -1, "beyond");
        yield return Tensor("a stride past the end", [2, 3], [22, 1], 0, "beyond");
        yield return Tensor("a huge stride", [2], [long.MaxValue], 0, "beyond");
        yield return Tensor("strides that overflow together", [2, 2, 2, 2], [huge, huge, huge, huge], 8, "beyond");
        yield return Tensor("a huge shape", [huge], [0], 0, "more elements");
        yield return Tensor("a shape whose product overflows", [1L << 32, 1L << 32], [0, 0], 0, "more elements");
        yield return Tensor(
            "a shape whose product is 0 after overflowing",
            [1L << 32, 1L << 32, 1L << 32],
            [0, 0, 0],
            0,
            "more elements");
        yield return Tensor("a number repeated a billion times", [1_000_000_000], [0], 0, "more elements");
        yield return Tensor("nothing of a huge shape", [0, huge, huge], [1, 1, 1], 0, "more elements");
        yield return Tensor("a negative side", [-24], [1], 0, "0 or more");
        yield return Tensor("a negative stride", [24], [-1], 23, "0 or more");
        yield return Tensor("the least number for a side", [long.MinValue], [1], 0, "0 or more");
        yield return Tensor(
            "33 dimensions",
            [.. Enumerable.Repeat(1L, 33)],
            [.. Enumerable.Repeat(1L, 33)],
            0,
            "33 dimensions");
        yield return Tensor("fewer strides than sides", [2, 2], [1], 0, "1 strides");
        yield return (
            "a storage that is not there",
            Start().Op('}').Text("w").Tensor("FloatStorage", "9", 24, 0, [24], [1]).Op('s').Stop(),
            "'9' that the file does not have");
        yield return (
            "a storage of another size",
            Start().Op('}').Text("w").Tensor("FloatStorage", "0", 25, 0, [24], [1]).Op('s').Stop(),
            "which has 96 bytes");
        yield return (
            "a storage of another type's size",
            Start().Op('}').Text("w").Tensor("DoubleStorage", "0", 24, 0, [24], [1]).Op('s').Stop(),
            "which has 96 bytes");
        yield return (
            "a storage of a negative size",
            Start().Op('}').Text("w").Tensor("FloatStorage", "0", -24, 0, [24], [1]).Op('s').Stop(),
            "-24 elements");
        yield return (
            "a storage whose size overflows",
            Start().Op('}').Text("w").Tensor("FloatStorage", "0", (1L << 62) + 24, 0, [24], [1]).Op('s').Stop(),
            "elements of 4 bytes");
        yield return (
            "a storage above the folder",
            Start().Op('}').Text("w").Tensor("FloatStorage", "../data.pkl", 24, 0, [24], [1]).Op('s').Stop(),
            "'../data.pkl' that");
        yield return (
            "a storage at an absolute path",
            Start().Op('}').Text("w").Tensor("FloatStorage", "/etc/passwd", 24, 0, [24], [1]).Op('s').Stop(),
            "that the file does not have");
        yield return (
            "a storage of complex numbers",
            Start().Op('}').Text("w").Tensor("ComplexFloatStorage", "0", 12, 0, [12], [1]).Op('s').Stop(),
            "torch.ComplexFloatStorage");
        yield return ("a persistent id that is text", Start().Text("0").Op('Q').Stop(), "persistent id");
        yield return (
            "a persistent id of another kind",
            Start()
                .Op('(')
                .Text("module")
                .Global("torch", "FloatStorage")
                .Text("0")
                .Text("cpu")
                .Int(24)
                .Op('t')
                .Op('Q')
                .Stop(),
            "persistent id");
        yield return (
            "a persistent id of a view",
            Start()
                .Op('(')
                .Text("storage")
                .Global("torch", "FloatStorage")
                .Text("0")
                .Text("cpu")
                .Int(24)
                .Op('N')
                .Op('t')
                .Op('Q')
                .Stop(),
            "persistent id");
        yield return (
            "a persistent id of a type",
            Start()
                .Op('(')
                .Text("storage")
                .Global("torch", "float32")
                .Text("0")
                .Text("cpu")
                .Int(24)
                .Op('t')
                .Op('Q')
                .Stop(),
            "persistent id");
        yield return (
            "a key that is a number",
            Start()
                .Op('(')
                .Text("storage")
                .Global("torch", "FloatStorage")
                .Int(0)
                .Text("cpu")
                .Int(24)
                .Op('t')
                .Op('Q')
                .Stop(),
            "persistent id");
        yield return (
            "a tensor of no storage",
            Start()
                .Global("torch._utils", "_rebuild_tensor_v2")
                .Op('(')
                .Text("0")
                .Int(0)
                .Tuple(24)
                .Tuple(1)
                .Op('t')
                .Op('R')
                .Stop(),
            "not made of a storage");
        yield return (
            "a tensor of bytes without a type",
            Start()
                .Global("torch._utils", "_rebuild_tensor_v2")
                .Op('(')
                .Storage("UntypedStorage", "0", 96, "torch.storage")
                .Int(0)
                .Tuple(24)
                .Tuple(1)
                .Op('t')
                .Op('R')
                .Stop(),
            "without its type");
        yield return (
            "a tensor of a type that is none",
            Start()
                .Global("torch._utils", "_rebuild_tensor_v3")
                .Op('(')
                .Storage("UntypedStorage", "0", 96, "torch.storage")
                .Int(0)
                .Tuple(24)
                .Tuple(1)
                .Raw(0x89)
                .Dict()
                .Text("float32")
                .Op('t')
                .Op('R')
                .Stop(),
            "without its type");
        yield return (
            "a wider type over the same bytes",
            Start()
                .Global("torch._utils", "_rebuild_tensor_v3")
                .Op('(')
                .Storage("UntypedStorage", "0", 96, "torch.storage")
                .Int(0)
                .Tuple(24)
                .Tuple(1)
                .Raw(0x89)
                .Dict()
                .Global("torch", "float64")
                .Op('t')
                .Op('R')
                .Stop(),
            "more elements");
        yield return (
            "a truth value for a side",
            Start()
                .Global("torch._utils", "_rebuild_tensor_v2")
                .Op('(')
                .Storage("FloatStorage", "0", 24)
                .Int(0)
                .Op('(')
                .Raw(0x88)
                .Op('t')
                .Tuple(1)
                .Raw(0x89)
                .Dict()
                .Op('t')
                .Op('R')
                .Stop(),
            "0 or more");
        yield return (
            "a size that is text",
            Start().Global("torch", "Size").Text("24").Raw(0x85).Op('R').Stop(),
            "no tuple");
        yield return (
            "a parameter of no tensor",
            Start().Global("torch._utils", "_rebuild_parameter").Int(1).Raw(0x88).Dict().Raw(0x87).Op('R').Stop(),
            "no tensor");

        static (string, byte[], string) Tensor(string name, long[] shape, long[] strides, long offset, string says) =>
            (
                name,
                Start().Op('}').Text("w").Tensor("FloatStorage", "0", 24, offset, shape, strides).Op('s').Stop(),
                says);
    }
}
