using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Marrow.Soak;

namespace Marrow.Tests;

/// <summary>
/// Zip files around a good pickle that lie about themselves: by name, with what the refusal must say.
/// </summary>
internal static class HostileArchives
{
    private const int Flags = 8,
        Method = 10,
        Stored = 20,
        Size = 24,
        NameLength = 28,
        Place = 42; // in an entry of the directory
    private const int Entries = 10, DirectoryBytes = 12, DirectoryPlace = 16, Comment = 20; // in the end record

    private static readonly byte[] Pickle = PickleWriter.Good()[0];
    private static readonly byte[] Good = PyTorchFile.Of(Pickle);

    public static IReadOnlyDictionary<string, (byte[] File, string Says)> All { get; } =
        Wholes().Concat(Entry()).Concat(Ends()).Concat(Names()).ToDictionary(h => h.Name, h => (h.File, h.Says));

    private static IEnumerable<(string Name, byte[] File, string Says)> Wholes()
    {
        yield return ("nothing", [], "an empty file");
        yield return ("four bytes", Good[..4], "zip");
        yield return ("an end record alone", Good[^22..], "starts with 504B0506");
        foreach (var share in (int[])[1, 10, 25, 50, 75, 90, 99])
            yield return ($"the first {share} % of it", Good[..(Good.Length * share / 100)], "zip");
        yield return ("without its last byte", Good[..^1], "zip");
        yield return ("with a byte behind it", [.. Good, 0], "zip");
        yield return ("with a byte before it", [0, .. Good], "starts with 00504B03");
        yield return ("a script before it", [.. "PK\x03\x04"u8, .. Good], "ends at byte");
        yield return ("another zip behind it", [.. Good, .. Good], "");
        yield return ("the older form", [.. Start("8002 8a0a 6cfc9c46f9206aa85019 2e")], "PROTO 2 to 5");
        yield return ("a tar", [.. Encoding.ASCII.GetBytes("weights/".PadRight(512, '\0'))], "starts with");
        yield return ("a pickle alone", Pickle, "a pickle of Python that torch.save did not write");
        yield return ("an ELF program", [0x7f, (byte)'E', (byte)'L', (byte)'F', .. new byte[60]], "starts with");
        yield return (
            "a bomb of 64 MB in 64 kB",
            PyTorchFile.Zip(
                [("weights/data.pkl", Pickle), ("weights/data/0", new byte[64 << 20])],
                CompressionLevel.SmallestSize),
            "without compression");
        yield return (
            "a pickle that is compressed",
            PyTorchFile.Zip([("weights/data.pkl", Pickle), .. PyTorchFile.Storages()], CompressionLevel.SmallestSize),
            "without compression");
        yield return ("a zip in a zip", PyTorchFile.Zip([("weights/data.pkl", Good)]), "PROTO");
        yield return (
            "a zip in a zip under its own name",
            PyTorchFile.Zip([("weights.pth", Good)]),
            "torch.save did not write");
        yield return ("no pickle", PyTorchFile.Zip(PyTorchFile.Storages()), "one NAME/data.pkl");
        yield return ("no entries", PyTorchFile.Zip([]), "");
        yield return (
            "two pickles",
            PyTorchFile.Zip([("a/data.pkl", Pickle), ("b/data.pkl", Pickle)]),
            "one NAME/data.pkl, as torch.save writes it, found 2");
        yield return (
            "the pickle twice",
            PyTorchFile.Zip([("weights/data.pkl", Pickle), ("weights/data.pkl", Pickle)]),
            "twice");
        yield return (
            "the pickle twice but for case",
            PyTorchFile.Zip([("weights/data.pkl", Pickle), ("weights/DATA.pkl", Pickle)]),
            "twice");
        yield return (
            "numbers in big-endian order",
            PyTorchFile.Zip([("weights/data.pkl", Pickle), ("weights/byteorder", "big"u8.ToArray())]),
            "little-endian");
        yield return (
            "a TorchScript program",
            PyTorchFile.Zip([("weights/data.pkl", Pickle), ("weights/code/__torch__/m.py", "import os"u8.ToArray())]),
            "TorchScript");
        yield return (
            "a storage cut short",
            PyTorchFile.Zip([
                ("weights/data.pkl", Pickle),
                .. PyTorchFile.Storages().Select(s => (s.Name, s.Data[..^1])),
            ]),
            "bytes in the file");
        yield return (
            "storages in another folder",
            PyTorchFile.Zip([
                ("weights/data.pkl", Pickle),
                .. PyTorchFile.Storages().Select(s => ("other" + s.Name["weights".Length..], s.Data)),
            ]),
            "does not have");
        yield return (
            "a storage whose key differs in case only",
            PyTorchFile.Zip([
                ("weights/data.pkl", Pickle),
                .. PyTorchFile.Storages().Select(s => (s.Name.ToUpperInvariant(), s.Data)),
            ]),
            "does not have");
    }

