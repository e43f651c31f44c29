using System.Text.Json.Serialization;
using Marrow.Checkpoints.Transfer;
using Marrow.Metrics;
using Marrow.Training.Loop;

namespace Marrow.Training.Runs;

/// <summary>What one stage came to.</summary>
public sealed class StageResult
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
    public string Folder { get; private set; }

    /// <summary>Null when it started from random weights.</summary>
    [JsonInclude] public TransferReceipt? Receipt { get; internal init; }

    /// <summary>On the held-out part; empty when there is none.</summary>
    public IReadOnlyList<MetricValue> Metrics { get; }

    [JsonInclude] internal RunProgress Progress { get; }

    /// <summary>Images trained on, chosen by, held out.</summary>
    public int TrainingImages { get; }
    public int ValidationImages { get; }
    public int HeldOutImages { get; }

    /// <summary>How many images were trained on without labels.</summary>
    [JsonInclude] internal int UnlabeledImages { get; init; }

    /// <summary>The most memory that the process has taken so far.</summary>
    [JsonInclude] internal double PeakMemoryGiB { get; }

    /// <summary>Share of the training time that steps waited for data.</summary>
    [JsonInclude] internal double WaitShare { get; }

    /// <summary>The same stage, with its checkpoint in another folder.</summary>
    internal StageResult In(string folder)
    {
        var moved = (StageResult)MemberwiseClone();
        moved.Folder = folder;
        return moved;
    }
}
