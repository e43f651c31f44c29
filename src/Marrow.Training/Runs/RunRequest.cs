using System.Diagnostics.CodeAnalysis;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>Says which recipe to run, on which data, and where the results go.</summary>
public sealed class RunRequest
{
    /// <summary>Creates a request. Its required properties have to be set.</summary>
    public RunRequest()
    {
    }

    /// <summary>Copies a request. An initialiser can then replace some of its parts.</summary>
    [SetsRequiredMembers]
    internal RunRequest(RunRequest other) =>
        (
            Recipe, DataFolders, OutFolder, HubFolder, Resume, AllowChanged, Device, Command, Include,
            DividesByPatientAlone, DrawsOf, Resolve) = (
            other.Recipe, other.DataFolders, other.OutFolder, other.HubFolder, other.Resume, other.AllowChanged,
            other.Device, other.Command, other.Include, other.DividesByPatientAlone, other.DrawsOf, other.Resolve);

    /// <summary>The recipe to run.</summary>
    public required Recipe Recipe { internal get; init; }

    /// <summary>The folder of each data set, by the name that the recipe gives it.</summary>
    public required IReadOnlyDictionary<string, string> DataFolders { internal get; init; }

    /// <summary>The folder for the run's state, logs and splits.</summary>
    public required string OutFolder { internal get; init; }

    /// <summary>The folder of the hub in which finished checkpoints are saved.</summary>
    public required string HubFolder { internal get; init; }

    /// <summary>True to continue where an earlier run in <see cref="OutFolder"/> has stopped.</summary>
    public bool Resume { internal get; init; }

    /// <summary>The name of the number of threads, for <see cref="AllowChanged"/>.</summary>
    public const string Threads = RunIdentity.Threads;

    /// <summary>The name of the kind of device (processor or CUDA), for <see cref="AllowChanged"/>.</summary>
    public const string DeviceKind = RunIdentity.Device;

    /// <summary>
    /// The names of what may differ from the beginning of the run: <see cref="Threads"/> or <see cref="DeviceKind"/>.
    /// Both only affect the last digits of the run's numbers. Labels, images and their order must stay the same.
    /// </summary>
    public IReadOnlyList<string> AllowChanged { internal get; init; } = [];

    /// <summary>
    /// The device on which every stage computes; null (the default) for the device that the recipe names.
    /// </summary>
    public DeviceChoice? Device { internal get; init; }

    internal DeviceChoice DeviceChoice => Device ?? Recipe.Device;

    /// <summary>The command line as it was typed, for the model cards of the checkpoints.</summary>
    public string Command { internal get; init; } = "";

    /// <summary>Returns true for those samples that the run may use; null to use all.</summary>
    internal Func<Sample, bool>? Include { get; init; }

    /// <summary>
    /// True for a run whose data is not searched for copies of films, whatever its recipe says: part of an experiment
    /// that was planned before there was such a search.
    /// </summary>
    internal bool DividesByPatientAlone { get; init; }

    /// <summary>
    /// The held-out metric whose resampled values are kept, so that it can be compared with that of other runs; null
    /// for none.
    /// </summary>
    internal string? DrawsOf { get; init; }

    /// <summary>
    /// Finds a checkpoint that a stage names in <c>init</c> and that is not an earlier stage of the recipe.
    /// </summary>
    public required Func<string, Checkpoint> Resolve { internal get; init; }
}
