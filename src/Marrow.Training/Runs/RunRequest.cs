using System.Text.Json.Serialization;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Metrics;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>What to run, on what, and where to.</summary>
public sealed record RunRequest
{
    public required Recipe Recipe { get; init; }

    /// <summary>Folders by the names that the recipe gives its data.</summary>
    public required IReadOnlyDictionary<string, string> DataFolders { get; init; }

    /// <summary>Of the run: its state, logs and splits.</summary>
    public required string OutFolder { get; init; }

    /// <summary>Where finished checkpoints are stored.</summary>
    public required string HubFolder { get; init; }

    /// <summary>Go on where an earlier run in <see cref="OutFolder"/> stopped.</summary>
    public bool Resume { get; init; }

    /// <summary>For <see cref="AllowChanged"/>: the number of threads.</summary>
    public const string Threads = RunIdentity.Threads;

    /// <summary>For <see cref="AllowChanged"/>: the kind of device, processor or CUDA.</summary>
    public const string DeviceKind = RunIdentity.Device;

    /// <summary>
    /// What may be another than when the run began, by name: <see cref="Threads"/> or <see cref="DeviceKind"/>, by
    /// which the last digits of its numbers differ. Labels, images and their order may not.
    /// </summary>
    public IReadOnlyList<string> AllowChanged { get; init; } = [];

    /// <summary>Where every stage computes; null (default) as the recipe says.</summary>
    public DeviceChoice? Device { get; init; }

    internal DeviceChoice DeviceChoice => Device ?? Recipe.Device;

    /// <summary>As typed, for the checkpoint's card.</summary>
    public string Command { get; init; } = "";

    /// <summary>Of the data's samples those that the run may see; null for all.</summary>
    internal Func<Sample, bool>? Include { get; init; }

    /// <summary>
    /// The metric on the held-out part whose resampled values are kept, to be compared with other runs'; null for none.
    /// </summary>
    internal string? DrawsOf { get; init; }

    /// <summary>Finds a checkpoint that a stage names in <c>init</c> and that is no earlier stage.</summary>
    public required Func<string, Checkpoint> Resolve { get; init; }
}

/// <summary>What one stage came to.</summary>
public sealed record StageResult
{
    [JsonConstructor]
    internal StageResult(
        string stage, string task, string checkpoint, string folder, IReadOnlyList<MetricValue> metrics,
        RunProgress progress, int trainingImages, int validationImages, int heldOutImages, double peakMemoryGiB,
        double waitShare) =>
        (
            Stage, Task, Checkpoint, Folder, Metrics, Progress, TrainingImages, ValidationImages, HeldOutImages,
            PeakMemoryGiB, WaitShare) = (
            stage, task, checkpoint, folder, metrics, progress, trainingImages, validationImages, heldOutImages,
            peakMemoryGiB, waitShare);

    public string Stage { get; }
    public string Task { get; }

    /// <summary>Name and digest of the checkpoint, and its folder.</summary>
    public string Checkpoint { get; }
    public string Folder { get; internal init; }

    /// <summary>Null when it started from random weights.</summary>
    [JsonInclude] public TransferReceipt? Receipt { get; internal init; }

    /// <summary>On the held-out part; empty when there is none.</summary>
    public IReadOnlyList<MetricValue> Metrics { get; }

    public RunProgress Progress { get; }

    /// <summary>Images trained on, chosen by, held out.</summary>
    public int TrainingImages { get; }
    public int ValidationImages { get; }
    public int HeldOutImages { get; }

    /// <summary>How many images were trained on without labels.</summary>
    [JsonInclude] internal int UnlabeledImages { get; init; }

    /// <summary>The most memory that the process has taken so far.</summary>
    public double PeakMemoryGiB { get; }

    /// <summary>Share of the training time that steps waited for data.</summary>
    public double WaitShare { get; }
}
