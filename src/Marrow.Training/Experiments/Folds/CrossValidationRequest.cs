using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Prediction;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments.Folds;

/// <summary>A cross-validation: one recipe, trained once for each fold of its last stage's data.</summary>
public sealed class CrossValidationRequest
{
    /// <summary>The recipe, whose split seed deals the patients into folds. It names no fold itself.</summary>
    public required Recipe Recipe { internal get; init; }

    /// <summary>The stages that are carried out; when the list is empty, all.</summary>
    public IReadOnlyList<string> Stages { internal get; init; } = [];

    /// <summary>The folder of each data set, by the name that the recipe gives it.</summary>
    public required IReadOnlyDictionary<string, string> DataFolders { internal get; init; }

    /// <summary>
    /// The folder for the folds' runs (fold-1, fold-2 ..., each with its hub), the table of predictions, the pictures
    /// and the page.
    /// </summary>
    public required string OutFolder { internal get; init; }

    /// <summary>The number of folds, 2 to 100.</summary>
    public required int Folds { internal get; init; }

    /// <summary>
    /// True to continue in <see cref="OutFolder"/>. A fold whose hub has the checkpoint of every stage is not trained
    /// again, whoever has trained it.
    /// </summary>
    public bool Resume { internal get; init; }

    /// <summary>
    /// True to look once at each spine, as <see cref="PredictorSet.Fast"/> does. The training is the same, so that the
    /// folds of a cross-validation with all looks serve; what one look came to is written beside its results, in the
    /// folder one-look.
    /// </summary>
    public bool Fast { internal get; init; }

    /// <summary>
    /// The device on which every run computes; null (the default) for the device that the recipe names.
    /// </summary>
    public DeviceChoice? Device { internal get; init; }

    /// <summary>The command line as it was typed, word by word, for the page.</summary>
    public IReadOnlyList<string> Command { internal get; init; } = [];

    /// <summary>Finds the checkpoints that a stage names and that are not stages of the recipe.</summary>
    public required Func<string, Checkpoint> Resolve { internal get; init; }

    internal DeviceChoice DeviceChoice => Device ?? Recipe.Device;
}
