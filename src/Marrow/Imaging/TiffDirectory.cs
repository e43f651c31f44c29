using System.Buffers.Binary;

namespace Marrow.Imaging;

/// <summary>
/// The first directory of a TIFF file (TIFF 6.0, section 2) as far as a radiograph needs it, each number checked
/// against the file: what the library that decodes the pixels is given was judged here.
/// </summary>
internal sealed record TiffDirectory
{
    private const int EntryBytes = 12, MaxPages = 10_000;
    private const int Bytes = 1, Shorts = 3, Longs = 4; // types of numbers, section 2

    private const int Width_ = 256,
        Height_ = 257,
        BitsPerSample = 258,
        Compression_ = 259,
        Photometric_ = 262,
        StripOffsets = 273,
        Orientation_ = 274,
        SamplesPerPixel = 277,
        RowsPerStrip_ = 278,
        StripByteCounts = 279,
        Planar = 284,
        Predictor_ = 317,
        ColorMap_ = 320,
        TileWidth_ = 322,
        TileHeight_ = 323, TileOffsets = 324, TileByteCounts = 325, ExtraSamples = 338, SampleFormat_ = 339;

    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>Of each sample alike.</summary>
    public int Bits { get; init; } = 1;
    public int Samples { get; init; } = 1;
    public int Compression { get; init; } = 1;
    public int Photometric { get; init; } = -1;
    public bool IsPlanar { get; init; }
    public int Orientation { get; init; } = 1;

    /// <summary>1 unsigned, 2 signed, 3 floating point.</summary>
    public int SampleFormat { get; init; } = 1;

    /// <summary>Of the samples beyond the colours: 0 unknown, 1 premultiplied alpha, 2 alpha.</summary>
    public IReadOnlyList<int> Extra { get; init; } = [];

    /// <summary>[3 * 2^Bits], 16 bits each; empty where there is none.</summary>
    public ushort[] ColorMap { get; init; } = [];
    public bool IsTiled { get; init; }

    /// <summary>Of a tile, or of a strip of the image's width.</summary>
    public int PartWidth { get; init; }
    public int PartHeight { get; init; }
    public int Pages { get; init; } = 1;

    private readonly record struct Entry(int Type, uint Count, long Place);

    /// <summary>
    /// Throws <see cref="MarrowException"/> for directories or pixels beyond the file's end and impossible sizes.
    /// </summary>
    public static TiffDirectory Read(string path, Stream stream)
    {
        Span<byte> start = stackalloc byte[8];
        stream.Position = 0;
        stream.ReadExactly(start);
        var big = start[0] == 'M';
        var first = U32(start[4..], big);
        var (entries, next) = Entries(path, stream, first, big);
        var directory = Describe(path, stream, entries, big);
        return directory with { Pages = CountPages(stream, first, next, big) };
    }

    private static (Dictionary<int, Entry> Entries, uint Next) Entries(string path, Stream stream, uint at, bool big)
    {
        if (at + 2L > stream.Length)
            throw RadiographReader.Truncated(path, "its first directory");
        Span<byte> number = stackalloc byte[4];
        stream.Position = at;
        stream.ReadExactly(number[..2]);
        var count = U16(number, big);
        var bytes = new byte[count * EntryBytes]; // at most 768 KiB
        stream.ReadExactly(bytes);
        var entries = new Dictionary<int, Entry>();
        for (var i = 0; i < count; i++)
        {
            var entry = bytes.AsSpan(i * EntryBytes, EntryBytes);
            var (type, values) = (U16(entry[2..], big), U32(entry[4..], big));
            var size = type switch { Shorts => 2, Longs => 4, Bytes => 1, _ => 0 };
            var inside = at + 2L + i * EntryBytes + 8;
            var place = values * (long)size <= 4 ? inside : U32(entry[8..], big);
            if (size > 0 && place + values * (long)size > stream.Length)
                throw RadiographReader.Truncated(path, "its first directory");
            entries.TryAdd(U16(entry, big), new(type, values, place));
        }
        return (entries, stream.ReadAtLeast(number, 4, throwOnEndOfStream: false) == 4 ? U32(number, big) : 0);
    }

