using System.Diagnostics.CodeAnalysis;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>What to run, on what, and where to.</summary>
public sealed class RunRequest
{
    public RunRequest()
    {
    }

    /// <summary>The same request, of which an initialiser may change a part.</summary>
    [SetsRequiredMembers]
    internal RunRequest(RunRequest other) =>
        (
            Recipe, DataFolders, OutFolder, HubFolder, Resume, AllowChanged, Device, Command, Include, DrawsOf,
            Resolve) = (
            other.Recipe, other.DataFolders, other.OutFolder, other.HubFolder, other.Resume, other.AllowChanged,
            other.Device, other.Command, other.Include, other.DrawsOf, other.Resolve);

    public required Recipe Recipe { internal get; init; }

    /// <summary>Folders by the names that the recipe gives its data.</summary>
    public required IReadOnlyDictionary<string, string> DataFolders { internal get; init; }

    /// <summary>Of the run: its state, logs and splits.</summary>
    public required string OutFolder { internal get; init; }

    /// <summary>Where finished checkpoints are stored.</summary>
    public required string HubFolder { internal get; init; }

    /// <summary>Go on where an earlier run in <see cref="OutFolder"/> stopped.</summary>
    public bool Resume { internal get; init; }

    /// <summary>For <see cref="AllowChanged"/>: the number of threads.</summary>
    public const string Threads = RunIdentity.Threads;

    /// <summary>For <see cref="AllowChanged"/>: the kind of device, processor or CUDA.</summary>
    public const string DeviceKind = RunIdentity.Device;

    /// <summary>
    /// What may be another than when the run began, by name: <see cref="Threads"/> or <see cref="DeviceKind"/>, by
    /// which the last digits of its numbers differ. Labels, images and their order may not.
    /// </summary>
    public IReadOnlyList<string> AllowChanged { internal get; init; } = [];

    /// <summary>Where every stage computes; null (default) as the recipe says.</summary>
    public DeviceChoice? Device { internal get; init; }

    internal DeviceChoice DeviceChoice => Device ?? Recipe.Device;

    /// <summary>As typed, for the checkpoint's card.</summary>
    public string Command { internal get; init; } = "";

    /// <summary>Of the data's samples those that the run may see; null for all.</summary>
    internal Func<Sample, bool>? Include { get; init; }

    /// <summary>
    /// The metric on the held-out part whose resampled values are kept, to be compared with other runs'; null for none.
    /// </summary>
    internal string? DrawsOf { get; init; }

    /// <summary>Finds a checkpoint that a stage names in <c>init</c> and that is no earlier stage.</summary>
    public required Func<string, Checkpoint> Resolve { internal get; init; }
}
