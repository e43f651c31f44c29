using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Phantoms;

/// <summary>One synthetic spine film with its exact labels.</summary>
internal sealed record SpinePhantom
{
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>[Height * Width], bone bright.</summary>
    public required byte[] Pixels { get; init; }

    /// <summary>T1 to L5, pixels.</summary>
    public required IReadOnlyList<Vertebra> Vertebrae { get; init; }

    /// <summary>Measured on <see cref="Vertebrae"/>.</summary>
    public required CobbMeasurement Cobb { get; init; }
}

/// <summary>One synthetic chest film and what truly is on it.</summary>
internal sealed class ChestPhantom
{
    internal ChestPhantom(int width, int height, byte[] pixels, IReadOnlySet<string> findings) =>
        (Width, Height, Pixels, Findings) = (width, height, pixels, findings);

    public int Width { get; }
    public int Height { get; }

    /// <summary>[Height * Width], bone bright.</summary>
    public byte[] Pixels { get; }

    /// <summary>Names from <see cref="ChestFindings.Names"/>; "No Finding" when there is none but devices.</summary>
    internal IReadOnlySet<string> Findings { get; }
}

/// <summary>
/// Synthetic AP radiographs: a random patient -> attenuation along the beam through soft tissue, lungs, heart, bones
/// and devices -> a film. The same seed and index give the same bytes on any machine and any number of threads.
/// Spine and chest films show the same anatomy at different scales, so what is learned on one serves the other.
/// </summary>
internal static class PhantomGenerator
{
    private const double SideMargin = 0.02; // of the width, beside the outermost vertebra
    private const int DefaultSpineWidth = 320, DefaultSpineHeight = 880, DefaultChestSize = 224;

    // Streams of random numbers that must not disturb each other.
    private const int SpineStream = 1, ChestStream = 2, FilmStream = 3; // 4 to 6 are the writer's

    // Largest angles of SpineWeb 16's 481 training films: share of films below, degrees.
    private static readonly (double, double)[] s_cobb1Quantiles =
        [(0, 5.7), (0.05, 11.4), (0.25, 23.8), (0.5, 36.9), (0.75, 51), (0.95, 72.3), (1, 88)];

    /// <summary>
    /// Film <paramref name="film"/> (0, 1, ...) of patient <paramref name="patient"/>: the same body, another picture.
    /// </summary>
    internal static SpinePhantom Spine(ulong seed, int patient, int film = 0, PhantomOptions? options = null)
    {
        options ??= new();
        options.Validate(1);
        var body = SeededRandom.Fork(seed, SpineStream, patient);
        var anatomy = new PhantomPatient(body, body.FromQuantiles(s_cobb1Quantiles), ChestSigns.None);
        var operated = body.Chance(0.03);
        var random = SeededRandom.Fork(seed, FilmStream, patient, film);

        var width = Vary(options.Width ?? DefaultSpineWidth, options.SizeVariation, random);
        var height = Vary(options.Height ?? DefaultSpineHeight, options.SizeVariation, random);
        // The field runs from above T1 to below L5, shares of the image as in SpineWeb 16.
        var (top, bottom) = (random.Uniform(0.025, 0.07), random.Uniform(0.06, 0.17));
        var mmPerPixel = anatomy.Spine.EndMm / (height * (1 - top - bottom));
        var middle =
            anatomy.Spine.Vertebrae.Average(v => v.Center.X) + random.Uniform(-0.07, 0.07) * width * mmPerPixel;
        // A wide curve on a narrow film: the field is moved, and widened where that is not enough, to hold every
        // corner.
        var xs = anatomy
            .Spine.Vertebrae.SelectMany(v => (double[])[v.TopLeft.X, v.TopRight.X, v.BottomLeft.X, v.BottomRight.X])
            .ToArray();
        mmPerPixel = Math.Max(mmPerPixel, (xs.Max() - xs.Min()) / ((1 - 2 * SideMargin) * width));
        var reach = (0.5 - SideMargin) * width * mmPerPixel;
        middle = Math.Clamp(middle, xs.Max() - reach, Math.Max(xs.Max() - reach, xs.Min() + reach));
        var map = new AttenuationMap(
            width,
            height,
            mmPerPixel,
            middle - 0.5 * width * mmPerPixel,
            -top * height * mmPerPixel);

        PaintBody(map, anatomy, random);
        if (operated)
            DevicePainter.PaintRods(map, anatomy, random);
        if (random.Chance(0.04))
            DevicePainter.PaintCentralLine(map, anatomy, random);
        if (random.Chance(0.5))
            DevicePainter.PaintMarker(map, random);
        var pixels = new FilmResponse(random, chest: false).Expose(map, random);

        var toPixels = AffineTransform
            .Translate(-map.LeftMm, -map.TopMm)
            .Then(AffineTransform.Scale(1 / mmPerPixel, 1 / mmPerPixel));
        Vertebra[] vertebrae = [.. anatomy.Spine.Vertebrae.Select(v => v.Transform(toPixels))];
        return new()
        {
            Width = width,
            Height = height,
            Pixels = pixels,
            Vertebrae = vertebrae,
            Cobb = CobbAngles.Measure(vertebrae, height),
        };
    }

    /// <summary>
    /// Chest film of study <paramref name="study"/> of patient <paramref name="patient"/>: findings may change between
    /// studies.
    /// </summary>
    public static ChestPhantom Chest(ulong seed, int patient, int study = 0, PhantomOptions? options = null)
    {
        options ??= new();
        options.Validate(1);
        var random = SeededRandom.Fork(seed, ChestStream, patient, study);
        var (signs, findings) = ChestFindings.Draw(random);
        var body = SeededRandom.Fork(seed, ChestStream, patient);
        var anatomy = new PhantomPatient(body, 3 + 20 * body.NextDouble() * body.NextDouble(), signs);

        var (width, height) = (options.Width ?? DefaultChestSize, options.Height ?? DefaultChestSize);
        var fieldMm = random.Uniform(312, 356);
        var mmPerPixel = fieldMm / Math.Min(width, height);
        var left = anatomy.CageCenterAt(130) + random.Uniform(-10, 10) - 0.5 * width * mmPerPixel;
        var top = 132 * anatomy.ThoraxScale + random.Uniform(-12, 12) - 0.5 * height * mmPerPixel;
        var map = new AttenuationMap(width, height, mmPerPixel, left, top);

        PaintBody(map, anatomy, random);
        if (signs.HasDevices)
            DevicePainter.PaintChestDevices(map, anatomy, random);
        if (random.Chance(0.6))
            DevicePainter.PaintMarker(map, random);
        var pixels = new FilmResponse(random, chest: true).Expose(map, random);
        return new(width: width, height: height, pixels: pixels, findings: findings);
    }

    private static void PaintBody(AttenuationMap map, PhantomPatient anatomy, SeededRandom random)
    {
        TorsoPainter.Paint(map, anatomy, random);
        TorsoPainter.PaintGas(map, anatomy, random);
        TorsoPainter.PaintVessels(map, anatomy, random);
        SkeletonPainter.PaintPelvis(map, anatomy, random);
        SkeletonPainter.PaintRibs(map, anatomy, random);
        VertebraPainter.Paint(map, anatomy, random);
        SkeletonPainter.PaintShoulders(map, anatomy, random);
    }

    private static int Vary(int size, double variation, SeededRandom random) =>
        (int)Math.Round(size * (1 + random.Uniform(-variation, variation)));
}
