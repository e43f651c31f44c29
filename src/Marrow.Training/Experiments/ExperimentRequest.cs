using System.Diagnostics.CodeAnalysis;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>
/// An experiment: the last stages of one recipe over amounts of labels x starting points x methods x seeds, on the same
/// held-out films and with the same number of steps.
/// </summary>
public sealed class ExperimentRequest
{
    public ExperimentRequest()
    {
    }

    /// <summary>The same request, of which an initialiser may change a part.</summary>
    [SetsRequiredMembers]
    internal ExperimentRequest(ExperimentRequest other) =>
        (
            Recipe, Stages, DataFolders, OutFolder, HubFolder, Fractions, Patients, Starts, Methods, Seeds, Metric,
            Resume, Save, Device, Command, Resolve) = (
            other.Recipe, other.Stages, other.DataFolders, other.OutFolder, other.HubFolder, other.Fractions,
            other.Patients, other.Starts, other.Methods, other.Seeds, other.Metric, other.Resume, other.Save,
            other.Device, other.Command, other.Resolve);

    /// <summary>With all its stages. Its overrides hold for every run, its seed is the first one's.</summary>
    public required Recipe Recipe { internal get; init; }

    /// <summary>
    /// Those that are carried out, by name; the first one gets the start, the last one is measured. Empty: the last.
    /// </summary>
    public IReadOnlyList<string> Stages { internal get; init; } = [];

    /// <summary>Folders by the names that the recipe gives its data.</summary>
    public required IReadOnlyDictionary<string, string> DataFolders { internal get; init; }

    /// <summary>Of the experiment: plan, runs, tables, picture and page.</summary>
    public required string OutFolder { get; init; }

    /// <summary>Where the models of checkpoint starts are saved.</summary>
    public required string HubFolder { internal get; init; }

    /// <summary>Shares of the training part's patients, above 0 to 1.</summary>
    public IReadOnlyList<double> Fractions { internal get; init; } = [];

    /// <summary>Numbers of patients, instead of <see cref="Fractions"/>.</summary>
    public IReadOnlyList<int> Patients { internal get; init; } = [];

    /// <summary>
    /// "scratch", "matched:NAME" (random weights with NAME's statistics in each layer) or what <see cref="Resolve"/>
    /// finds.
    /// </summary>
    public required IReadOnlyList<string> Starts { internal get; init; }

    /// <summary>
    /// "supervised" and the sections of the stages that can be left out ("uda", "teacher"). Empty: all that the recipe
    /// has.
    /// </summary>
    public IReadOnlyList<string> Methods { internal get; init; } = [];

    /// <summary>Runs of each kind, 1 to 100: the recipe's seed and those that follow it.</summary>
    public int Seeds { internal get; init; } = 3;

    /// <summary>
    /// One of those that can choose the best weights of the last stage's task. Null: the one that does.
    /// </summary>
    public string? Metric { internal get; init; }

    /// <summary>
    /// Go on with an experiment in <see cref="OutFolder"/>. Amounts, starts, methods and seeds may be added to it.
    /// </summary>
    public bool Resume { internal get; init; }

    /// <summary>
    /// At the end, save the model of each checkpoint start into <see cref="HubFolder"/>, with what the start was worth.
    /// </summary>
    public bool Save { internal get; init; } = true;

    /// <summary>Where every run computes; null (default) as the recipe says.</summary>
    public DeviceChoice? Device { internal get; init; }

    /// <summary>As typed, word by word, for the page.</summary>
    public IReadOnlyList<string> Command { internal get; init; } = [];

    /// <summary>Finds the checkpoints that <see cref="Starts"/> name.</summary>
    public required Func<string, Checkpoint> Resolve { internal get; init; }
}
