using System.Runtime.InteropServices;

namespace Marrow.Weights.Onnx;

/// <summary>One field of a message in protocol buffers' wire format.</summary>
/// <param name="Value">The value of a number; 0 for any other field.</param>
/// <param name="Start">The position in the file of the bytes of a field that is not a number.</param>
/// <param name="Length">The number of those bytes; 0 for a number.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProtoField(int Number, ProtoWire Wire, ulong Value, long Start, long Length);

/// <summary>The ways in which a field is encoded, by their numbers in the wire format.</summary>
internal enum ProtoWire
{
    Varint = 0,
    FixedEight = 1,
    LengthDelimited = 2,
    FixedFour = 5,
}

/// <summary>Fills a span with a file's bytes from a position on. Throws when the file is shorter.</summary>
internal delegate void ReadAt(Span<byte> into, long position);

/// <summary>
/// Walks the fields of messages in a file (protobuf.dev, "Encoding"). Lengths are held against the message around them
/// before anything follows from them, and what nobody asks for is passed over unread, so that a file of any size takes
/// the memory of one block.
/// </summary>
internal sealed class ProtoReader(ReadAt read, long fileLength, string path)
{
    private const int BlockBytes = 1 << 14;
    private const int LongestVarint = 10;
    private const int WireBits = 3;

    private readonly byte[] _block = new byte[BlockBytes];
    private long _blockAt;
    private int _blockLength;

    /// <summary>
    /// The fields of a message that lies from <paramref name="start"/> to before <paramref name="end"/>.
    /// </summary>
    public IEnumerable<ProtoField> Fields(long start, long end)
    {
        for (var at = start; at < end;)
        {
            var began = at;
            var tag = Varint(ref at, end);
            var wire = (ProtoWire)(tag & ((1 << WireBits) - 1));
            var number = tag >> WireBits;
            if (number is 0 or > int.MaxValue)
                throw Damaged($"the field {number}", began);
            var value = wire is ProtoWire.Varint or ProtoWire.LengthDelimited ? Varint(ref at, end) : 0;
            ulong length = wire switch
            {
                ProtoWire.Varint => 0,
                ProtoWire.FixedEight => sizeof(ulong),
                ProtoWire.FixedFour => sizeof(uint),
                ProtoWire.LengthDelimited => value,
                _ => throw Damaged($"the wire type {(int)wire}", began),
            };
            if (length > (ulong)(end - at))
                throw Damaged($"{length} bytes in a message that ends after {end - at}", began);
            yield return new((int)number, wire, wire == ProtoWire.Varint ? value : 0, at, (long)length);
            at += (long)length;
        }
    }

    /// <summary>Returns the numbers of a field, which holds either a single number or all of them packed.</summary>
    public IEnumerable<ulong> Numbers(ProtoField field)
    {
        if (field.Wire == ProtoWire.Varint)
            yield return field.Value;
        else
        {
            for (var at = field.Start; at < field.Start + field.Length;)
                yield return Varint(ref at, field.Start + field.Length);
        }
    }

    /// <summary>Returns the bytes of a field. Throws when there are more than <paramref name="most"/>.</summary>
    public byte[] Bytes(ProtoField field, int most)
    {
        if (field.Wire != ProtoWire.LengthDelimited || field.Length > most)
            throw Damaged($"a text of {field.Length} bytes where at most {most} are expected", field.Start);
        var bytes = new byte[field.Length];
        read(bytes, field.Start);
        return bytes;
    }

    public MarrowException Damaged(string found, long at) => MarrowException.Bad(path,
        "an ONNX file whose messages lie within each other", $"{found}, at byte {at}",
        "The file is damaged or cut short: fetch or save it again.");

    /// <summary>
    /// Reads a number with seven bits in each byte, the lowest ones first. All bytes but the last have their highest
    /// bit set.
    /// </summary>
    private ulong Varint(ref long at, long end)
    {
        var (value, began) = (0UL, at);
        for (var i = 0; i < LongestVarint; i++)
        {
            if (at >= end)
                throw Damaged("a number that goes on beyond its message", began);
            var b = Byte(at++);
            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80)
                return value;
        }
        throw Damaged($"a number of more than {LongestVarint} bytes", began);
    }

    private byte Byte(long at)
    {
        if (at < _blockAt || at >= _blockAt + _blockLength)
        {
            _blockLength = (int)Math.Min(BlockBytes, fileLength - at);
            read(_block.AsSpan(0, _blockLength), at);
            _blockAt = at;
        }
        return _block[at - _blockAt];
    }
}
