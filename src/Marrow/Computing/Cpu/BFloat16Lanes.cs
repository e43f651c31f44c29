using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Marrow.Computing.Cpu;

/// <summary>
/// Sixteen bfloat16 numbers at a time as float32 and back, rounded to nearest, ties to even. At the end of a row there
/// may be fewer: zeros stand for those that are missing, and they are not stored.
/// </summary>
internal static unsafe class BFloat16Lanes
{
    public const int Count = 16;

    /// <summary>
    /// The length of an array of float32 numbers of which whole lanes are read from any place up to
    /// <paramref name="count"/>.
    /// </summary>
    public static int Padded(int count) => count + Count;

    /// <param name="left">Numbers up to the end of the row, above 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* source, int left)
    {
        var bits = left >= Count ? Vector256.Load(source) : LoadPart(source, left);
        var wide = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512UInt32(bits)
            : Vector512.Create(Vector256.WidenLower(bits), Vector256.WidenUpper(bits));
        return (wide << 16).AsSingle();
    }

    /// <summary>
    /// Infinities stay; a NaN stays one, unless all its low bits are set, which arithmetic does not make.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> values, ushort* target, int left)
    {
        var bits = values.AsUInt32();
        var rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One)) >>> 16;
        var narrow = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(rounded)
            : Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
        if (left >= Count)
            narrow.Store(target);
        else
            StorePart(narrow, target, left);
    }

    /// <summary>0 for what is below it; NaN stays NaN, as in torch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Relu(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<ushort> LoadPart(ushort* source, int count)
    {
        var bits = stackalloc ushort[Count];
        new Span<ushort>(bits, Count).Clear();
        new ReadOnlySpan<ushort>(source, count).CopyTo(new(bits, count));
        return Vector256.Load(bits);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart(Vector256<ushort> values, ushort* target, int count)
    {
        var bits = stackalloc ushort[Count];
        values.Store(bits);
        new ReadOnlySpan<ushort>(bits, count).CopyTo(new(target, count));
    }
}
