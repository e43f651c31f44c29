// Zip files (PKWARE's APPNOTE, 4.3) of stored entries only, each of which begins at a multiple of 64 bytes, as
// torch.save writes them, so that weights can be mapped into memory. Sizes and checksums stand before the data, dates
// are fixed: the same entries give the same bytes, and no reader has to look ahead.

using System.Buffers.Binary;
using System.Text;
using Marrow.Imaging;

namespace Marrow.Exchange;

/// <summary>Writes a zip file entry by entry. Call <see cref="Finish"/> after the last one.</summary>
internal sealed class StoredZip(Stream stream)
{
    private const int Alignment = 64; // PyTorch, caffe2/serialize/inline_container.h, kFieldAlignment
    private const ushort PaddingField = 'F' | 'B' << 8; // as PyTorch marks its padding
    private const ushort Version = 20, Utf8Names = 1 << 11, FirstOfJanuary1980 = 1 << 5 | 1;
    private const int LocalHeaderBytes = 30, FieldHeaderBytes = 4;
    private const int MostEntries = ushort.MaxValue - 1; // more would need zip64, as would 4 GiB

    private readonly MemoryStream _directory = new();
    private long _position;
    private int _entries;

    public void Add(string name, ReadOnlySpan<byte> content)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        var unpadded = _position + LocalHeaderBytes + utf8.Length + FieldHeaderBytes;
        var padding = (int)((Alignment - unpadded % Alignment) % Alignment);
        if (unpadded + padding + content.Length > uint.MaxValue || _entries >= MostEntries)
            throw new MarrowException(
                ErrorKind.Unsupported,
                $"{name}: does not fit into a zip file of 4 GiB and {MostEntries} entries. Export as safetensors "
                    + $"instead."
            );
        var facts = Facts(utf8, content);

        var start = (uint)_position;
        Span<byte> header = stackalloc byte[LocalHeaderBytes + FieldHeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x04034b50);
        facts.CopyTo(header[4..]);
        BinaryPrimitives.WriteUInt16LittleEndian(header[28..], (ushort)(FieldHeaderBytes + padding));
        Write(header[..LocalHeaderBytes]);
        Write(utf8);
        BinaryPrimitives.WriteUInt16LittleEndian(header, PaddingField);
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)padding);
        Write(header[..FieldHeaderBytes]);
        Write(new byte[padding]);
        Write(content);

        Span<byte> listed = stackalloc byte[46];
        listed.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(listed, 0x02014b50);
        BinaryPrimitives.WriteUInt16LittleEndian(listed[4..], Version);
        facts.CopyTo(listed[6..]);
        BinaryPrimitives.WriteUInt32LittleEndian(listed[42..], start);
        _directory.Write(listed);
        _directory.Write(utf8);
        _entries++;
    }

    /// <summary>Writes the zip's directory and leaves the stream open.</summary>
    public void Finish()
    {
        Span<byte> end = stackalloc byte[22];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)_entries);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)_entries);
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)_directory.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], checked((uint)_position));
        _directory.WriteTo(stream);
        stream.Write(end);
    }

    /// <summary>
    /// Returns the fields that the local header and the directory share, from "version needed" to the name's length.
    /// </summary>
    private static byte[] Facts(byte[] name, ReadOnlySpan<byte> content)
    {
        var facts = new byte[24];
        BinaryPrimitives.WriteUInt16LittleEndian(facts, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(facts.AsSpan(2), Utf8Names);
        BinaryPrimitives.WriteUInt16LittleEndian(facts.AsSpan(8), FirstOfJanuary1980); // 4: method 0, stored; 6: time 0
        BinaryPrimitives.WriteUInt32LittleEndian(facts.AsSpan(10), Crc32.Compute(content));
        BinaryPrimitives.WriteUInt32LittleEndian(facts.AsSpan(14), (uint)content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(facts.AsSpan(18), (uint)content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(facts.AsSpan(22), checked((ushort)name.Length));
        return facts;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        _position += bytes.Length;
    }
}
