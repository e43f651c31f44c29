using System.Buffers.Binary;

namespace Marrow.Imaging;

/// <summary>
/// Whether the pixels of a JPEG are all there. libjpeg fills in what is missing and says nothing of it that Skia passes
/// on, and an end marker proves nothing: programs that repair files add one. So the entropy-coded data is walked
/// through here as a decoder does (ITU-T T.81, annexes F and G), without making pixels: sequential and progressive,
/// with restart markers or without.
/// </summary>
internal ref struct JpegData
{
    private const byte StartOfImage = 0xD8,
        EndOfImage = 0xD9,
        StartOfScan = 0xDA,
        HuffmanTables = 0xC4,
        RestartInterval = 0xDD;
    private const byte FirstRestart = 0xD0, LastRestart = 0xD7;
    private const int Blocks = JpegBlocks.Side;

    // Bytes that no pixel takes before a marker: encoders pad, a decoder that lost its place leaves hundreds.
    private const int MostLeftOver = 64;

    /// <summary>What is wrong, with no word for what is right.</summary>
    public enum Fault
    {
        None,
        EndsEarly,
        Damaged,
    }

    private sealed class Component
    {
        public required byte Id { get; init; }
        public required int Across { get; init; } // blocks of an MCU
        public required int Down { get; init; }
        public required int BlocksWide { get; init; }
        public required int BlocksHigh { get; init; }
        public required int Stride { get; init; } // blocks, with those that only fill the last MCU

        /// <summary>
        /// [blocks]: a bit for each coefficient that is not zero, which a refinement needs to know; empty if
        /// sequential.
        /// </summary>
        public required ulong[] NonZero { get; init; }

        /// <summary>[64]: the lowest bit that was sent of each coefficient, or 255 for none.</summary>
        public byte[] LowestBit { get; } = [.. Enumerable.Repeat(byte.MaxValue, Blocks * Blocks)];
    }

    private readonly record struct Scan(
        Component[] Components,
        HuffmanCode?[] Dc,
        HuffmanCode?[] Ac,
        int First,
        int Last,
        int HighBit,
        int LowBit);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly HuffmanCode?[] _tables = new HuffmanCode?[8]; // four for DC, four for AC
    private Component[] _components = [];
    private bool _progressive;
    private int _width, _height, _acrossMost, _downMost, _restartInterval;

    private JpegData(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>
    /// Of a whole file whose header was judged. What this can't follow (arithmetic coding, tables left to the decoder)
    /// is taken as whole: then the decoder has the word.
    /// </summary>
    public static Fault Find(ReadOnlySpan<byte> bytes) => new JpegData(bytes).Walk();

    private Fault Walk()
    {
        var at = 2;
        while (true)
        {
            at = NextMarker(at);
            if (at < 0)
                return Fault.EndsEarly;
            var marker = _bytes[at + 1];
            at += 2;
            if (marker is StartOfImage or 0x01 or (>= FirstRestart and <= LastRestart))
                continue;
            if (marker == EndOfImage)
                return IsComplete() ? Fault.None : Fault.EndsEarly;
            if (at + 2 > _bytes.Length || at + BinaryPrimitives.ReadUInt16BigEndian(_bytes[at..]) > _bytes.Length)
                return Fault.EndsEarly;
            var length = BinaryPrimitives.ReadUInt16BigEndian(_bytes[at..]);
            if (length < 2)
                return Fault.Damaged;
            var segment = _bytes.Slice(at + 2, length - 2);
            at += length;
            switch (marker)
            {
                case 0xC0 or 0xC1 or 0xC2 when _components.Length == 0:
                    if (!ReadFrame(segment, marker == 0xC2))
                        return Fault.Damaged;
                    break;
                case HuffmanTables:
                    if (!ReadTables(segment))
                        return Fault.Damaged;
                    break;
                case RestartInterval when segment.Length >= 2:
                    _restartInterval = BinaryPrimitives.ReadUInt16BigEndian(segment);
                    break;
                case StartOfScan:
                    if (_components.Length == 0)
                        return Fault.None;
                    if (ReadScan(segment) is not { } scan)
                        return Fault.Damaged;
                    if (!IsFollowed(scan))
                        return Fault.None;
                    if (Follow(scan, ref at) is var fault and not Fault.None)
                        return fault;
                    break;
            }
        }
    }

    /// <summary>Where the next marker's FF stands; -1 when there is none.</summary>
    private readonly int NextMarker(int from)
    {
        for (var i = from; i + 1 < _bytes.Length; i++)
        {
            if (_bytes[i] == 0xFF && _bytes[i + 1] is not (0 or 0xFF))
                return i;
        }
        return -1;
    }

    /// <summary>Each coefficient of each component was sent down to its last bit.</summary>
    private readonly bool IsComplete()
    {
        foreach (var component in _components)
        {
            if (component.LowestBit.AsSpan().ContainsAnyExcept((byte)0))
                return false;
        }
        return true;
    }

    private bool ReadFrame(ReadOnlySpan<byte> segment, bool progressive)
    {
        if (segment.Length < 6 || segment.Length < 6 + 3 * segment[5])
            return false;
        (_height, _width) = (
            BinaryPrimitives.ReadUInt16BigEndian(segment[1..]),
            BinaryPrimitives.ReadUInt16BigEndian(segment[3..]));
        var sides = segment[6..];
        var count = segment[5];
        for (var c = 0; c < count; c++)
        {
            var (across, down) = (sides[3 * c + 1] >> 4, sides[3 * c + 1] & 15);
            if (across is < 1 or > 4 || down is < 1 or > 4)
                return false;
            (_acrossMost, _downMost) = (Math.Max(_acrossMost, across), Math.Max(_downMost, down));
        }
        if (_width == 0 || _height == 0 || count is < 1 or > 4)
            return false;
        _progressive = progressive;
        _components = new Component[count];
        for (var c = 0; c < count; c++)
        {
            var (across, down) = (sides[3 * c + 1] >> 4, sides[3 * c + 1] & 15);
            var stride = Shares(_width, Blocks * _acrossMost) * across;
            _components[c] = new()
            {
                Id = sides[3 * c],
                Across = across,
                Down = down,
                BlocksWide = Shares(Shares(_width * across, _acrossMost), Blocks),
                BlocksHigh = Shares(Shares(_height * down, _downMost), Blocks),
                Stride = stride,
                NonZero = progressive ? new ulong[stride * Shares(_height, Blocks * _downMost) * down] : [],
            };
        }
        return true;
    }

    private readonly bool ReadTables(ReadOnlySpan<byte> segment)
    {
        while (segment.Length >= 17)
        {
            var (kind, place) = (segment[0] >> 4, segment[0] & 15);
            var symbols = 0;
            foreach (var count in segment.Slice(1, 16))
                symbols += count;
            if (kind > 1 || place > 3 || symbols > 256 || segment.Length < 17 + symbols)
                return false;
            if (HuffmanCode.Of(segment.Slice(1, 16), segment.Slice(17, symbols)) is not { } code)
                return false;
            _tables[4 * kind + place] = code;
            segment = segment[(17 + symbols)..];
        }
        return true;
    }

    private readonly Scan? ReadScan(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < 1 || segment[0] is < 1 or > 4 || segment.Length < 4 + 2 * segment[0])
            return null;
        var count = segment[0];
        var components = new Component[count];
        var (dc, ac) = (new HuffmanCode?[count], new HuffmanCode?[count]);
        for (var c = 0; c < count; c++)
        {
            var (id, tables) = (segment[1 + 2 * c], segment[2 + 2 * c]);
            if (
                Array.Find(_components, known => known.Id == id) is not { } component
                || (tables >> 4) > 3
                || (tables & 15) > 3)
                return null;
            (components[c], dc[c], ac[c]) = (component, _tables[tables >> 4], _tables[4 + (tables & 15)]);
        }
        var rest = segment[(1 + 2 * count)..];
        var scan = _progressive
            ? new Scan(components, dc, ac, rest[0], rest[1], rest[2] >> 4, rest[2] & 15)
            : new Scan(components, dc, ac, 0, 63, 0, 0);
        return
            scan.First > scan.Last
            || scan.Last > 63
            || (_progressive && (scan.First == 0) != (scan.Last == 0))
            || (_progressive && scan.First > 0 && count > 1)
            ? null
            : scan;
    }

    /// <summary>Whether all tables that a scan needs are there; a decoder may know usual ones.</summary>
    private readonly bool IsFollowed(in Scan scan)
    {
        var (needsDc, needsAc) = (scan.First == 0 && scan.HighBit == 0, scan.Last > 0);
        return (!needsDc || !scan.Dc.Contains(null)) && (!needsAc || !scan.Ac.Contains(null));
    }

    private readonly Fault Follow(in Scan scan, ref int at)
    {
        foreach (var component in scan.Components)
            component.LowestBit.AsSpan(scan.First, scan.Last - scan.First + 1).Fill((byte)scan.LowBit);
        var alone = scan.Components.Length == 1;
        var (wide, high) = alone
            ? (scan.Components[0].BlocksWide, scan.Components[0].BlocksHigh)
            : (Shares(_width, Blocks * _acrossMost), Shares(_height, Blocks * _downMost));
        var bits = new JpegBits(_bytes, at);
        var endOfBands = 0;
        var units = 0;
        for (var y = 0; y < high; y++)
        {
            for (var x = 0; x < wide; x++, units++)
            {
                if (_restartInterval > 0 && units > 0 && units % _restartInterval == 0)
                {
                    if (Restart(ref bits, (units / _restartInterval - 1) % 8) is var fault and not Fault.None)
                        return fault;
                    endOfBands = 0;
                }
                for (var c = 0; c < scan.Components.Length; c++)
                {
                    var component = scan.Components[c];
                    var (across, down) = alone ? (1, 1) : (component.Across, component.Down);
                    for (var block = 0; block < across * down; block++)
                    {
                        var place = (y * down + block / across) * component.Stride + x * across + block % across;
                        if (!Block(ref bits, scan, c, ref endOfBands, place))
                            return bits.IsShort ? Fault.EndsEarly : Fault.Damaged;
                        if (bits.IsShort)
                            return Fault.EndsEarly;
                    }
                }
            }
        }
        var next = NextMarker(bits.Position);
        if (next >= 0 && bits.Unread + (next - bits.Position) > MostLeftOver)
            return Fault.Damaged;
        at = bits.Position;
        return Fault.None;
    }

    /// <summary>
    /// Goes on behind the restart marker of this number, 0 to 7; another one means that something before it is gone.
    /// </summary>
    private readonly Fault Restart(ref JpegBits bits, int number)
    {
        var next = NextMarker(bits.Position);
        if (next < 0)
            return Fault.EndsEarly;
        if (_bytes[next + 1] != FirstRestart + number)
            return Fault.EndsEarly;
        if (bits.Unread + (next - bits.Position) > MostLeftOver)
            return Fault.Damaged;
        bits = new JpegBits(_bytes, next + 2);
        return Fault.None;
    }

    /// <summary>False for a code that no table has, or coefficients beyond the block's last.</summary>
    private readonly bool Block(ref JpegBits bits, in Scan scan, int component, ref int endOfBands, int place)
    {
        if (!_progressive)
            return JpegBlocks.Sequential(ref bits, scan.Dc[component]!, scan.Ac[component]!);
        if (scan.First == 0)
        {
            if (scan.HighBit > 0)
                bits.Skip(1);
            else if (!JpegBlocks.SkipValue(ref bits, scan.Dc[component]!))
                return false;
            return true;
        }
        ref var seen = ref scan.Components[component].NonZero[place];
        return scan.HighBit == 0
            ? JpegBlocks.FirstBands(ref bits, scan.Ac[component]!, scan.First, scan.Last, ref endOfBands, ref seen)
            : JpegBlocks.RefinedBands(ref bits, scan.Ac[component]!, scan.First, scan.Last, ref endOfBands, ref seen);
    }

    private static int Shares(int length, int of) => (length + of - 1) / of;
}
