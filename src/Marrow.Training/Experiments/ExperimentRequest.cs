using System.Diagnostics.CodeAnalysis;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>
/// An experiment: the last stages of one recipe for all combinations of amounts of labels, starting points, methods and
/// seeds, on the same held-out images and with the same number of steps.
/// </summary>
public sealed class ExperimentRequest
{
    /// <summary>Creates a request. Its required properties have to be set.</summary>
    public ExperimentRequest()
    {
    }

    /// <summary>Copies a request. An initialiser can then replace some of its parts.</summary>
    [SetsRequiredMembers]
    internal ExperimentRequest(ExperimentRequest other) =>
        (
            Recipe, Stages, DataFolders, OutFolder, HubFolder, Fractions, Patients, Starts, Methods, Seeds, Metric,
            Resume, Save, Device, Command, Resolve) = (
            other.Recipe, other.Stages, other.DataFolders, other.OutFolder, other.HubFolder, other.Fractions,
            other.Patients, other.Starts, other.Methods, other.Seeds, other.Metric, other.Resume, other.Save,
            other.Device, other.Command, other.Resolve);

    /// <summary>
    /// The recipe with all its stages. Its overrides apply to every run, and its seed is that of the first run.
    /// </summary>
    public required Recipe Recipe { internal get; init; }

    /// <summary>
    /// The names of the stages that are carried out. The first one gets the starting point, the last one is measured.
    /// When the list is empty, only the recipe's last stage is carried out.
    /// </summary>
    public IReadOnlyList<string> Stages { internal get; init; } = [];

    /// <summary>The folder of each data set, by the name that the recipe gives it.</summary>
    public required IReadOnlyDictionary<string, string> DataFolders { internal get; init; }

    /// <summary>The folder for the experiment's plan, runs, tables, picture and page.</summary>
    public required string OutFolder { get; init; }

    /// <summary>The folder of the hub in which the models of checkpoint starts are saved.</summary>
    public required string HubFolder { internal get; init; }

    /// <summary>The amounts of labels, as shares of the training part's patients, above 0 to 1.</summary>
    public IReadOnlyList<double> Fractions { internal get; init; } = [];

    /// <summary>The amounts of labels as numbers of patients, in place of <see cref="Fractions"/>.</summary>
    public IReadOnlyList<int> Patients { internal get; init; } = [];

    /// <summary>
    /// The starting points: "scratch", "matched:NAME" (random weights with NAME's statistics in each layer), or a
    /// reference that <see cref="Resolve"/> finds.
    /// </summary>
    public required IReadOnlyList<string> Starts { internal get; init; }

    /// <summary>
    /// The methods: "supervised", and the sections of the stages that can be left out ("uda", "teacher"). When the list
    /// is empty, all methods of the recipe are used.
    /// </summary>
    public IReadOnlyList<string> Methods { internal get; init; } = [];

    /// <summary>
    /// The number of runs of each combination, 1 to 100. Their seeds are the recipe's seed and the numbers that follow
    /// it.
    /// </summary>
    public int Seeds { internal get; init; } = 3;

    /// <summary>
    /// The metric that is compared, one of those by which the task of the last stage can choose its best weights; null
    /// for the one that it uses.
    /// </summary>
    public string? Metric { internal get; init; }

    /// <summary>
    /// True to continue an experiment in <see cref="OutFolder"/>. Amounts, starts, methods and seeds may be added to
    /// it.
    /// </summary>
    public bool Resume { internal get; init; }

    /// <summary>
    /// True to save the model of each checkpoint start into <see cref="HubFolder"/> at the end, with what the start was
    /// worth.
    /// </summary>
    public bool Save { internal get; init; } = true;

    /// <summary>
    /// The device on which every run computes; null (the default) for the device that the recipe names.
    /// </summary>
    public DeviceChoice? Device { internal get; init; }

    /// <summary>The command line as it was typed, word by word, for the experiment's page.</summary>
    public IReadOnlyList<string> Command { internal get; init; } = [];

    /// <summary>Finds the checkpoints that <see cref="Starts"/> name.</summary>
    public required Func<string, Checkpoint> Resolve { internal get; init; }
}
