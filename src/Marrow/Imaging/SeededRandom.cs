namespace Marrow.Imaging;

/// <summary>
/// Random numbers that are the same for the same seed on every machine and runtime (SplitMix64; Steele, Lea and
/// Flood 2014). <see cref="Fork"/> derives independent streams, so that sample 17 of epoch 3 draws the same numbers
/// whichever thread asks.
/// </summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;
    private double? _spareGaussian;

    /// <summary>A stream of its own for each combination of keys; does not advance this one.</summary>
    internal static SeededRandom Fork(ulong seed, params ReadOnlySpan<long> keys)
    {
        var s = Mix(seed + 0x9E3779B97F4A7C15);
        foreach (var key in keys)
            s = Mix(s ^ Mix((ulong)key + 0x9E3779B97F4A7C15));
        return new SeededRandom(s);
    }

    internal ulong NextUInt64() => Mix(_state += 0x9E3779B97F4A7C15);

    /// <summary>A number of [0, 1), uniformly.</summary>
    internal double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number of [low, high), uniformly.</summary>
    internal double Uniform(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>[0, <paramref name="exclusiveMax"/>).</summary>
    internal int Next(int exclusiveMax) => (int)(NextUInt64() % (ulong)exclusiveMax);

    /// <summary>Mean 0, standard deviation 1 (Box-Muller).</summary>
    internal double NextGaussian()
    {
        if (_spareGaussian is { } spare)
        {
            _spareGaussian = null;
            return spare;
        }
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        var (sin, cos) = Math.SinCos(2 * Math.PI * NextDouble());
        _spareGaussian = radius * sin;
        return radius * cos;
    }

    /// <summary>Shuffles in place, by Fisher and Yates.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
