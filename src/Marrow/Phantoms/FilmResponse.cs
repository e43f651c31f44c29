using Marrow.Imaging;

namespace Marrow.Phantoms;

/// <summary>
/// From line integrals to grey values: exposure, scattered radiation, quantum noise, the detector's blur, the
/// logarithm and the display curve, with the collimator's edges. Drawn once an image, so that films differ as they
/// do between machines and operators.
/// </summary>
internal sealed class FilmResponse
{
    private readonly double _scatter,
        _photons,
        _equalise,
        _sharpen,
        _heel,
        _gamma,
        _contrast,
        _black,
        _white,
        _openLow,
        _openHigh;
    private readonly double _collimateLeft, _collimateTop, _collimateRight, _collimateBottom, _collimateTilt, _shutter;

    /// <param name="chest">Exposed and displayed for the lungs; else for the bones.</param>
    public FilmResponse(SeededRandom random, bool chest)
    {
        _scatter = random.Uniform(0.25, 0.75); // of the primary, after the grid
        // per square millimetre, without a patient
        _photons = random.FromQuantiles([(0, 30_000), (0.5, 110_000), (1, 450_000)]);
        _equalise = random.Chance(0.7) ? random.Uniform(0.15, 0.55) : 0;
        _sharpen = random.Uniform(0, 0.7);
        _heel = random.Uniform(-0.12, 0.12);
        _gamma = chest ? random.Uniform(0.7, 1) : random.Uniform(0.75, 1.3);
        _contrast = random.Uniform(0, 0.6);
        _black = random.Uniform(0, 14);
        _white = random.Chance(0.9) ? random.Uniform(205, 250) : random.Uniform(130, 205);
        _openLow = chest ? random.Uniform(0.02, 0.2) : random.Uniform(-0.04, 0.12);
        _openHigh = random.Uniform(0.02, 0.2);
        var any = random.Chance(chest ? 0.15 : 0.4);
        double Edge() => any && random.Chance(0.6) ? random.Uniform(0.004, 0.05) : -1;
        (_collimateLeft, _collimateTop, _collimateRight, _collimateBottom) = (Edge(), Edge(), Edge(), Edge());
        _collimateTilt = random.Uniform(-0.012, 0.012);
        _shutter = random.Chance(0.8) ? 0 : random.Uniform(5, 40);
    }

    /// <summary>[Height * Width] grey values, bone bright.</summary>
    public byte[] Expose(AttenuationMap map, SeededRandom random)
    {
        var (width, height) = (map.Width, map.Height);
        var signal = new float[width * height];
        var source = new float[width * height];
        for (var i = 0; i < signal.Length; i++)
        {
            var attenuation = map.Values[i];
            signal[i] = (float)PhantomMath.Exp(-attenuation);
            source[i] = signal[i] * Math.Min(attenuation, 3); // only what is hit scatters
        }
        WideBlur.Apply(source, width, height, 26 / map.MmPerPixel);

        var photons = _photons * map.MmPerPixel * map.MmPerPixel;
        for (var row = 0; row < height; row++)
        {
            var heel = 1 + _heel * (2.0 * row / height - 1);
            for (var i = row * width; i < (row + 1) * width; i++)
            {
                var exposure = heel * (signal[i] + _scatter * source[i]);
                var noise = Math.Sqrt(exposure / photons) * PhantomMath.Normal(random);
                signal[i] = (float)Math.Max(exposure + noise, 1e-5);
            }
        }
        Binomial(signal, width, height, 0.13f);

        var open = (float)PhantomMath.Exp(-1); // brighter than this the beam met skin at most
        var tone = source;
        for (var i = 0; i < signal.Length; i++)
            tone[i] = (float)-PhantomMath.Log(signal[i]);
        Process(tone, map, width, height);
        return Display(tone, signal, open, width, height);
    }

