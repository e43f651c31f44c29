using System.Globalization;

namespace Marrow.Inputs;

/// <summary>
/// How far images are changed at random while training. Each number is the bound of a uniform (factors: log-uniform)
/// draw, made anew for each sample and epoch; 0 turns a change off. The geometry is a rotation, scaling, shift and
/// mirroring of the original image, so that Cobb angles stay what they are, unless <see cref="Stretch"/> is used.
/// </summary>
internal sealed record AugmentationOptions
{
    /// <summary>
    /// Multiplies every bound below, except the probabilities. The default is 1; with 0 only mirroring is left.
    /// </summary>
    public double Strength { get; init; } = 1;

    /// <summary>
    /// The largest rotation about the image's centre, in degrees and in both directions. 0 to 180; the default is 7.
    /// </summary>
    public double RotationDegrees { get; init; } = 7;

    /// <summary>
    /// Bounds the change of size, whose factor is drawn from 1/(1+s) to 1+s. 0 to 3; the default is 0.1.
    /// </summary>
    public double Scale { get; init; } = 0.1;

    /// <summary>
    /// Bounds the change of width against height, whose factor is drawn from 1/(1+s) to 1+s. This changes angles. 0 to
    /// 3; the default is 0.
    /// </summary>
    public double Stretch { get; init; }

    /// <summary>
    /// The largest shift in every direction, as a fraction of the image's width and height. 0 to 1; the default is
    /// 0.05.
    /// </summary>
    public double Shift { get; init; } = 0.05;

    /// <summary>
    /// The probability that left and right are mirrored, which also swaps the corners of vertebrae. 0 to 1; the default
    /// is 0, since sides can matter.
    /// </summary>
    public double FlipProbability { get; init; }

    /// <summary>
    /// Bounds the exponent e, drawn from 1/(1+s) to 1+s, that turns a grey value g in 0..1 into g^e. 0 to 3; the
    /// default is 0.2.
    /// </summary>
    public double Gamma { get; init; } = 0.2;

    /// <summary>
    /// Bounds the factor, drawn from 1/(1+s) to 1+s, of a grey value's distance from middle grey. 0 to 3; the default
    /// is 0.15.
    /// </summary>
    public double Contrast { get; init; } = 0.15;

    /// <summary>
    /// The largest number that is added to or subtracted from grey values; the range from black to white is 1. 0 to 1;
    /// the default is 0.05.
    /// </summary>
    public double Brightness { get; init; } = 0.05;

    /// <summary>
    /// The largest standard deviation of Gaussian noise; the range from black to white is 1. 0 to 1; the default is
    /// 0.03.
    /// </summary>
    public double Noise { get; init; } = 0.03;

    /// <summary>The largest sigma of a Gaussian blur, in input pixels. 0 to 5; the default is 0.</summary>
    public double BlurPixels { get; init; }

    /// <summary>
    /// The largest side of a grey rectangle that is laid over the image, as a fraction of the image's side. 0 to 1; the
    /// default is 0.3.
    /// </summary>
    public double Cutout { get; init; } = 0.3;

    /// <summary>The probability that this rectangle is laid over an image. 0 to 1; the default is 0.</summary>
    public double CutoutProbability { get; init; }

    /// <summary>
    /// The largest part of each side that the blades of a collimator darken, as a fraction of the image. The blades
    /// keep clear of the vertebrae and are turned by up to 3 degrees. 0 to 0.5; the default is 0.15.
    /// </summary>
    public double Collimation { get; init; } = 0.15;

    /// <summary>The probability that the blades are closed. 0 to 1; the default is 0.</summary>
    public double CollimationProbability { get; init; }

    /// <summary>Returns one sentence for each impossible value; empty when all values are possible.</summary>
    public IReadOnlyList<string> Errors()
    {
        var errors = new List<string>();
        Check("strength", Strength, 10);
        Check("rotationDegrees", RotationDegrees, 180);
        Check("scale", Scale, 3);
        Check("stretch", Stretch, 3);
        Check("shift", Shift, 1);
        Check("flipProbability", FlipProbability, 1);
        Check("gamma", Gamma, 3);
        Check("contrast", Contrast, 3);
        Check("brightness", Brightness, 1);
        Check("noise", Noise, 1);
        Check("blurPixels", BlurPixels, 5);
        Check("cutout", Cutout, 1);
        Check("cutoutProbability", CutoutProbability, 1);
        Check("collimation", Collimation, Inputs.Collimation.MostShare);
        Check("collimationProbability", CollimationProbability, 1);
        return errors;

        void Check(string name, double value, double max)
        {
            if (!(value >= 0 && value <= max))
                errors.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: expected 0 to {max}, found {value}."));
        }
    }
}
