using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Marrow.Weights;

/// <summary>
/// What loading and saving do to every number: bfloat16 (the upper half of a float32) to float32 and back, and a check
/// for infinities and NaN. Vectorised on the calling thread: torch's own would start all its threads for each of a
/// model's 700 small tensors, which on a busy machine costs a time slice a tensor.
/// </summary>
internal static class FloatSpans
{
    private const uint ExponentBits = 0x7F800000;
    private const ushort QuietNaN = 0x7FC0;

    /// <summary>
    /// Source and target may overlap where the source is the second half of the target's bytes: what is written never
    /// passes what is still to be read.
    /// </summary>
    public static void Widen(ReadOnlySpan<ushort> bfloats, Span<float> floats)
    {
        var bits = MemoryMarshal.Cast<float, uint>(floats)[..bfloats.Length];
        var i = 0;
        for (; i <= bfloats.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(bfloats[i..]), out var low, out var high);
            Vector.ShiftLeft(low, 16).CopyTo(bits[i..]);
            Vector.ShiftLeft(high, 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }
        for (; i < bfloats.Length; i++)
            bits[i] = (uint)bfloats[i] << 16;
    }

    /// <summary>
    /// Rounds to the nearest value, and to the even one of two equally near. Every NaN becomes the quiet NaN.
    /// </summary>
    public static void Narrow(ReadOnlySpan<float> floats, Span<ushort> bfloats)
    {
        var i = 0;
        for (; i <= floats.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
            Vector
                .Narrow(
                    Round(new Vector<float>(floats[i..])),
                    Round(new Vector<float>(floats[(i + Vector<float>.Count)..])))
                .CopyTo(bfloats[i..]);
        for (; i < floats.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(floats[i]);
            bfloats[i] = float.IsNaN(floats[i]) ? QuietNaN : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    public static bool AllFinite(ReadOnlySpan<float> floats)
    {
        var bits = MemoryMarshal.Cast<float, uint>(floats);
        var exponent = new Vector<uint>(ExponentBits);
        var i = 0;
        for (; i <= bits.Length - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            if (Vector.EqualsAny(new Vector<uint>(bits[i..]) & exponent, exponent))
                return false;
        }
        for (; i < bits.Length; i++)
        {
            if ((bits[i] & ExponentBits) == ExponentBits)
                return false;
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Round(Vector<float> values)
    {
        var bits = Vector.AsVectorUInt32(values);
        var rounded = Vector.ShiftRightLogical(
            bits + new Vector<uint>(0x7FFF) + (Vector.ShiftRightLogical(bits, 16) & Vector<uint>.One),
            16);
        return Vector.ConditionalSelect(
            Vector.AsVectorUInt32(Vector.Equals(values, values)),
            rounded,
            new Vector<uint>(QuietNaN));
    }
}
