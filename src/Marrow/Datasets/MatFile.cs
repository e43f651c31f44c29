using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Marrow.Datasets;

/// <summary>
/// One real matrix of a MATLAB level 5 file (MathWorks, "MAT-File Format", chapter 1), as SpineWeb 16's landmarks are
/// stored. Everything is bounded: a file of 1 MiB, 1 MiB a decompressed variable, 4,096 values a matrix.
/// </summary>
internal static class MatFile
{
    private const int HeaderBytes = 128;
    private const int MaxBytes = 1 << 20;
    private const int MaxValues = 4096;

    // Data types, table 1-1.
    private const uint Int8 = 1,
        UInt8 = 2,
        Int16 = 3,
        UInt16 = 4,
        Int32 = 5,
        UInt32 = 6,
        Single = 7,
        Double = 9,
        Matrix = 14,
        Compressed = 15;

    // Array types, table 1-3, that hold plain numbers: double to uint64.
    private const int FirstNumericClass = 6, LastNumericClass = 15;

    /// <summary>
    /// Returns the variable, [rows, columns]. Throws <see cref="MarrowException"/> when the file has no such matrix of
    /// numbers.
    /// </summary>
    public static double[,] ReadMatrix(string path, string variable)
    {
        byte[] bytes;
        try
        {
            bytes = InputFile.ReadAllBytes(path, MaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the file and its permissions.", e);
        }
        if (
            bytes.Length < HeaderBytes
            || !bytes.AsSpan().StartsWith("MATLAB 5.0"u8)
            || bytes[126] != 'I'
            || bytes[127] != 'M')
            throw MarrowException.Bad(
                path,
                "a little-endian MATLAB level 5 file",
                "another one",
                "Save it with save -v6 or -v7.");
        try
        {
            var rest = bytes.AsSpan(HeaderBytes);
            while (rest.Length >= 8)
            {
                var element = ReadElement(ref rest, padded: false);
                var found = element.Type switch
                {
                    Compressed => ParseMatrix(Inflate(element.Data), variable),
                    Matrix => ParseMatrixBody(element.Data, variable),
                    _ => null,
                };
                if (found is not null)
                    return found;
            }
        }
        catch (InvalidDataException e)
        {
            throw MarrowException.Bad(
                path,
                $"a matrix \"{variable}\"",
                $"a damaged file ({e.Message})",
                "Copy or download it again.",
                e);
        }
        throw MarrowException.Bad(
            path,
            $"a matrix \"{variable}\"",
            "none of that name",
            "Check that it is the landmarks' file.");
    }

    private readonly ref struct Element(uint type, ReadOnlySpan<byte> data)
    {
        public readonly uint Type = type;
        public readonly ReadOnlySpan<byte> Data = data;
    }

    /// <summary>
    /// Removes one data element from the front: an 8-byte tag with its data, or 4 bytes of tag for up to 4 bytes of
    /// data.
    /// </summary>
    private static Element ReadElement(ref Span<byte> rest, bool padded)
    {
        if (rest.Length < 8)
            throw new InvalidDataException("an element ends early");
        var type = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        var isSmall = type >> 16 != 0;
        var length = isSmall ? type >> 16 : BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (isSmall ? length > 4 : length > (uint)(rest.Length - 8))
            throw new InvalidDataException($"an element of {length} bytes");
        var data = rest.Slice(isSmall ? 4 : 8, (int)length);
        var size = isSmall ? 8 : 8 + (int)length;
        if (padded)
            size = (size + 7) / 8 * 8;
        rest = rest[Math.Min(size, rest.Length)..];
        return new Element(isSmall ? type & 0xFFFF : type, data);
    }

    private static byte[] Inflate(ReadOnlySpan<byte> data)
    {
        using var zlib = new ZLibStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
        var inflated = new byte[MaxBytes];
        var length = zlib.ReadAtLeast(inflated, inflated.Length, throwOnEndOfStream: false);
        return length < MaxBytes ? inflated[..length] : throw new InvalidDataException("a variable that is too large");
    }

    private static double[,]? ParseMatrix(byte[] bytes, string variable)
    {
        var rest = bytes.AsSpan();
        var element = ReadElement(ref rest, padded: false);
        return element.Type == Matrix ? ParseMatrixBody(element.Data, variable) : null;
    }

    /// <summary>
    /// Reads array flags, dimensions, name and real part, as chapter 1, "miMATRIX", describes; null for another
    /// variable.
    /// </summary>
    private static double[,]? ParseMatrixBody(ReadOnlySpan<byte> body, string variable)
    {
        var rest = body.ToArray().AsSpan();
        var flags = ReadElement(ref rest, padded: true);
        var dimensions = ReadElement(ref rest, padded: true);
        var name = ReadElement(ref rest, padded: true);
        if (!name.Data.SequenceEqual(Encoding.ASCII.GetBytes(variable)))
            return null;
        if (
            flags.Type != UInt32
            || flags.Data.Length != 8
            || flags.Data[0] is < FirstNumericClass or > LastNumericClass)
            throw new InvalidDataException("a variable that is no matrix of numbers");
        if (dimensions.Type != Int32 || dimensions.Data.Length != 8)
            throw new InvalidDataException("a variable that is not of two dimensions");
        var rows = BinaryPrimitives.ReadInt32LittleEndian(dimensions.Data);
        var columns = BinaryPrimitives.ReadInt32LittleEndian(dimensions.Data[4..]);
        if (rows < 0 || columns < 0 || (long)rows * columns > MaxValues)
            throw new InvalidDataException($"a matrix of {rows} x {columns}");

        var real = ReadElement(ref rest, padded: true);
        var size = real.Type switch
        {
            Int8 or UInt8 => 1,
            Int16 or UInt16 => 2,
            Int32 or UInt32 or Single => 4,
            Double => 8,
            _ => 0,
        };
        if (size == 0 || real.Data.Length != rows * columns * size)
            throw new InvalidDataException(
                $"{real.Data.Length} bytes of type {real.Type} for {rows} x {columns} values");
        var matrix = new double[rows, columns];
        for (var i = 0; i < rows * columns; i++) // Column by column.
            matrix[i % rows, i / rows] = Value(real.Type, real.Data[(i * size)..]);
        return matrix;
    }

    /// <summary>
    /// Returns a number. Whole numbers are stored in the smallest type that can hold them, whatever the class of the
    /// matrix.
    /// </summary>
    private static double Value(uint type, ReadOnlySpan<byte> data) => type switch
    {
        Int8 => (sbyte)data[0],
        UInt8 => data[0],
        Int16 => BinaryPrimitives.ReadInt16LittleEndian(data),
        UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(data),
        Int32 => BinaryPrimitives.ReadInt32LittleEndian(data),
        UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(data),
        Single => BinaryPrimitives.ReadSingleLittleEndian(data),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(data),
    };
}
