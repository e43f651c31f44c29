using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Inputs;

/// <summary>
/// One random draw of <see cref="AugmentationOptions"/>: how one sample looks in one epoch. The geometry moves original
/// pixels, where a rotation is a rotation, before the contract's own stretch: the image (by
/// <see cref="AugmentedRenderer"/>) and the targets move by the same transform. Every number is drawn whatever the
/// options are, so that changing one of them leaves the others' draws as they were.
/// </summary>
internal sealed record Augmentation
{
    /// <summary>The transform from original pixels to original pixels.</summary>
    public required AffineTransform Geometry { get; init; }

    /// <summary>The exponent that is applied to grey values in 0..1.</summary>
    public double Gamma { get; init; } = 1;

    /// <summary>The factor by which a grey value's distance from middle grey is multiplied.</summary>
    public double Contrast { get; init; } = 1;

    /// <summary>The number that is added to grey values in 0..1.</summary>
    public double Brightness { get; init; }

    /// <summary>The standard deviation of the noise, for grey values in 0..1.</summary>
    public double NoiseSigma { get; init; }

    public double BlurSigmaPixels { get; init; }

    /// <summary>
    /// The rectangle that is laid over the image, as fractions of the input's width and height; empty when there is
    /// none.
    /// </summary>
    public (double Left, double Top, double Width, double Height) Cutout { get; init; }

    public ulong NoiseSeed { get; init; }

    /// <summary>The collimator's blades; null when they are open.</summary>
    internal Collimation? Collimation { get; init; }

    /// <summary>True when rods and screws are drawn where vertebrae are labelled.</summary>
    internal bool HasImplants { get; init; }

    /// <summary>The rods and screws, in original pixels; null when there are none.</summary>
    internal Implants? Implants { get; init; }

    /// <summary>
    /// Draws one augmentation. The count of random numbers that are drawn does not depend on the options.
    /// </summary>
    public static Augmentation Draw(
        SeededRandom random,
        AugmentationOptions options,
        int originalWidth,
        int originalHeight)
    {
        var strength = options.Strength;
        var radians = Either(options.RotationDegrees) * Math.PI / 180;
        var scale = Factor(options.Scale);
        var stretch = Math.Sqrt(Factor(options.Stretch));
        var shiftX = Either(options.Shift) * originalWidth;
        var shiftY = Either(options.Shift) * originalHeight;
        var mirror = random.NextDouble() < options.FlipProbability ? -1 : 1;
        var gamma = Factor(options.Gamma);
        var contrast = Factor(options.Contrast);
        var brightness = Either(options.Brightness);
        var noise = Math.Min(strength * options.Noise, 1) * random.NextDouble();
        var blur = Math.Min(strength * options.BlurPixels, MaxBlurPixels) * random.NextDouble();
        var cutout = DrawCutout(random, Math.Min(strength * options.Cutout, 1), options.CutoutProbability);

        var noiseSeed = random.NextUInt64();

        var (centerX, centerY) = (originalWidth / 2.0, originalHeight / 2.0);
        return new Augmentation
        {
            Geometry = AffineTransform.Translate(-centerX, -centerY)
                .Then(AffineTransform.Scale(mirror * scale * stretch, scale / stretch))
                .Then(AffineTransform.Rotate(radians))
                .Then(AffineTransform.Translate(centerX + shiftX, centerY + shiftY)),
            Gamma = gamma,
            Contrast = contrast,
            Brightness = brightness,
            NoiseSigma = noise,
            BlurSigmaPixels = blur,
            Cutout = cutout,
            NoiseSeed = noiseSeed,
            // last: what came later is drawn later, or from a stream of its own
            Collimation = Collimation.Draw(random, options, originalWidth, originalHeight),
            HasImplants = ImplantStream(noiseSeed).NextDouble() < options.ImplantProbability,
        };

        double Either(double bound) => random.Uniform(-1, 1) * strength * bound;
        double Factor(double bound) => Math.Exp(random.Uniform(-1, 1) * Math.Log(1 + strength * bound));
    }

    /// <summary>
    /// Returns the same augmentation for what is labelled on a sample: the collimator is opened until every labelled
    /// place is visible, and rods lie beside the vertebrae.
    /// </summary>
    internal Augmentation For(Sample sample, int originalWidth, int originalHeight) =>
        Collimation is null && !HasImplants
            ? this
            : this with
            {
                Collimation = Collimation?.Sparing(sample.Targets.Places, originalWidth, originalHeight),
                Implants = ImplantsAlong(sample.Vertebrae),
            };

    /// <summary>Draws the rods and screws beside vertebrae; null when there are none.</summary>
    internal Implants? ImplantsAlong(IReadOnlyList<Vertebra> vertebrae)
    {
        var random = ImplantStream(NoiseSeed);
        _ = random.NextDouble(); // has said whether there are any
        return HasImplants ? Implants.Along(vertebrae, random) : null;
    }

    private static SeededRandom ImplantStream(ulong seed) => SeededRandom.Fork(seed, 1);

    /// <summary>
    /// Returns the same augmentation in the pixels of a crop. <paramref name="toCrop"/> changes no lengths, so that a
    /// rotation remains a rotation.
    /// </summary>
    internal Augmentation About(AffineTransform toCrop) =>
        this with
        {
            Geometry = toCrop.Then(Geometry).Then(toCrop.Invert()),
        };

    // 15 px of radius at 3 sigma: what AugmentationOptions allows.
    internal const double MaxBlurPixels = 5;

    /// <summary>
    /// Bytes to the model's values, 256 entries: gamma, contrast, brightness, clamp to 0..1, normalisation. It never
    /// falls: whatever is drawn, what was brighter stays no darker, and no film comes out as its negative.
    /// </summary>
    public float[] Table(InputContract contract)
    {
        var table = new float[256];
        for (var b = 0; b < 256; b++)
        {
            var grey = (Math.Pow(b / 255.0, Gamma) - 0.5) * Contrast + 0.5 + Brightness;
            table[b] = (float)((Math.Clamp(grey, 0, 1) - contract.Mean) / contract.Std);
        }
        return table;
    }

    private static (double, double, double, double) DrawCutout(SeededRandom random, double bound, double probability)
    {
        var present = random.NextDouble() < probability;
        var (width, height) = (bound * random.NextDouble(), bound * random.NextDouble());
        var (left, top) = ((1 - width) * random.NextDouble(), (1 - height) * random.NextDouble());
        return present ? (left, top, width, height) : default;
    }
}