    /// <summary>Large-area equalisation and edge enhancement, as image-processing consoles do.</summary>
    private void Process(float[] tone, AttenuationMap map, int width, int height)
    {
        if (_equalise > 0)
        {
            var wide = (float[])tone.Clone();
            WideBlur.Apply(wide, width, height, 30 / map.MmPerPixel);
            for (var i = 0; i < tone.Length; i++)
                tone[i] -= (float)_equalise * wide[i];
        }
        if (_sharpen > 0)
        {
            var near = (float[])tone.Clone();
            Binomial(near, width, height, 0.25f);
            Binomial(near, width, height, 0.25f);
            for (var i = 0; i < tone.Length; i++)
                tone[i] += (float)_sharpen * (tone[i] - near[i]);
        }
    }

    private byte[] Display(float[] tone, float[] signal, float open, int width, int height)
    {
        var (low, high) = Percentiles(tone, signal, open);
        var span = high - low;
        low -= _openLow * span;
        high += _openHigh * span;
        var pixels = new byte[width * height];
        for (var row = 0; row < height; row++)
        {
            var v = (row + 0.5) / height;
            for (var column = 0; column < width; column++)
            {
                var u = (column + 0.5) / width;
                var i = row * width + column;
                var t = Math.Clamp((tone[i] - low) / (high - low), 0, 1);
                t = PhantomMath.Pow(t, _gamma);
                t += _contrast * (t * t * (3 - 2 * t) - t); // the film's S
                var grey = _black + t * (_white - _black);
                var lean = _collimateTilt * (v - 0.5);
                var slope = _collimateTilt * (u - 0.5);
                if (
                    u + lean < _collimateLeft
                    || u + lean > 1 - _collimateRight
                    || v + slope < _collimateTop
                    || v + slope > 1 - _collimateBottom)
                    grey = _shutter;
                pixels[i] = (byte)Math.Clamp(grey + 0.5, 0, 255);
            }
        }
        return pixels;
    }

    /// <summary>
    /// Tones between which the body lies: 2 % and 99.5 % of the pixels that the open beam did not reach.
    /// </summary>
    private static (double Low, double High) Percentiles(float[] tone, float[] signal, float open)
    {
        const int bins = 2048;
        const float range = 16; // tones stay within -4 and 12
        var counts = new int[bins];
        var total = 0;
        for (var i = 0; i < tone.Length; i++)
        {
            if (signal[i] > open)
                continue;
            counts[Math.Clamp((int)((tone[i] + 4) * (bins / range)), 0, bins - 1)]++;
            total++;
        }
        double At(double share)
        {
            var seen = 0;
            for (var bin = 0; bin < bins; bin++)
            {
                seen += counts[bin];
                if (seen > share * total)
                    return (bin + 0.5) * (range / bins) - 4;
            }
            return range - 4;
        }
        var (low, high) = (At(0.02), At(0.995));
        return (low, Math.Max(high, low + 0.1));
    }

    /// <summary>
    /// The detector's point spread, in place: each neighbour in a row and in a column gives <paramref name="share"/>.
    /// </summary>
    private static void Binomial(float[] image, int width, int height, float share)
    {
        var previous = new float[width];
        var current = new float[width];
        for (var row = 0; row < height; row++)
        {
            var line = image.AsSpan(row * width, width);
            var last = line[0];
            for (var column = 0; column < width; column++)
            {
                var here = line[column];
                var next = column + 1 < width ? line[column + 1] : here;
                line[column] = here + share * (last - 2 * here + next);
                last = here;
            }
        }
        image.AsSpan(0, width).CopyTo(previous);
        for (var row = 0; row < height; row++)
        {
            var line = image.AsSpan(row * width, width);
            var below = image.AsSpan(Math.Min(row + 1, height - 1) * width, width);
            line.CopyTo(current);
            for (var column = 0; column < width; column++)
                line[column] = current[column] + share * (previous[column] - 2 * current[column] + below[column]);
            (previous, current) = (current, previous);
        }
    }
}