    private static IEnumerable<(string Name, byte[] File, string Says)> Entry()
    {
        yield return ("an entry longer than the file", Resize(1 << 30), "within the file");
        yield return ("an entry of four gigabytes", Resize(uint.MaxValue), "within the file");
        yield return ("an entry into its neighbour", Resize((uint)Pickle.Length + 60), "in one place");
        yield return (
            "an entry one byte shorter than its header says",
            Patch(0, Size, (uint)Pickle.Length - 1, Stored),
            "as the directory says");
        yield return ("an entry of two sizes", Patch(0, Size, 5), "one size");
        yield return ("an entry past the end", Patch(0, Place, (uint)Good.Length), "within the file");
        yield return ("an entry at the end of 32 bits", Patch(0, Place, uint.MaxValue - 1), "within the file");
        yield return ("an entry in the directory", Patch(0, Place, (uint)DirectoryStart), "within the file");
        yield return ("an entry that is no header", Patch(0, Place, 7), "agrees with the directory");
        yield return ("two entries in one place", Patch(1, Place, 0), "agrees with the directory");
        yield return ("an encrypted entry", Patch(0, Flags, 1), "encrypted");
        yield return ("a patched entry", Patch(0, Flags, 1 << 5), "encrypted");
        yield return ("an unknown method", Patch(0, Method, 99), "method 99");
        yield return ("a method in the entry's own header only", PatchAt(8, 8), "agrees with the directory");
        yield return ("another name in its own header", PatchAt(30, 'W'), "agrees with the directory");
        yield return ("a longer name in its own header", PatchAt(26, 200), "agrees with the directory");
        yield return ("an extra field past the end", PatchAt(28, 0xFFFF), "within the file");
        yield return ("a name past the directory", Patch(0, NameLength, 0xFFFF), "whole entry");
        yield return ("a mark that is none", PatchAt(DirectoryStart, 0), "an entry of the directory");
    }

    private static IEnumerable<(string Name, byte[] File, string Says)> Ends()
    {
        yield return ("a directory past the end", PatchEnd(DirectoryPlace, uint.MaxValue), "a directory of at most");
        yield return (
            "a directory of four gigabytes",
            PatchEnd(DirectoryBytes, uint.MaxValue - 1),
            "a directory of at most");
        yield return ("a directory elsewhere", PatchEnd(DirectoryPlace, 0), "a directory of at most");
        yield return ("more records than there are", PatchEnd(Entries, 8, 2), "an entry of the directory");
        yield return ("a record too many for the directory", PatchEnd(Entries, 60_000, 2), "a directory of at most");
        yield return ("fewer records than there are", PatchEnd(Entries, 5, 2), "bytes");
        yield return ("no records", PatchEnd(Entries, 0, 2), "bytes");
        yield return ("a comment", PatchEnd(Comment, 5, 2), "end record");
        yield return ("the second part of several", PatchEnd(4, 1, 2), "one part");
        yield return ("a large end record that points elsewhere", Zip64(place: 3), "where its locator says");
        yield return ("a large end record of 2^63 entries", Zip64(count: 1UL << 63), "two end records that agree");
        yield return ("a large end record of another size", Zip64(bytes: ulong.MaxValue), "two end records that agree");
        yield return (
            "a large end record beyond the file",
            Zip64(start: ulong.MaxValue - 4),
            "two end records that agree");
        yield return (
            "a large end record alone, of 2^63 bytes",
            Zip64(bytes: 1UL << 63, sentinels: true),
            "a directory of at most");
        yield return (
            "a large end record alone, beyond the file",
            Zip64(start: ulong.MaxValue - 4, sentinels: true),
            "a directory of at most");
        yield return (
            "a large end record alone, of 2^62 entries",
            Zip64(count: 1UL << 62, sentinels: true),
            "a directory of at most");
    }

