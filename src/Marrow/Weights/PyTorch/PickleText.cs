using System.Text;

namespace Marrow.Weights.PyTorch;

/// <summary>Reads texts and whole numbers as the instructions of a pickle write them.</summary>
internal static class PickleText
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Returns a text in UTF-8. Throws <see cref="FormatException"/> for any other bytes.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("text that is no UTF-8");
        }
    }

    /// <summary>
    /// Reads a little-endian number in two's complement. One that does not fit into 64 bits becomes plain data.
    /// </summary>
    public static object Number(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
            return new PickleOpaque("large number");
        var value = 0L;
        for (var i = 0; i < bytes.Length; i++)
            value |= (long)bytes[i] << (8 * i);
        var unused = 64 - 8 * bytes.Length;
        return bytes.Length == 0 ? 0L : value << unused >> unused;
    }
}
