// The colours of heat: from dark violet over red to light yellow, such that equal steps of heat look equally large.
// They lie on a curve in Oklab (Ottosson, "A perceptual color space for image processing", 2020), in which distances
// are those that are seen; lightness rises all the way, so that the order can be read in grey too. Data flow: heat ->
// length along the curve -> Oklab -> sRGB.

using SkiaSharp;

namespace Marrow.Reports;

internal static class HeatColors
{
    private const int Steps = 256;

    /// <summary>The curve's four points, as lightness, chroma and hue in degrees: within sRGB all the way.</summary>
    private static readonly Oklab[] Points =
    [
        Oklab.Of(0.25, 0.12, 290),
        Oklab.Of(0.42, 0.30, 340),
        Oklab.Of(0.68, 0.26, 65),
        Oklab.Of(0.95, 0.12, 105),
    ];

    /// <summary>The colours in equal steps from no heat to the strongest, [256].</summary>
    public static IReadOnlyList<SKColor> All { get; } = [.. EqualSteps().Select(color => color.ToColor())];

    /// <summary>Returns the colour of a heat of 0 to 1.</summary>
    public static SKColor Of(double heat) => All[(int)Math.Round(Math.Clamp(heat, 0, 1) * (Steps - 1))];

    /// <summary>Returns points of the curve that are equally far from each other.</summary>
    private static IEnumerable<Oklab> EqualSteps()
    {
        const int fine = 16 * Steps;
        Oklab[] curve = [.. Enumerable.Range(0, fine + 1).Select(i => Bezier((double)i / fine))];
        var lengths = new double[curve.Length];
        for (var i = 1; i < curve.Length; i++)
            lengths[i] = lengths[i - 1] + curve[i].DistanceTo(curve[i - 1]);
        return Enumerable.Range(0, Steps).Select(step =>
        {
            var at = Array.BinarySearch(lengths, lengths[^1] * step / (Steps - 1));
            return curve[Math.Min(at < 0 ? ~at : at, fine)];
        });
    }

    private static Oklab Bezier(double t)
    {
        var u = 1 - t;
        double[] shares = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
        return new(
            Points.Zip(shares, (p, share) => p.Lightness * share).Sum(),
            Points.Zip(shares, (p, share) => p.A * share).Sum(),
            Points.Zip(shares, (p, share) => p.B * share).Sum());
    }

    /// <summary>A colour in Oklab.</summary>
    internal readonly record struct Oklab(double Lightness, double A, double B)
    {
        public static Oklab Of(double lightness, double chroma, double hueDegrees)
        {
            var (sin, cos) = Math.SinCos(hueDegrees * Math.PI / 180);
            return new(lightness, chroma * cos, chroma * sin);
        }

        public double DistanceTo(Oklab other) =>
            Math.Sqrt(
                Math.Pow(Lightness - other.Lightness, 2) + Math.Pow(A - other.A, 2) + Math.Pow(B - other.B, 2));

        /// <summary>The matrices are those of Ottosson's page.</summary>
        public SKColor ToColor()
        {
            var l = Math.Pow(Lightness + 0.3963377774 * A + 0.2158037573 * B, 3);
            var m = Math.Pow(Lightness - 0.1055613458 * A - 0.0638541728 * B, 3);
            var s = Math.Pow(Lightness - 0.0894841775 * A - 1.2914855480 * B, 3);
            return new(
                Byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                Byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                Byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
        }

        /// <summary>The curve of sRGB (IEC 61966-2-1).</summary>
        private static byte Byte(double linear)
        {
            var held = Math.Clamp(linear, 0, 1);
            var value = held <= 0.0031308 ? 12.92 * held : 1.055 * Math.Pow(held, 1 / 2.4) - 0.055;
            return (byte)Math.Round(value * byte.MaxValue);
        }
    }
}
