using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Marrow.Tests;

/// <summary>
/// PNG files of every kind from given samples: what libraries write by default is only a few of them.
/// </summary>
internal static class TestPng
{
    private static readonly (int X0, int Y0, int Dx, int Dy)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <param name="sample">x, y, channel -> value.</param>
    /// <param name="extra">Chunks between header and data.</param>
    public static byte[] Encode(
        int width,
        int height,
        int depth,
        int colourType,
        bool interlaced,
        Func<int, int, int, int> sample,
        params (string Type, byte[] Data)[] extra)
    {
        var channels = colourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        using var raw = new MemoryStream();
        foreach (var (x0, y0, dx, dy) in interlaced ? Passes : [(0, 0, 1, 1)])
        {
            var columns = Enumerable.Range(0, width).Where(x => x >= x0 && (x - x0) % dx == 0).ToArray();
            var previous = new byte[(columns.Length * channels * depth + 7) / 8];
            for (var y = y0; y < height && columns.Length > 0; y += dy)
            {
                var bits = string.Concat(
                    columns.SelectMany(x =>
                        Enumerable
                            .Range(0, channels)
                            .Select(c => Convert.ToString(sample(x, y, c), 2).PadLeft(depth, '0'))));
                bits = bits.PadRight(previous.Length * 8, '0');
                var row = Enumerable
                    .Range(0, previous.Length)
                    .Select(i => Convert.ToByte(bits.Substring(8 * i, 8), 2))
                    .ToArray();
                Filter(raw, (byte)(y % 5), row, previous, Math.Max(1, channels * depth / 8));
                previous = row;
            }
        }
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
            raw.WriteTo(zlib);
        var data = compressed.ToArray();
        var half = data.Length / 2; // Two chunks: a reader has to join them.
        return Join([
            ("IHDR", Header(width, height, depth, colourType, interlaced)),
            .. extra,
            ("IDAT", data[..half]),
            ("IDAT", data[half..]),
            ("IEND", []),
        ]);
    }

    public static byte[] Header(int width, int height, int depth, int colourType, bool interlaced)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colourType, (byte)(interlaced ? 1 : 0));
        return header;
    }

    public static byte[] Join(params (string Type, byte[] Data)[] chunks)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var word = new byte[4];
        foreach (var (type, data) in chunks)
        {
            BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
            file.Write(word);
            byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
            file.Write(body);
            BinaryPrimitives.WriteUInt32BigEndian(word, Crc(body));
            file.Write(word);
        }
        return file.ToArray();
    }

    /// <summary>PNG specification, section 9.2, the encoder's side.</summary>
    private static void Filter(Stream stream, byte filter, byte[] row, byte[] previous, int step)
    {
        stream.WriteByte(filter);
        for (var i = 0; i < row.Length; i++)
        {
            int a = i < step ? 0 : row[i - step], b = previous[i], c = i < step ? 0 : previous[i - step];
            var p = a + b - c;
            var nearest = new[] { a, b, c }.MinBy(n => Math.Abs(p - n)); // The first of equals, as Paeth asks.
            stream.WriteByte((byte)(row[i] - filter switch { 1 => a, 2 => b, 3 => (a + b) / 2, 4 => nearest, _ => 0 }));
        }
    }

    /// <summary>Bit by bit.</summary>
    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var k = 0; k < 8; k++)
                crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