    private static IEnumerable<(string Name, byte[] File, string Says)> Names() =>
        new[]
        {
            "../../evil",
            "weights/../../evil",
            "weights/..",
            "..",
            "./evil",
            "weights/./evil",
            "weights//evil",
            "/etc/cron.d/evil",
            "//host/share",
            "C:\\evil",
            "C:/evil",
            "weights\\..\\evil",
            "\\\\host\\share",
            "weights/",
            "/",
            "weights/a\0b",
            "weights/a\nb",
            "weights/\u001b[2J",
            "weights/a:stream",
            new string('n', 600),
        }.Select(name =>
            (
                $"the name '{Escaped(name)}'",
                PyTorchFile.Zip([("weights/data.pkl", Pickle), .. PyTorchFile.Storages(), (name, "x"u8.ToArray())]),
                "plain relative names"));

    private static string Escaped(string name) =>
        name.Replace("\0", "\\0", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace("\u001b", "\\e", StringComparison.Ordinal);

    /// <summary>A large end record and its locator, as torch.save writes them; good with every default.</summary>
    public static byte[] Zip64(
        ulong? count = null,
        ulong? bytes = null,
        ulong? start = null,
        ulong? place = null,
        bool sentinels = false)
    {
        var body = Good[..^22];
        var (record, locator, end) = (new byte[56], new byte[20], Good[^22..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064b50);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(4), 44);
        BinaryPrimitives.WriteUInt64LittleEndian(
            record.AsSpan(32),
            count ?? BinaryPrimitives.ReadUInt16LittleEndian(end.AsSpan(Entries)));
        BinaryPrimitives.WriteUInt64LittleEndian(
            record.AsSpan(40),
            bytes ?? BinaryPrimitives.ReadUInt32LittleEndian(end.AsSpan(DirectoryBytes)));
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(48), start ?? (ulong)DirectoryStart);
        BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064b50);
        BinaryPrimitives.WriteUInt64LittleEndian(locator.AsSpan(8), place ?? (ulong)body.Length);
        if (sentinels)
            end.AsSpan(8, 12).Fill(0xff);
        return [.. body, .. record, .. locator, .. end];
    }

    private static int DirectoryStart =>
        (int)BinaryPrimitives.ReadUInt32LittleEndian(Good.AsSpan(Good.Length - 22 + DirectoryPlace));

    private static byte[] Start(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>Changes fields of an entry of the directory; those of two bytes keep their neighbour.</summary>
    private static byte[] Patch(int entry, int field, uint value, int second = 0)
    {
        var file = (byte[])Good.Clone();
        var at = DirectoryStart;
        for (; entry > 0; entry--)
            at += 46 + file[at + NameLength] + file[at + 30] + file[at + 32];
        foreach (var offset in second == 0 ? (int[])[field] : [field, second])
        {
            if (field is Flags or Method or NameLength)
                BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at + offset), (ushort)value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + offset), value);
        }
        return file;
    }

    /// <summary>The first entry, in the directory and in its own header alike.</summary>
    private static byte[] Resize(uint bytes)
    {
        var file = Patch(0, Size, bytes, Stored);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(18), bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(22), bytes);
        return file;
    }

    private static byte[] PatchAt(int at, int value)
    {
        var file = (byte[])Good.Clone();
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), (ushort)value);
        return file;
    }

    private static byte[] PatchEnd(int field, uint value, int bytes = 4)
    {
        var file = (byte[])Good.Clone();
        var target = file.AsSpan(file.Length - 22 + field);
        if (bytes == 2)
            BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(target, value);
        return file;
    }
}
