using System.Globalization;

namespace Marrow.Inputs;

/// <summary>
/// How far images are changed at random while training. Each number is the bound of a uniform (factors: log-uniform)
/// draw, made anew for each sample and epoch; 0 turns a change off. The geometry is a rotation, scaling, shift and
/// mirroring of the original image, so that Cobb angles stay what they are, unless <see cref="Stretch"/> is used. How
/// far each can go, <see cref="AugmentationBounds"/> says.
/// </summary>
internal sealed record AugmentationOptions
{
    /// <summary>Multiplies every bound below, except the probabilities. With 0 only mirroring is left.</summary>
    public double Strength { get; init; } = 1;

    /// <summary>The largest rotation about the image's centre, in degrees and in both directions.</summary>
    public double RotationDegrees { get; init; } = 7;

    /// <summary>Bounds the change of size, whose factor is drawn from 1/(1+s) to 1+s.</summary>
    public double Scale { get; init; } = 0.1;

    /// <summary>
    /// Bounds the change of width against height, whose factor is drawn from 1/(1+s) to 1+s. This changes angles.
    /// </summary>
    public double Stretch { get; init; }

    /// <summary>The largest shift in every direction, as a fraction of the image's width and height.</summary>
    public double Shift { get; init; } = 0.05;

    /// <summary>
    /// The probability that left and right are mirrored, which also swaps the corners of vertebrae. Sides can matter,
    /// so this is off by default.
    /// </summary>
    public double FlipProbability { get; init; }

    /// <summary>Bounds the exponent e, drawn from 1/(1+s) to 1+s, that turns a grey value g in 0..1 into g^e.</summary>
    public double Gamma { get; init; } = 0.2;

    /// <summary>Bounds the factor, drawn from 1/(1+s) to 1+s, of a grey value's distance from middle grey.</summary>
    public double Contrast { get; init; } = 0.15;

    /// <summary>
    /// The largest number that is added to or subtracted from grey values; the range from black to white is 1.
    /// </summary>
    public double Brightness { get; init; } = 0.05;

    /// <summary>The largest standard deviation of Gaussian noise; the range from black to white is 1.</summary>
    public double Noise { get; init; } = 0.03;

    /// <summary>The largest sigma of a Gaussian blur, in input pixels.</summary>
    public double BlurPixels { get; init; }

    /// <summary>
    /// The largest side of a grey rectangle that is laid over the image, as a fraction of the image's side.
    /// </summary>
    public double Cutout { get; init; } = 0.3;

    /// <summary>The probability that this rectangle is laid over an image.</summary>
    public double CutoutProbability { get; init; }

    /// <summary>
    /// The largest part of each side that the blades of a collimator darken, as a fraction of the image. The blades
    /// keep clear of the vertebrae and are turned by up to 3 degrees.
    /// </summary>
    public double Collimation { get; init; } = 0.15;

    /// <summary>The probability that the blades are closed.</summary>
    public double CollimationProbability { get; init; }

    /// <summary>
    /// The probability that bright rods and screws are drawn beside the labelled vertebrae, as after surgery.
    /// </summary>
    public double ImplantProbability { get; init; }

    /// <summary>
    /// For strips along a curve: how far the curve's points are moved, each by itself, as the standard deviation in
    /// shares of their mean distance. The curve that a strip is laid along in prediction is another model's, with its
    /// errors.
    /// </summary>
    public double Curve { get; init; } = 0.06;

    /// <summary>Returns one sentence for each impossible value; empty when all values are possible.</summary>
    public IReadOnlyList<string> Errors()
    {
        var errors = new List<string>();
        Check("strength", Strength, AugmentationBounds.Strength);
        Check("rotationDegrees", RotationDegrees, AugmentationBounds.RotationDegrees);
        Check("scale", Scale, AugmentationBounds.Scale);
        Check("stretch", Stretch, AugmentationBounds.Stretch);
        Check("shift", Shift, AugmentationBounds.Shift);
        Check("flipProbability", FlipProbability, AugmentationBounds.FlipProbability);
        Check("gamma", Gamma, AugmentationBounds.Gamma);
        Check("contrast", Contrast, AugmentationBounds.Contrast);
        Check("brightness", Brightness, AugmentationBounds.Brightness);
        Check("noise", Noise, AugmentationBounds.Noise);
        Check("blurPixels", BlurPixels, AugmentationBounds.BlurPixels);
        Check("cutout", Cutout, AugmentationBounds.Cutout);
        Check("cutoutProbability", CutoutProbability, AugmentationBounds.CutoutProbability);
        Check("curve", Curve, AugmentationBounds.Curve);
        Check("collimation", Collimation, AugmentationBounds.Collimation);
        Check("collimationProbability", CollimationProbability, AugmentationBounds.CollimationProbability);
        Check("implantProbability", ImplantProbability, AugmentationBounds.ImplantProbability);
        return errors;

        void Check(string name, double value, double max)
        {
            if (!(value >= 0 && value <= max))
                errors.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: expected 0 to {max}, found {value}."));
        }
    }
}

/// <summary>The most that each of <see cref="AugmentationOptions"/> can be; the least is 0.</summary>
internal static class AugmentationBounds
{
    public const double Strength = 10;
    public const double RotationDegrees = 180;
    public const double Scale = 3;
    public const double Stretch = 3;
    public const double Shift = 1;
    public const double FlipProbability = 1;
    public const double Gamma = 3;
    public const double Contrast = 3;
    public const double Brightness = 1;
    public const double Noise = 1;
    public const double BlurPixels = 5;
    public const double Cutout = 1;
    public const double CutoutProbability = 1;
    public const double Collimation = Inputs.Collimation.MostShare;
    public const double CollimationProbability = 1;
    public const double ImplantProbability = 1;
    public const double Curve = 1;
}
