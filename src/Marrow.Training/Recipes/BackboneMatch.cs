using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>
/// Whether the backbones of a stage and of what it starts from are of one architecture. Where they are not, the share
/// of weights that a stage demands can't be reached: that is said before anything is trained, not when its turn comes.
/// </summary>
internal static class BackboneMatch
{
    private const double Usual = 0.9; // the default of initCoverage; who asks for less knows that little fits

    /// <summary>Notes an error where a stage starts from an earlier one with another backbone.</summary>
    public static void Check(RecipeSection section, Stage stage, IReadOnlyList<Stage> earlier)
    {
        if (
            stage.Init is { } init
            && earlier.FirstOrDefault(s => s.Name == InitReference.NameIn(init)) is { } source
            && Differs(stage, source.Model) is { } found)
            section.Errors.Add(
                section.At("init"),
                $"init: stage '{source.Name}' has the backbone {found}, and {stage.Model} another. Give both the "
                    + $"same, or set initCoverage below {string.Create(CultureInfo.InvariantCulture, $"{Usual}")}."
            );
    }

    /// <summary>The same for a checkpoint. Throws <see cref="MarrowException"/>.</summary>
    public static void Require(Stage stage, Checkpoint source)
    {
        if (!source.WeightsOnly && Differs(stage, source.Config.Model.Architecture) is { } found)
            throw MarrowException.Bad(
                $"stage {stage.Name}, init: {stage.Init}",
                $"a checkpoint with the backbone of {stage.Model}",
                $"{source.Name}, whose backbone is {found}",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Name a checkpoint of the same backbone, change the stage's model, or set initCoverage below "
                        + $"{Usual}."
                ));
    }

    /// <summary>The other backbone's name; null where it is the same or unknown, or where little is demanded.</summary>
    private static string? Differs(Stage stage, string architecture) =>
        stage.InitCoverage >= Usual
        && ModelCatalogue.Names.Contains(stage.Model)
        && ModelCatalogue.Names.Contains(architecture)
        && ModelCatalogue.BackboneName(architecture) is var other
        && other != ModelCatalogue.BackboneName(stage.Model)
            ? other
            : null;
}
