using System.Buffers.Binary;
using System.Text;

namespace Marrow.Weights.PyTorch;

/// <summary>One file inside the archive.</summary>
/// <param name="Start">The position of its first byte, from the start of the archive.</param>
internal readonly record struct ArchiveRecord(string Name, long Start, long Bytes);

/// <summary>
/// The zip that torch.save writes (caffe2/serialize/inline_container.cc): records stored without compression,
/// <c>NAME/data.pkl</c>, <c>NAME/data/KEY</c> a storage, <c>NAME/byteorder</c>. Read by its central directory (PKWARE's
/// APPNOTE.TXT, 4.3), of which nothing is believed: every record must lie within the file, alone in its place, under a
/// plain name that no other has, as its own header says. What is compressed or encrypted is refused, so that nothing
/// grows when it is read. Nothing is ever unpacked to disk.
/// </summary>
internal sealed class PyTorchArchive
{
    public delegate void ReadAt(Span<byte> into, long position);

    private const int EndBytes = 22, Zip64LocatorBytes = 20, Zip64EndBytes = 56, EntryBytes = 46, HeaderBytes = 30;
    private const uint EndMark = 0x06054b50,
        Zip64LocatorMark = 0x07064b50,
        Zip64EndMark = 0x06064b50,
        EntryMark = 0x02014b50,
        HeaderMark = 0x04034b50;
    private const ushort Zip64Extra = 1;
    private const ushort SizesFollowFlag = 1 << 3, Utf8Flag = 1 << 11;
    private const long MostDirectoryBytes = 64 << 20;
    private const int LongestName = 512;
    private const string Remedy = "The file is damaged or was not written by torch.save: fetch or save it again.";
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, ArchiveRecord> _records;
    private readonly string _root;

    private PyTorchArchive(Dictionary<string, ArchiveRecord> records, string root) =>
        (_records, _root) = (records, root);

    public ArchiveRecord Pickle => _records[_root + "data.pkl"];

    /// <summary>The record in which an export of Marrow describes itself; null in files of other programs.</summary>
    public ArchiveRecord? Notes => Find("extra/marrow.json");

    /// <summary>Returns the storage with this key; null when there is none.</summary>
    public ArchiveRecord? Storage(string key) => Find("data/" + key);

    /// <summary>
    /// Reads the directory. Throws <see cref="MarrowException"/> when anything differs from what torch.save writes.
    /// </summary>
    public static PyTorchArchive Read(string path, long fileBytes, ReadAt read)
    {
        var (count, start, end) = Directory(path, fileBytes, read);
        var directory = new byte[end - start];
        read(directory, start);
        var records = new Dictionary<string, ArchiveRecord>(StringComparer.OrdinalIgnoreCase);
        var places = new List<(long From, long To, string Name)>();
        var position = 0;
        for (var i = 0L; i < count; i++)
        {
            var (record, header) = Entry(path, directory, ref position, start, read);
            if (!records.TryAdd(record.Name, record))
                throw Bad(path, "each record once", $"'{record.Name}' twice");
            places.Add((header, record.Start + record.Bytes, record.Name));
        }
        if (position != directory.Length)
            throw Bad(path, $"a directory of {position} bytes for {count} records", $"{directory.Length} bytes");
        places.Sort();
        for (var i = 1; i < places.Count; i++)
        {
            if (places[i].From < places[i - 1].To)
                throw Bad(
                    path,
                    "records apart from each other",
                    $"'{places[i - 1].Name}' and '{places[i].Name}' in one place");
        }
        return Open(path, records, read);
    }

    private static PyTorchArchive Open(string path, Dictionary<string, ArchiveRecord> records, ReadAt read)
    {
        var pickles = records
            .Keys.Where(n => n.EndsWith("/data.pkl", StringComparison.Ordinal) && n.Count(c => c == '/') == 1)
            .ToList();
        if (pickles.Count != 1)
            throw MarrowException.Bad(
                path,
                "one NAME/data.pkl, as torch.save writes it",
                $"{pickles.Count}",
                "If it is an archive that holds a file of weights, unpack it and name that file; else save the weights "
                    + "in Python: torch.save(model.state_dict(), 'weights.pth').");
        var archive = new PyTorchArchive(records, pickles[0][..^"data.pkl".Length]);
        if (archive.Find("byteorder") is { } order)
        {
            var text = new byte[Math.Min(order.Bytes, 16)];
            read(text, order.Start);
            if (!text.AsSpan().SequenceEqual("little"u8))
                throw MarrowException.Bad(
                    path,
                    "numbers in little-endian order",
                    PickleReader.Shown(Encoding.Latin1.GetString(text)),
                    "Load and save it again on a machine of little-endian order.");
        }
        if (archive.Pickle.Bytes > PickleReader.MostBytes)
            throw Bad(path, $"a data.pkl of at most {PickleReader.MostBytes} bytes", $"{archive.Pickle.Bytes}");
        return archive;
    }

