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
    /// <summary>Multiplies every bound below, but the probabilities; 0 leaves only mirroring.</summary>
    public double Strength { get; init; } = 1;

    /// <summary>Degrees, either way, about the image's centre.</summary>
    public double RotationDegrees { get; init; } = 7;

    /// <summary>Of the size: a factor of 1/(1+s) to 1+s.</summary>
    public double Scale { get; init; } = 0.1;

    /// <summary>Of width against height: a factor of 1/(1+s) to 1+s. Changes angles.</summary>
    public double Stretch { get; init; }

    /// <summary>Fraction of the image's width and height, either way.</summary>
    public double Shift { get; init; } = 0.05;

    /// <summary>Of mirroring left and right where sides do not matter; corners of vertebrae are swapped.</summary>
    public double FlipProbability { get; init; }

    /// <summary>Grey value g of 0..1 becomes g^e with e of 1/(1+s) to 1+s.</summary>
    public double Gamma { get; init; } = 0.2;

    /// <summary>Distance from middle grey is multiplied by 1/(1+s) to 1+s.</summary>
    public double Contrast { get; init; } = 0.15;

    /// <summary>Added, either way; the range from black to white is 1.</summary>
    public double Brightness { get; init; } = 0.05;

    /// <summary>Largest standard deviation of Gaussian noise; the range from black to white is 1.</summary>
    public double Noise { get; init; } = 0.03;

    /// <summary>Largest sigma of a Gaussian blur, input pixels.</summary>
    public double BlurPixels { get; init; }

    /// <summary>Largest side of a grey rectangle laid over the image, fraction of its side.</summary>
    public double Cutout { get; init; } = 0.3;

    /// <summary>Of laying that rectangle.</summary>
    public double CutoutProbability { get; init; }

    /// <summary>
    /// Largest part of each side that the blades of a collimator darken, fraction of the image; they stay clear of the
    /// vertebrae and are turned by up to 3 degrees.
    /// </summary>
    public double Collimation { get; init; } = 0.15;

    /// <summary>Of closing the blades.</summary>
    public double CollimationProbability { get; init; }

    /// <summary>One sentence for each impossible value; empty when all is well.</summary>
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
        Check("collimation", Collimation, AugmentationBounds.Collimation);
        Check("collimationProbability", CollimationProbability, AugmentationBounds.CollimationProbability);
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
}
