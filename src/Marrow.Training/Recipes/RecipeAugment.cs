using Marrow.Inputs;

namespace Marrow.Training.Recipes;

/// <summary>
/// The section "augment:" -> <see cref="AugmentationOptions"/>, whose comments give each range and default.
/// </summary>
internal static class RecipeAugment
{
    private static readonly AugmentationOptions Off = new()
    {
        Strength = 0,
        FlipProbability = 0,
        CutoutProbability = 0,
        CollimationProbability = 0,
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
        var options = Read(new RecipeSection(root, "--augment", errors));
        errors.ThrowIfAny();
        return options;
    }

    /// <param name="absent">What stands in for keys that are not there; null: the defaults of the stage's own.</param>
    public static AugmentationOptions Read(RecipeSection stage, AugmentationOptions? absent = null)
    {
        if (stage.Find("augment") is { Kind: RecipeNodeKind.Scalar } word)
        {
            if (word.Text != "none")
                stage.Errors.Add(word, $"augment: expected none, or keys and values, found {word.Describe()}.");
            return Off;
        }
        var s = stage.SectionOrEmpty("augment");
        absent ??= new();
        var options = new AugmentationOptions
        {
            Strength = s.Number("strength", absent.Strength, 0, 10),
            RotationDegrees = s.Number("rotationDegrees", absent.RotationDegrees, 0, 180),
            Scale = s.Number("scale", absent.Scale, 0, 3),
            Stretch = s.Number("stretch", absent.Stretch, 0, 3),
            Shift = s.Number("shift", absent.Shift, 0, 1),
            FlipProbability = s.Number("flipProbability", absent.FlipProbability, 0, 1),
            Gamma = s.Number("gamma", absent.Gamma, 0, 3),
            Contrast = s.Number("contrast", absent.Contrast, 0, 3),
            Brightness = s.Number("brightness", absent.Brightness, 0, 1),
            Noise = s.Number("noise", absent.Noise, 0, 1),
            BlurPixels = s.Number("blurPixels", absent.BlurPixels, 0, 5),
            Cutout = s.Number("cutout", absent.Cutout, 0, 1),
            CutoutProbability = s.Number("cutoutProbability", absent.CutoutProbability, 0, 1),
            Collimation = s.Number("collimation", absent.Collimation, 0, 0.5),
            CollimationProbability = s.Number("collimationProbability", absent.CollimationProbability, 0, 1),
        };
        s.Finish();
        return options;
    }
}