    private ArchiveRecord? Find(string name) =>
        _records.TryGetValue(_root + name, out var record) && record.Name == _root + name ? record : null;

    /// <summary>
    /// Returns the number of records and the place of the directory, which ends where the end records begin.
    /// </summary>
    private static (long Count, long Start, long End) Directory(string path, long fileBytes, ReadAt read)
    {
        if (fileBytes < EndBytes)
            throw Bad(path, "a zip file", $"{fileBytes} bytes");
        Span<byte> end = stackalloc byte[EndBytes];
        read(end, fileBytes - EndBytes);
        if (UInt32(end, 0) != EndMark || UInt16(end, 20) != 0)
            throw Bad(path, "a zip file's end record at its end", "none: cut short, or with something appended");
        if (UInt16(end, 4) != 0 || UInt16(end, 6) != 0)
            throw Bad(path, "a zip file in one part", "a part of several");
        var directoryEnd = fileBytes - EndBytes;
        long count = UInt16(end, 10), size = UInt32(end, 12), start = UInt32(end, 16);

        Span<byte> locator = stackalloc byte[Zip64LocatorBytes];
        if (directoryEnd >= Zip64LocatorBytes + Zip64EndBytes)
            read(locator, directoryEnd - Zip64LocatorBytes);
        if (UInt32(locator, 0) == Zip64LocatorMark)
        {
            directoryEnd -= Zip64LocatorBytes + Zip64EndBytes;
            Span<byte> large = stackalloc byte[Zip64EndBytes];
            read(large, directoryEnd);
            if (
                UInt64(locator, 8) != (ulong)directoryEnd
                || UInt32(large, 0) != Zip64EndMark
                || UInt64(large, 4) != Zip64EndBytes - 12)
                throw Bad(path, "the large end record where its locator says", "another place");
            var (count64, size64, start64) = (UInt64(large, 32), UInt64(large, 40), UInt64(large, 48));
            if (
                Differ(count, ushort.MaxValue, count64)
                || Differ(size, uint.MaxValue, size64)
                || Differ(start, uint.MaxValue, start64))
                throw Bad(path, "two end records that agree", "two that differ");
            (count, size, start) = ((long)count64, (long)size64, (long)start64);
        }
        // Unsigned, so that what was too large for a long is out of bounds as well.
        if (
            (ulong)size > MostDirectoryBytes
            || (ulong)start > (ulong)directoryEnd
            || start + size != directoryEnd
            || (ulong)count > (ulong)size / EntryBytes)
            throw Bad(
                path,
                $"a directory of at most {MostDirectoryBytes} bytes that ends at byte {directoryEnd}",
                $"{count} records in {size} bytes at {start}");
        return (count, start, directoryEnd);

        static bool Differ(long small, long sentinel, ulong large) => small != sentinel && (ulong)small != large;
    }

