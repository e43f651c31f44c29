namespace Marrow.Imaging;

/// <summary>
/// Walks through the codes of one block of a JPEG's scan without making its coefficients (ITU-T T.81, annexes F and G).
/// Each method returns false for a code that no table has and for coefficients beyond the block's last.
/// </summary>
internal static class JpegBlocks
{
    /// <summary>The samples on one side of a block.</summary>
    public const int Side = 8;

    /// <summary>Skips a DC difference: the number of its bits, then the bits.</summary>
    public static bool SkipValue(ref JpegBits bits, HuffmanCode code)
    {
        var length = bits.Read(code);
        if (length is < 0 or > 16)
            return false;
        bits.Skip(length);
        return true;
    }

    /// <summary>Walks through a block of a sequential scan: a DC difference and runs of AC coefficients.</summary>
    public static bool Sequential(ref JpegBits bits, HuffmanCode dc, HuffmanCode ac)
    {
        if (!SkipValue(ref bits, dc))
            return false;
        for (var k = 1; k < Side * Side; k++)
        {
            var symbol = bits.Read(ac);
            if (symbol < 0)
                return false;
            var (run, length) = (symbol >> 4, symbol & 15);
            if (length == 0 && run < 15)
                return true;
            k += run;
            if (k >= Side * Side)
                return false;
            bits.Skip(length);
        }
        return true;
    }

    /// <summary>
    /// Walks through the first bits of a block's coefficients from <paramref name="first"/> to <paramref name="last"/>
    /// in a progressive scan (figure G.3).
    /// </summary>
    /// <param name="endOfBands">The number of blocks, from the next on, in which this band has nothing more.</param>
    /// <param name="seen">A bit for each coefficient that is not zero.</param>
    public static bool FirstBands(
        ref JpegBits bits,
        HuffmanCode ac,
        int first,
        int last,
        ref int endOfBands,
        ref ulong seen)
    {
        if (endOfBands > 0)
        {
            endOfBands--;
            return true;
        }
        for (var k = first; k <= last; k++)
        {
            var symbol = bits.Read(ac);
            if (symbol < 0)
                return false;
            var (run, length) = (symbol >> 4, symbol & 15);
            if (length == 0 && run < 15)
            {
                endOfBands = (1 << run) - 1 + bits.Take(run);
                return true;
            }
            k += run;
            if (k > last)
                return length == 0; // sixteen zeros may reach beyond the band
            if (length > 0)
                seen |= 1UL << k;
            bits.Skip(length);
        }
        return true;
    }

    /// <summary>
    /// Walks through a further bit of those coefficients (figures G.7 and G.8). Coefficients that are not zero already
    /// get a bit each, wherever they are met.
    /// </summary>
    /// <param name="endOfBands">The number of blocks, from the next one on, in which no coefficient is new.</param>
    /// <param name="seen">A bit for each coefficient that is not zero.</param>
    public static bool RefinedBands(
        ref JpegBits bits,
        HuffmanCode ac,
        int first,
        int last,
        ref int endOfBands,
        ref ulong seen)
    {
        var k = first;
        if (endOfBands == 0)
        {
            for (; k <= last; k++)
            {
                var symbol = bits.Read(ac);
                if (symbol < 0)
                    return false;
                var (run, length) = (symbol >> 4, symbol & 15);
                if (length == 0 && run < 15)
                {
                    endOfBands = (1 << run) + bits.Take(run);
                    break;
                }
                if (length > 0)
                    bits.Skip(1);
                for (; k <= last; k++)
                {
                    if ((seen >> k & 1) != 0)
                        bits.Skip(1);
                    else if (--run < 0)
                        break;
                }
                if (length > 0 && k <= last)
                    seen |= 1UL << k;
            }
        }
        if (endOfBands > 0)
        {
            for (; k <= last; k++)
            {
                if ((seen >> k & 1) != 0)
                    bits.Skip(1);
            }
            endOfBands--;
        }
        return true;
    }
}
