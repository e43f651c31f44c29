namespace Marrow.Imaging;

/// <summary>
/// A Huffman table of a JPEG (ITU-T T.81, annex C): nine bits are looked up at once, longer codes found by their
/// length.
/// </summary>
internal sealed class HuffmanCode
{
    private const int FastBits = 9, LongestBits = 16;

    private readonly short[] _fast = new short[1 << FastBits]; // length << 8 | symbol; 0 where the code is longer
    private readonly int[] _first = new int[LongestBits + 1];
    private readonly int[] _count = new int[LongestBits + 1];
    private readonly int[] _start = new int[LongestBits + 1];
    private byte[] _symbols = [];

    /// <param name="counts">[16]: codes of 1 to 16 bits.</param>
    /// <returns>Null when there are more codes than their bits can tell apart.</returns>
    public static HuffmanCode? Of(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        var code = new HuffmanCode { _symbols = symbols.ToArray() };
        var (next, place) = (0, 0);
        for (var length = 1; length <= LongestBits; length++)
        {
            (code._first[length], code._count[length], code._start[length]) = (next, counts[length - 1], place);
            for (var i = 0; i < counts[length - 1] && length <= FastBits; i++)
            {
                var from = (next + i) << (FastBits - length);
                if (from >= 1 << FastBits)
                    return null;
                code._fast.AsSpan(from, 1 << (FastBits - length)).Fill((short)(length << 8 | symbols[place + i]));
            }
            next += counts[length - 1];
            place += counts[length - 1];
            if (next > 1 << length)
                return null;
            next <<= 1;
        }
        return code;
    }

    /// <param name="bits">The next sixteen.</param>
    /// <returns>The code's length and its symbol; -1 for no code.</returns>
    public (int Length, int Symbol) Find(int bits)
    {
        var fast = _fast[bits >> (LongestBits - FastBits)];
        if (fast != 0)
            return (fast >> 8, fast & 0xFF);
        for (var length = FastBits + 1; length <= LongestBits; length++)
        {
            var index = (bits >> (LongestBits - length)) - _first[length];
            if (index >= 0 && index < _count[length])
                return (length, _symbols[_start[length] + index]);
        }
        return (0, -1);
    }
}

/// <summary>The bits between two markers of a JPEG; a zero byte behind FF is no data.</summary>
internal ref struct JpegBits(ReadOnlySpan<byte> bytes, int position)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private ulong _bits; // the next one is the highest
    private int _count;

    /// <summary>Of the first byte that was not taken in: at a marker, or the end.</summary>
    public int Position { get; private set; } = position;

    /// <summary>More was asked for than there is before the marker.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Whole bytes taken in and not asked for.</summary>
    public readonly int Unread => _count / 8;

    /// <summary>The next symbol; -1 for no code of the table.</summary>
    public int Read(HuffmanCode code)
    {
        Fill();
        var (length, symbol) = code.Find((int)(_bits >> 48));
        Drop(length);
        return symbol;
    }

    public void Skip(int count)
    {
        if (_count < count)
            Fill();
        Drop(count);
    }

    /// <summary>Reads at most 16 bits as a number.</summary>
    public int Take(int count)
    {
        if (count == 0)
            return 0;
        Fill();
        var value = (int)(_bits >> (64 - count));
        Drop(count);
        return value;
    }

    private void Drop(int count)
    {
        IsShort |= count > _count;
        _bits <<= count;
        _count = Math.Max(0, _count - count);
    }

    private void Fill()
    {
        while (_count <= 56 && Position < _bytes.Length)
        {
            var value = _bytes[Position];
            if (value == 0xFF)
            {
                if (Position + 1 >= _bytes.Length || _bytes[Position + 1] != 0)
                    return;
                Position++;
            }
            Position++;
            _bits |= (ulong)value << (56 - _count);
            _count += 8;
        }
    }
}
