using System.Numerics;
using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// The few functions a phantom needs, from additions and multiplications alone: the C libraries of different systems
/// differ in the last digit of exp, log and sine, and the same seed must give the same bytes on all of them.
/// </summary>
internal static class PhantomMath
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 0.6931471803691238; // ln 2 in two parts, so that n ln 2 loses no digits
    private const double Ln2Low = 1.9082149292705877e-10;

    /// <summary>e^x to 1e-11 relative, for |x| below 700.</summary>
    public static double Exp(double x)
    {
        x = Math.Clamp(x, -700, 700);
        var n = Math.Round(x * Log2E);
        var r = x - n * Ln2High - n * Ln2Low; // |r| <= ln 2 / 2: nine terms of the series do
        var p = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720
            + r * (1.0 / 5040 + r * (1.0 / 40320 + r * (1.0 / 362880)))))))));
        return p * BitConverter.Int64BitsToDouble(((long)n + 1023) << 52);
    }

    /// <summary>ln x to 1e-10, for x a positive normal number.</summary>
    public static double Log(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | (1023L << 52)); // [1, 2)
        if (mantissa > 1.4142135623730951)
            (mantissa, exponent) = (mantissa / 2, exponent + 1);
        var s = (mantissa - 1) / (mantissa + 1); // ln m = 2 artanh s, |s| < 0.172
        var s2 = s * s;
        return exponent * (Ln2High + Ln2Low)
            + 2 * s * (1 + s2 * (1.0 / 3 + s2 * (1.0 / 5 + s2 * (1.0 / 7 + s2 * (1.0 / 9 + s2 / 11)))));
    }

    /// <summary>x^power for x of 0 or more.</summary>
    public static double Pow(double x, double power) => x <= 1e-300 ? 0 : Exp(power * Log(x));

    /// <summary>Sine and cosine to 1e-9, for angles of a few turns at most.</summary>
    public static (double Sin, double Cos) SinCos(double radians)
    {
        var quarter = Math.Round(radians / (Math.PI / 2));
        var r = radians - quarter * (Math.PI / 2); // |r| <= pi / 4
        var r2 = r * r;
        var sin =
            r * (1 + r2 * (-1.0 / 6 + r2 * (1.0 / 120 + r2 * (-1.0 / 5040 + r2 * (1.0 / 362880 - r2 / 39916800)))));
        var cos = 1 + r2 * (-1.0 / 2 + r2 * (1.0 / 24 + r2 * (-1.0 / 720 + r2 * (1.0 / 40320 - r2 / 3628800))));
        return ((long)quarter & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>0 below <paramref name="from"/>, 1 above <paramref name="to"/>, smooth between.</summary>
    public static double SmoothStep(double from, double to, double x)
    {
        var t = Math.Clamp((x - from) / (to - from), 0, 1);
        return t * t * (3 - 2 * t);
    }

    /// <summary>1 at 0, falling smoothly to 0 at |z| = 1.</summary>
    public static double Bump(double z)
    {
        var q = 1 - z * z;
        return q > 0 ? q * q : 0;
    }

    /// <summary>Half a chord of the unit circle at distance z from its centre; 0 outside.</summary>
    public static double Chord(double z)
    {
        var q = 1 - z * z;
        return q > 0 ? Math.Sqrt(q) : 0;
    }

    /// <summary>
    /// Close to a normal distribution, mean 0 and standard deviation 1: 48 coins and a uniform number for the steps
    /// between.
    /// </summary>
    public static double Normal(SeededRandom random)
    {
        var word = random.NextUInt64();
        var heads = BitOperations.PopCount(word >> 16); // mean 24, variance 12
        return (heads - 24 + ((word & 0xFFFF) + 0.5) / 65536 - 0.5) * 0.28767798089123053; // 1 / sqrt(12 + 1/12)
    }

    public static bool Chance(this SeededRandom random, double probability) => random.NextDouble() < probability;

    /// <summary>A sign, -1 or 1.</summary>
    public static int Sign(this SeededRandom random) => random.Next(2) * 2 - 1;

    /// <summary>
    /// A value from a distribution given by its quantiles at equal or unequal steps, linear between them.
    /// </summary>
    public static double FromQuantiles(this SeededRandom random, ReadOnlySpan<(double Share, double Value)> quantiles)
    {
        var share = random.NextDouble();
        for (var i = 1; i < quantiles.Length; i++)
        {
            var (low, high) = (quantiles[i - 1], quantiles[i]);
            if (share <= high.Share)
                return low.Value + (high.Value - low.Value) * (share - low.Share) / (high.Share - low.Share);
        }
        return quantiles[^1].Value;
    }
}