    /// <summary>
    /// Returns the record of the entry at <paramref name="at"/>, checked against its own header, and the position of
    /// that header.
    /// </summary>
    private static (ArchiveRecord Record, long Header) Entry(
        string path,
        ReadOnlySpan<byte> directory,
        ref int at,
        long directoryStart,
        ReadAt read)
    {
        if (directory.Length - at < EntryBytes || UInt32(directory, at) != EntryMark)
            throw Bad(path, "an entry of the directory", "something else");
        var entry = directory[at..];
        int nameBytes = UInt16(entry, 28), extraBytes = UInt16(entry, 30), commentBytes = UInt16(entry, 32);
        if (entry.Length < EntryBytes + nameBytes + extraBytes + commentBytes)
            throw Bad(path, "a whole entry of the directory", "the directory's end");
        at += EntryBytes + nameBytes + extraBytes + commentBytes;
        var rawName = entry.Slice(EntryBytes, nameBytes);
        var name = Name(path, rawName);
        var (flags, method) = (UInt16(entry, 8), UInt16(entry, 10));
        if (name.Contains("/code/", StringComparison.Ordinal))
            throw MarrowException.Bad(
                path,
                "weights",
                "a TorchScript program, which holds code",
                "Save its weights in Python, where you trust it: "
                    + "torch.save(torch.jit.load('program.pt').state_dict(), 'weights.pth')."
            );
        if (method != 0)
            throw MarrowException.Bad(
                path,
                $"'{name}' stored without compression, as torch.save does",
                $"method {method}",
                "If torch.save wrote it, load it in Python and save it again; if it is an archive that holds a file of "
                    + "weights, unpack it and name that file.");
        if ((flags & ~(SizesFollowFlag | Utf8Flag)) != 0)
            throw Bad(path, $"'{name}' as torch.save stores it", $"flags 0x{flags:X4}: encrypted or patched");

        var extra = new Zip64Numbers(entry.Slice(EntryBytes + nameBytes, extraBytes));
        var size = extra.Widen(UInt32(entry, 24));
        var stored = extra.Widen(UInt32(entry, 20));
        var header = extra.Widen(UInt32(entry, 42));
        if (size != stored)
            throw Bad(path, $"'{name}' of one size", $"{stored} bytes stored for {size}");
        if (header > (ulong)directoryStart || (ulong)directoryStart - header < HeaderBytes)
            throw Bad(path, $"'{name}' within the file", $"a place at byte {header}");

        Span<byte> own = stackalloc byte[HeaderBytes + LongestName];
        own = own[..(int)Math.Min(own.Length, directoryStart - (long)header)];
        read(own, (long)header);
        if (UInt32(own, 0) != HeaderMark || UInt16(own, 6) != flags || UInt16(own, 8) != 0
            || UInt16(own, 26) != nameBytes
            || own.Length < HeaderBytes + nameBytes
            || !own.Slice(HeaderBytes, nameBytes).SequenceEqual(rawName))
            throw Bad(path, $"a header of '{name}' that agrees with the directory", "another");
        if ((flags & SizesFollowFlag) == 0 && (Disagrees(UInt32(own, 18)) || Disagrees(UInt32(own, 22))))
            throw Bad(path, $"'{name}' of {size} bytes, as the directory says", $"{UInt32(own, 22)} in its own header");
        var start = (long)header + HeaderBytes + nameBytes + UInt16(own, 28);
        if (start > directoryStart || size > (ulong)(directoryStart - start))
            throw Bad(path, $"'{name}' within the file", $"{size} bytes at {start}");
        return (new(name, start, (long)size), (long)header);

        bool Disagrees(uint own) => own != uint.MaxValue && own != size;
    }

    private static string Name(string path, ReadOnlySpan<byte> bytes)
    {
        string name;
        try
        {
            name = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Bad(path, "names in UTF-8", "other bytes");
        }
        var plain = bytes.Length is > 0 and <= LongestName && !name.Any(c => char.IsControl(c) || c is '\\' or ':')
            && name.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));
        return plain ? name : throw Bad(path, "plain relative names", $"'{PickleReader.Shown(name)}'");
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
    private static ulong UInt64(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static MarrowException Bad(string path, string expected, string found) =>
        MarrowException.Damaged(path, expected, found, Remedy);

    /// <summary>
    /// The 64-bit numbers that an entry's extra field holds for those of 32 bits that are full, in order.
    /// </summary>
    private ref struct Zip64Numbers
    {
        private ReadOnlySpan<byte> _rest;

        public Zip64Numbers(ReadOnlySpan<byte> extra)
        {
            while (extra.Length >= 4)
            {
                var length = Math.Min(UInt16(extra, 2), extra.Length - 4);
                if (UInt16(extra, 0) == Zip64Extra)
                {
                    _rest = extra.Slice(4, length);
                    return;
                }
                extra = extra[(4 + length)..];
            }
        }

        public ulong Widen(uint small)
        {
            if (small != uint.MaxValue || _rest.Length < sizeof(ulong))
                return small;
            var large = UInt64(_rest, 0);
            _rest = _rest[sizeof(ulong)..];
            return large;
        }
    }
}