    private static TiffDirectory Describe(string path, Stream stream, Dictionary<int, Entry> entries, bool big)
    {
        long One(int tag, long usual) =>
            entries.TryGetValue(tag, out var entry) && entry.Count > 0 && Values(stream, entry, 1, big) is [var value]
                ? value
                : usual;
        int[] Few(int tag, int most) =>
            entries.TryGetValue(tag, out var entry)
                ? [.. Values(stream, entry, most, big).Select(v => (int)Math.Min(v, int.MaxValue))]
                : [];

        var (width, height) = (One(Width_, 0), One(Height_, 0));
        if (width is <= 0 or > int.MaxValue || height is <= 0 or > int.MaxValue)
            throw RadiographReader.Corrupt(path, $"a size of {width}x{height}");
        var tiled = entries.ContainsKey(TileOffsets);
        var (samples, bits) = (One(SamplesPerPixel, 1), Few(BitsPerSample, 64));
        if (samples is < 1 or > 64 || bits.Distinct().Count() > 1)
            throw RadiographReader.Corrupt(path, $"{samples} samples a pixel of {string.Join(", ", bits)} bits");
        var (partWidth, partHeight) = tiled
            ? (One(TileWidth_, 0), One(TileHeight_, 0))
            : (width, Math.Min(height, One(RowsPerStrip_, height)));
        // A tile may be larger than the image, up to what its sides are rounded up to.
        if (partWidth <= 0 || partHeight <= 0 || partWidth > width + 4096 || partHeight > height + 4096)
            throw RadiographReader.Corrupt(path, $"parts of {partWidth}x{partHeight} in an image of {width}x{height}");
        var planar = One(Planar, 1) == 2;
        var parts =
            ((width + partWidth - 1) / partWidth) * ((height + partHeight - 1) / partHeight) * (planar ? samples : 1);
        RequireParts(path, stream, entries, tiled, parts, big);
        return new()
        {
            Width = (int)width,
            Height = (int)height,
            Bits = bits.Length == 0 ? 1 : bits[0],
            Samples = (int)samples,
            Compression = (int)One(Compression_, 1),
            Photometric = (int)One(Photometric_, -1),
            IsPlanar = planar && samples > 1,
            Orientation = (int)One(Orientation_, 1) is >= 1 and <= 8 and var turned ? turned : 1,
            SampleFormat = (int)One(SampleFormat_, 1),
            Extra = Few(ExtraSamples, 64),
            ColorMap = [.. Few(ColorMap_, 3 << 8).Select(v => (ushort)v)],
            IsTiled = tiled,
            PartWidth = (int)partWidth,
            PartHeight = (int)partHeight,
        };
    }

    /// <summary>Each strip or tile lies within the file.</summary>
    private static void RequireParts(
        string path,
        Stream stream,
        Dictionary<int, Entry> entries,
        bool tiled,
        long parts,
        bool big)
    {
        if (!entries.TryGetValue(tiled ? TileOffsets : StripOffsets, out var places) || places.Count < parts)
            throw RadiographReader.Corrupt(path, "a directory that does not say where its pixels are");
        if (!entries.TryGetValue(tiled ? TileByteCounts : StripByteCounts, out var sizes) || sizes.Count < parts)
            return; // old writers leave the lengths of a single strip out
        // Both lists lie within the file, so that they are no longer than it.
        var (at, length) = (Values(stream, places, (int)parts, big), Values(stream, sizes, (int)parts, big));
        if (at.Length < parts || length.Length < parts)
            throw RadiographReader.Corrupt(path, "a directory that does not say where its pixels are");
        for (var i = 0; i < parts; i++)
        {
            if (at[i] + length[i] > stream.Length || length[i] == 0)
                throw RadiographReader.Truncated(path, "its pixels");
        }
    }

    private static int CountPages(Stream stream, uint first, uint next, bool big)
    {
        var seen = new HashSet<uint> { first };
        Span<byte> number = stackalloc byte[4];
        while (next != 0 && next + 2L <= stream.Length && seen.Count < MaxPages && seen.Add(next))
        {
            stream.Position = next;
            stream.ReadExactly(number[..2]);
            var end = next + 2L + U16(number, big) * (long)EntryBytes;
            if (end + 4 > stream.Length)
                break;
            stream.Position = end;
            stream.ReadExactly(number);
            next = U32(number, big);
        }
        return seen.Count;
    }

    private static long[] Values(Stream stream, Entry entry, int most, bool big)
    {
        var size = entry.Type switch { Shorts => 2, Longs => 4, Bytes => 1, _ => 0 };
        if (size == 0)
            return [];
        var bytes = new byte[Math.Min(entry.Count, (uint)most) * size];
        stream.Position = entry.Place;
        stream.ReadExactly(bytes);
        var values = new long[bytes.Length / size];
        for (var i = 0; i < values.Length; i++)
            values[i] = size switch
            {
                1 => bytes[i],
                2 => U16(bytes.AsSpan(2 * i), big),
                _ => U32(bytes.AsSpan(4 * i), big),
            };
        return values;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, bool big) =>
        big ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint U32(ReadOnlySpan<byte> bytes, bool big) =>
        big ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
