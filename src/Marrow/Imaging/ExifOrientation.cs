using System.Buffers.Binary;

namespace Marrow.Imaging;

/// <summary>
/// The orientation tag of an EXIF block (EXIF 2.32, 4.6.4: tag 0x0112 of the first TIFF directory), and nothing else of
/// it.
/// </summary>
internal static class ExifOrientation
{
    public const int Upright = 1;
    private const ushort OrientationTag = 0x0112;
    private const ushort ShortType = 3;
    private const int EntryBytes = 12;

    /// <summary>1 to 8; 1 when the block is damaged or doesn't say.</summary>
    public static int Parse(ReadOnlySpan<byte> tiff)
    {
        var littleEndian = tiff.StartsWith("II*\0"u8);
        if (tiff.Length < 8 || (!littleEndian && !tiff.StartsWith("MM\0*"u8)))
            return Upright;
        var directory = littleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..])
            : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
            return Upright;
        var entries = tiff[(int)directory..];
        var count = UInt16(entries, littleEndian);
        entries = entries[2..];
        for (; count > 0 && entries.Length >= EntryBytes; count--, entries = entries[EntryBytes..])
        {
            if (UInt16(entries, littleEndian) != OrientationTag || UInt16(entries[2..], littleEndian) != ShortType)
                continue;
            var value = UInt16(entries[8..], littleEndian);
            return value is >= 1 and <= 8 ? value : Upright;
        }
        return Upright;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool littleEndian) =>
        littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
