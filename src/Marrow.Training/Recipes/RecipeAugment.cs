using Marrow.Inputs;
using Most = Marrow.Inputs.AugmentationBounds;

namespace Marrow.Training.Recipes;

/// <summary>The section "augment:" -> <see cref="AugmentationOptions"/>.</summary>
internal static class RecipeAugment
{
    /// <summary>Of a stage's own section.</summary>
    public static readonly KeyText StageText =
        SectionText("How training images are changed at random.", "its defaults");

    private static readonly AugmentationOptions Off = new()
    {
        Strength = 0,
        FlipProbability = 0,
        CutoutProbability = 0,
        CollimationProbability = 0,
        ImplantProbability = 0,
    };

    /// <summary>
    /// The same from "strength=2", "collimationProbability=1": for commands. Throws with a line for each mistake.
    /// </summary>
    public static AugmentationOptions Parse(IReadOnlyList<string> settings)
    {
        var errors = new RecipeErrors();
        var root = new RecipeNode(RecipeNodeKind.Map, "--augment", 0, 0);
        root.Entries.Add(
            (
                new(RecipeNodeKind.Scalar, "--augment", 0, 0) { Text = "augment" },
                new(RecipeNodeKind.Map, "--augment", 0, 0)));
        foreach (var setting in settings)
            RecipeOverride.Apply(root.Entries[0].Value, setting, [], errors, "--augment");
        var options = Read(new RecipeSection(root, "--augment", errors), StageText);
        errors.ThrowIfAny();
        return options;
    }

    /// <param name="text">Of the section.</param>
    /// <param name="absent">What stands in for keys that are not there; null: the defaults of the stage's own.</param>
    public static AugmentationOptions Read(RecipeSection stage, KeyText text, AugmentationOptions? absent = null)
    {
        if (stage.Find("augment") is { Kind: RecipeNodeKind.Scalar } word)
        {
            if (word.Text != "none")
                stage.Errors.Add(word, $"augment: expected none, or keys and values, found {word.Describe()}.");
            return Off;
        }
        var s = stage.SectionOrEmpty("augment", text);
        absent ??= new();
        var options = new AugmentationOptions
        {
            Strength = s.Number("strength", absent.Strength, 0, Most.Strength,
                "Multiplies every bound below but the probabilities. 0: nothing but mirroring is left."),
            RotationDegrees = s.Number("rotationDegrees", absent.RotationDegrees, 0, Most.RotationDegrees,
                new("Either way, about the image's centre.") { Unit = "degrees" }),
            Scale = s.Number("scale", absent.Scale, 0, Most.Scale,
                "Of the size: a factor of 1/(1+s) to 1+s."),
            Stretch = s.Number("stretch", absent.Stretch, 0, Most.Stretch,
                "Of width against height: a factor of 1/(1+s) to 1+s."),
            Shift = s.Number("shift", absent.Shift, 0, Most.Shift,
                new("Either way.") { Unit = "share of width and height" }),
            FlipProbability = s.Number("flipProbability", absent.FlipProbability, 0, Most.FlipProbability,
                "Of mirroring left and right; the corners of vertebrae are swapped, and the points of "
                    + "`mirrorPairs`."),
            Gamma = s.Number("gamma", absent.Gamma, 0, Most.Gamma,
                "Grey value g of 0..1 becomes g^e, e of 1/(1+s) to 1+s."),
            Contrast = s.Number("contrast", absent.Contrast, 0, Most.Contrast,
                "Distance from middle grey: a factor of 1/(1+s) to 1+s."),
            Brightness = s.Number("brightness", absent.Brightness, 0, Most.Brightness,
                "Added, either way; black to white is 1."),
            Noise = s.Number("noise", absent.Noise, 0, Most.Noise,
                "Largest standard deviation of Gaussian noise; black to white is 1."),
            BlurPixels = s.Number("blurPixels", absent.BlurPixels, 0, Most.BlurPixels,
                new("Largest sigma of a Gaussian blur.") { Unit = "input px" }),
            Cutout = s.Number("cutout", absent.Cutout, 0, Most.Cutout,
                new("Largest side of a grey rectangle laid over the image.") { Unit = "share of the side" }),
            CutoutProbability = s.Number("cutoutProbability", absent.CutoutProbability, 0, Most.CutoutProbability,
                "Of laying it."),
            Collimation = s.Number("collimation", absent.Collimation, 0, Most.Collimation,
                new(
                    "Largest part of each side that collimator blades darken. They are turned by up to 3 degrees "
                        + "and stay clear of a sample's vertebrae and points; a class, number or mask has no place "
                        + "in the image and may be hidden.")
                {
                    Unit = "share of the side",
                }),
            CollimationProbability = s.Number(
                "collimationProbability",
                absent.CollimationProbability,
                0,
                Most.CollimationProbability,
                "Of closing them."),
            ImplantProbability = s.Number(
                "implantProbability",
                absent.ImplantProbability,
                0,
                Most.ImplantProbability,
                "Of drawing rods and screws beside labelled vertebrae, as after surgery. Labels stay as they are."),
            Curve = s.Number("curve", absent.Curve, 0, Most.Curve,
                new("Task `refine-points`: how far each point of the curve is moved, as a standard deviation.")
                {
                    Unit = "share of the points' mean distance",
                }),
        };
        s.Finish();
        return options;
    }

    /// <summary>Of a section of which a word can stand in place.</summary>
    public static KeyText SectionText(string meaning, string absent) =>
        new(meaning) { Value = "section, or `none`", Default = absent };
}
