using System.Buffers.Binary;
using System.Text;

namespace Marrow.Onnx;

/// <summary>
/// One message in protocol buffers' wire format (protobuf.dev, "Encoding"), as far as ONNX needs it: fields are added
/// in turn, messages within messages by their finished pieces. Large bytes are kept, not copied, so that a model's
/// weights are in memory once.
/// </summary>
internal sealed class ProtoMessage
{
    private const int Varint = 0, LengthDelimited = 2, FixedFour = 5;

    private readonly List<ReadOnlyMemory<byte>> _pieces = [];

    public long Length { get; private set; }

    public ProtoMessage Integer(int field, long value) => Tag(field, Varint).Number((ulong)value);

    public ProtoMessage Real(int field, float value)
    {
        var bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return Tag(field, FixedFour).Piece(bytes);
    }

    public ProtoMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtoMessage Bytes(int field, ReadOnlyMemory<byte> value) =>
        Tag(field, LengthDelimited).Number((ulong)value.Length).Piece(value);

    public ProtoMessage Message(int field, ProtoMessage value)
    {
        Tag(field, LengthDelimited).Number((ulong)value.Length);
        _pieces.AddRange(value._pieces);
        Length += value.Length;
        return this;
    }

    public void WriteTo(Stream stream) => _pieces.ForEach(piece => stream.Write(piece.Span));

    private ProtoMessage Tag(int field, int wireType) => Number((ulong)(field << 3 | wireType));

    /// <summary>Seven bits a byte, the lowest first; all but the last byte with the highest bit set.</summary>
    private ProtoMessage Number(ulong value)
    {
        Span<byte> bytes = stackalloc byte[10];
        var length = 0;
        for (; value > 0x7F; value >>= 7)
            bytes[length++] = (byte)(value | 0x80);
        bytes[length++] = (byte)value;
        return Piece(bytes[..length].ToArray());
    }

    private ProtoMessage Piece(ReadOnlyMemory<byte> bytes)
    {
        _pieces.Add(bytes);
        Length += bytes.Length;
        return this;
    }
}
