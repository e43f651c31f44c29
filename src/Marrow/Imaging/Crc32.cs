namespace Marrow.Imaging;

/// <summary>The checksum of PNG chunks (ISO 3309; PNG specification, annex D), four bytes a step.</summary>
internal static class Crc32
{
    private const uint ReversedPolynomial = 0xEDB88320;
    private static readonly uint[][] Tables = BuildTables();

    /// <summary>The checksum of the parts, one after the other.</summary>
    public static uint Compute(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default) =>
        ~Update(Update(uint.MaxValue, first), second);

    private static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 4; bytes = bytes[4..])
        {
            crc ^= BitConverter.ToUInt32(bytes);
            crc =
                Tables[3][crc & 0xFF] ^ Tables[2][crc >> 8 & 0xFF] ^ Tables[1][crc >> 16 & 0xFF] ^ Tables[0][crc >> 24];
        }
        foreach (var b in bytes)
            crc = Tables[0][(crc ^ b) & 0xFF] ^ crc >> 8;
        return crc;
    }

    /// <summary>[k][b]: the checksum of byte b followed by k zero bytes.</summary>
    private static uint[][] BuildTables()
    {
        var tables = new uint[4][];
        for (var k = 0; k < tables.Length; k++)
        {
            tables[k] = new uint[256];
            for (var b = 0u; b < 256; b++)
            {
                var c = k == 0 ? b : tables[k - 1][b];
                for (var bit = 0; bit < 8; bit++)
                    c = (c & 1) != 0 ? ReversedPolynomial ^ c >> 1 : c >> 1;
                tables[k][b] = c;
            }
        }
        return tables;
    }
}
