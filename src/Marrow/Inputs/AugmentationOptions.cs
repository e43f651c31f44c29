using System.Globalization;

namespace Marrow.Inputs;

/// <summary>
/// How far images are changed at random while training. Each number is the bound of a uniform (factors: log-uniform)
/// draw, made anew for each sample and epoch; 0 turns a change off. The geometry is a rotation, scaling, shift and
/// mirroring of the original image, so that Cobb angles stay what they are, unless <see cref="Stretch"/> is used.
/// </summary>
internal sealed record AugmentationOptions
{
    /// <summary>Multiplies every bound below, but the probabilities. Default 1; 0 leaves only mirroring.</summary>
    public double Strength { get; init; } = 1;

    /// <summary>Degrees, either way, about the image's centre. 0 to 180, default 7.</summary>
    public double RotationDegrees { get; init; } = 7;

    /// <summary>Of the size: a factor of 1/(1+s) to 1+s. 0 to 3, default 0.1.</summary>
    public double Scale { get; init; } = 0.1;

    /// <summary>Of width against height: a factor of 1/(1+s) to 1+s. Changes angles. 0 to 3, default 0.</summary>
    public double Stretch { get; init; }

    /// <summary>Fraction of the image's width and height, either way. 0 to 1, default 0.05.</summary>
    public double Shift { get; init; } = 0.05;

    /// <summary>
    /// Of mirroring left and right (corners of vertebrae are swapped). 0 to 1, default 0: sides can matter.
    /// </summary>
    public double FlipProbability { get; init; }

    /// <summary>Grey value g of 0..1 becomes g^e with e of 1/(1+s) to 1+s. 0 to 3, default 0.2.</summary>
    public double Gamma { get; init; } = 0.2;

    /// <summary>Distance from middle grey is multiplied by 1/(1+s) to 1+s. 0 to 3, default 0.15.</summary>
    public double Contrast { get; init; } = 0.15;

    /// <summary>Added, either way; the range from black to white is 1. 0 to 1, default 0.05.</summary>
    public double Brightness { get; init; } = 0.05;

    /// <summary>
    /// Largest standard deviation of Gaussian noise; the range from black to white is 1. 0 to 1, default 0.03.
    /// </summary>
    public double Noise { get; init; } = 0.03;

    /// <summary>Largest sigma of a Gaussian blur, input pixels. 0 to 5, default 0.</summary>
    public double BlurPixels { get; init; }

    /// <summary>
    /// Largest side of a grey rectangle laid over the image, fraction of its side. 0 to 1, default 0.3.
    /// </summary>
    public double Cutout { get; init; } = 0.3;

    /// <summary>Of laying that rectangle. 0 to 1, default 0.</summary>
    public double CutoutProbability { get; init; }

    /// <summary>
    /// Largest part of each side that the blades of a collimator darken, fraction of the image; they stay clear of the
    /// vertebrae and are turned by up to 3 degrees. 0 to 0.5, default 0.15.
    /// </summary>
    public double Collimation { get; init; } = 0.15;

    /// <summary>Of closing the blades. 0 to 1, default 0.</summary>
    public double CollimationProbability { get; init; }

    /// <summary>One sentence for each impossible value; empty when all is well.</summary>
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
