using System.Buffers.Binary;
using Marrow.Soak;
using Marrow.Weights;
using Marrow.Weights.PyTorch;
using TorchSharp;

namespace Marrow.Tests.Issues;

/// <summary>The form that torch.save had before PyTorch 1.6, in which most published weights are.</summary>
public sealed class LegacyPyTorchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_shared_storages_and_views_are_read_as_they_were_saved()
    {
        using var scope = torch.NewDisposeScope();
        using var weights = (PyTorchWeights)WeightFiles.Open(Put(Good()));
        Assert.Equal("state_dict", weights.Place);
        Assert.Equal(["epoch"], weights.Others);
        Assert.Equal(["a", "b", "steps", "part"], weights.Entries.Select(e => e.Name));
        Assert.Equal([0, 1, 2, 3, 4, 5], weights.Read("a").reshape(-1).data<float>().ToArray());
        Assert.Equal([2, 3], weights.Entries[0].Shape);
        Assert.Equal([1, 3, 5], weights.Read("b").data<float>().ToArray()); // every second number of the same storage
        Assert.Equal(7, weights.Read("steps").item<long>());
        // the numbers 1 and 2 of a view that begins at 2
        Assert.Equal([3, 4], weights.Read("part").data<float>().ToArray());
    }

    [Fact]
    public void Strings_of_Python_2_are_text_or_bytes()
    {
        var file = Legacy(
            new PickleWriter()
                .Op('}')
                .Op('U')
                .Raw(1, (byte)'w')
                .Raw(Storage("FloatStorage", "x", 1))
                .Op('s')
                .Op('T')
                .UInt32(4)
                .Raw("best"u8)
                .Op('U')
                .Raw(2, 0xF0, 0x3F)
                .Op('s')
                .Stop(),
            ["x"],
            ("x", 1, BitConverter.GetBytes(2.5f)));
        using var weights = PyTorchWeights.Open(Put(file));
        Assert.Equal(("w", "best"), (weights.Entries.Single().Name, weights.Others.Single()));
    }

    public static TheoryData<string> Lies => [.. Hostile().Keys];

    [Theory, MemberData(nameof(Lies))]
    public void A_file_that_lies_is_refused(string name)
    {
        var (file, says) = Hostile()[name];
        Assert.Contains(says, Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void No_beginning_of_a_file_passes_for_the_whole_and_nothing_may_follow_it()
    {
        var good = Good();
        for (var length = 0; length < good.Length; length++)
            Refuse(good[..length]);
        Assert.Contains("after its last storage, found 1 bytes more", Refuse([.. good, 0]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_is_refused_or_harmless()
    {
        var good = Good();
        for (var bit = 0; bit < good.Length * 8; bit += 3)
        {
            var file = (byte[])good.Clone();
            file[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                LegacyFile.Read("flipped.pth", file.Length, (into, position) =>
                    file.AsSpan((int)position, into.Length).CopyTo(into));
            }
            catch (MarrowException)
            {
            }
        }
    }

    [Theory(Explicit = true), Trait("Category", "RealData")]
    [InlineData("lwnet_wnet_drive.pth", "model_state_dict", 144)]
    [InlineData("obelisk_fold1.pth", "", 0)]
    public void Published_files_are_read_whole(string file, string place, int atLeast)
    {
        var data = Environment.GetEnvironmentVariable("MARROW_DATA");
        Assert.SkipWhen(data is null, "MARROW_DATA names no folder.");
        using var weights = (PyTorchWeights)WeightFiles.Open(Path.Combine(data, "checkpoints", file));
        Assert.Equal(place, weights.Place);
        Assert.True(weights.Entries.Count >= Math.Max(1, atLeast));
        foreach (var entry in weights.Entries)
        {
            using var tensor = weights.Read(entry.Name);
            Assert.True(entry.Type == torch.ScalarType.Int64 || tensor.isfinite().all().item<bool>(), entry.Name);
        }
    }

    private static Dictionary<string, (byte[] File, string Says)> Hostile()
    {
        byte[] one = BitConverter.GetBytes(1f);
        var pickle = new PickleWriter().Op('}').Text("w").Raw(Storage("FloatStorage", "x", 1)).Op('s').Stop();
        return new()
        {
            ["another version"] = (Legacy(pickle, ["x"], version: 1000, storages: ("x", 1, one)), "version 1001"),
            ["big-endian"] = (Legacy(pickle, ["x"], isLittle: false, storages: ("x", 1, one)), "big-endian"),
            ["no order of bytes"] = (
                [.. Magic, .. new PickleWriter().Int(1001).Stop(), .. new PickleWriter().Op('}').Stop(), .. pickle],
                "the order of bytes"),
            ["a storage in the version"] = (
                [.. Magic, .. new PickleWriter().Raw(Storage("FloatStorage", "x", 1)).Stop()],
                "a storage where none can be"),
            ["a storage larger than the file"] = (
                Legacy(
                    new PickleWriter().Op('}').Text("w").Raw(Storage("FloatStorage", "x", 1L << 40)).Op('s').Stop(),
                    ["x"],
                    ("x", 1, one)),
                "more than the file has"),
            ["a negative storage"] = (
                Legacy(
                    new PickleWriter().Op('}').Text("w").Raw(Storage("FloatStorage", "x", -1)).Op('s').Stop(),
                    ["x"],
                    ("x", 1, one)),
                "elements"),
            ["a storage of two sizes"] = (
                Legacy(
                    new PickleWriter()
                        .Op('}')
                        .Text("w")
                        .Raw(Storage("FloatStorage", "x", 1))
                        .Op('s')
                        .Text("v")
                        .Raw(Storage("FloatStorage", "x", 2))
                        .Op('s')
                        .Stop(),
                    ["x"],
                    ("x", 1, one)),
                "two different storages"),
            ["a view outside its storage"] = (
                Legacy(
                    new PickleWriter()
                        .Op('}')
                        .Text("w")
                        .Raw(Storage("FloatStorage", "x", 4, view: (3, 2)))
                        .Op('s')
                        .Stop(),
                    ["x"],
                    ("x", 4, new byte[16])),
                "within its storage"),
            ["a view that overflows"] = (
                Legacy(
                    new PickleWriter()
                        .Op('}')
                        .Text("w")
                        .Raw(Storage("FloatStorage", "x", 4, view: (long.MaxValue, long.MaxValue)))
                        .Op('s')
                        .Stop(),
                    ["x"],
                    ("x", 4, new byte[16])),
                "within its storage"),
            ["a tensor outside its storage"] = (
                Legacy(
                    new PickleWriter()
                        .Op('}')
                        .Text("w")
                        .Raw(Tensor("FloatStorage", "x", 4, 2, [3], [1]))
                        .Op('s')
                        .Stop(),
                    ["x"],
                    ("x", 4, new byte[16])),
                "beyond its storage"),
            ["a key that no tensor has"] = (Legacy(pickle, ["y"], ("y", 1, one)), "'y'"),
            ["a key twice"] = (Legacy(pickle, ["x", "x"], ("x", 1, one), ("x", 1, one)), "twice"),
            ["a key that is missing"] = (Legacy(pickle, []), "1 storages"),
            ["keys that are no text"] = (
                [.. Head(), .. pickle, .. new PickleWriter().Op(']').Int(1).Op('a').Stop()],
                "something else"),
            ["no list of keys"] = (
                [.. Head(), .. pickle, .. new PickleWriter().Int(1).Stop()],
                "a list of the storages' keys"),
            ["another count"] = (Legacy(pickle, ["x"], ("x", 2, one)), "1 elements"),
            ["a count that overflows"] = (Legacy(pickle, ["x"], ("x", long.MinValue, one)), "1 elements"),
            ["a call"] = (
                Legacy(new PickleWriter().Global("os", "system").Text("touch /tmp/x").Raw(0x85).Op('R').Stop(), []),
                "'os.system'"),
            ["a whole module"] = (
                Legacy(
                    new PickleWriter()
                        .Op('(')
                        .Text("module")
                        .Op('N')
                        .Text("f.py")
                        .Text("class X: pass")
                        .Op('t')
                        .Op('Q')
                        .Stop(),
                    []),
                "a whole module"),
            ["a whole module by its class"] = (
                Legacy(
                    new PickleWriter().Global("torchvision.models.densenet", "DenseNet").Op(')').Raw(0x81).Stop(),
                    []),
                "torchvision.models.densenet.DenseNet"),
            ["no tensors"] = (
                Legacy(new PickleWriter().Op('}').Text("epoch").Int(3).Op('s').Stop(), []),
                "the keys epoch"),
        };
    }

    private static readonly byte[] Magic =
    [
        0x80,
        2,
        0x8a,
        10,
        0x6c,
        0xfc,
        0x9c,
        0x46,
        0xf9,
        0x20,
        0x6a,
        0xa8,
        0x50,
        0x19,
        (byte)'.',
    ];

    private static byte[] Head(long version = 1001, bool isLittle = true) =>
        [
            .. Magic,
            .. new PickleWriter().Int(version).Stop(),
            .. new PickleWriter().Op('}').Text("little_endian").Raw((byte)(isLittle ? 0x88 : 0x89)).Op('s').Stop(),
        ];

    private static byte[] Legacy(
        byte[] pickle,
        string[] keys,
        params (string Key, long Count, byte[] Numbers)[] storages
    ) => Legacy(pickle, keys, 1001, true, storages);

    private static byte[] Legacy(
        byte[] pickle,
        string[] keys,
        long version = 1001,
        bool isLittle = true,
        params (string Key, long Count, byte[] Numbers)[] storages)
    {
        var list = new PickleWriter().Op(']').Op('(');
        foreach (var key in keys)
            list.Text(key);
        List<byte> file = [.. Head(version, isLittle), .. pickle, .. list.Op('e').Stop()];
        foreach (var (_, count, numbers) in storages)
        {
            var head = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(head, count);
            file.AddRange([.. head, .. numbers]);
        }
        return [.. file];
    }

    private static byte[] Good() =>
        Legacy(
            new PickleWriter()
                .Op('}')
                .Text("epoch")
                .Int(3)
                .Op('s')
                .Text("state_dict")
                .Dict()
                .Op('(')
                .Text("a")
                .Raw(Tensor("FloatStorage", "94710178", 6, 0, [2, 3], [3, 1]))
                .Text("b")
                .Raw(Tensor("FloatStorage", "94710178", 6, 1, [3], [2]))
                .Text("steps")
                .Raw(Tensor("LongStorage", "7", 1, 0, [], []))
                .Text("part")
                .Raw(Tensor("FloatStorage", "94710178", 6, 1, [2], [1], view: (2, 4)))
                .Op('u')
                .Op('s')
                .Stop(),
            ["7", "94710178"],
            ("7", 1, BitConverter.GetBytes(7L)),
            ("94710178", 6, [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))]));

    private static byte[] Storage(string kind, string key, long elements, (long Offset, long Count)? view = null)
    {
        // A whole tensor over it, so that a state dict holds it.
        var count = view?.Count ?? elements;
        return Tensor(kind, key, elements, 0, [Math.Max(count, 0)], [1], view);
    }

    private static byte[] Tensor(
        string kind,
        string key,
        long elements,
        long offset,
        long[] shape,
        long[] strides,
        (long Offset, long Count)? view = null)
    {
        var writer = new PickleWriter()
            .Global("torch._utils", "_rebuild_tensor_v2")
            .Op('(')
            .Op('(')
            .Text("storage")
            .Global("torch", kind)
            .Text(key)
            .Text("cpu")
            .Int(elements);
        _ = view is var (start, count) ? writer.Op('(').Text("view").Int(start).Int(count).Op('t') : writer.Op('N');
        return writer
            .Op('t')
            .Op('Q')
            .Int(offset)
            .Tuple(shape)
            .Tuple(strides)
            .Raw(0x89)
            .Dict()
            .Op('t')
            .Op('R')
            .Unfinished()[2..]; // without PROTO
    }

    private string Put(byte[] file)
    {
        var path = _folder[$"{Guid.NewGuid():N}.pth.tar"];
        File.WriteAllBytes(path, file);
        return path;
    }

    private string Refuse(byte[] file)
    {
        var path = Put(file);
        var message = Assert.Throws<MarrowException>(() => WeightFiles.Open(path)).Message;
        Assert.StartsWith(path, message);
        return message;
    }
}
