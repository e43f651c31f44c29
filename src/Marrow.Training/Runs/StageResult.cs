using System.Text.Json.Serialization;
using Marrow.Checkpoints.Transfer;
using Marrow.Metrics;
using Marrow.Training.Loop;

namespace Marrow.Training.Runs;

/// <summary>The outcome of one stage.</summary>
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

    /// <summary>The name of the stage in the recipe.</summary>
    public string Stage { get; }

    /// <summary>The name of the task that was trained.</summary>
    public string Task { get; }

    /// <summary>The name and the digest of the checkpoint.</summary>
    public string Checkpoint { get; }

    /// <summary>The folder of the checkpoint.</summary>
    public string Folder { get; private set; }

    /// <summary>The receipt of the warm start; null when the weights began at random.</summary>
    [JsonInclude] public TransferReceipt? Receipt { get; internal init; }

    /// <summary>The metrics on the held-out part; empty when nothing was held out.</summary>
    public IReadOnlyList<MetricValue> Metrics { get; }

    /// <summary>
    /// One sentence for each reason why <see cref="Metrics"/> are no measure of new images, such as a start that was
    /// trained on images that the stage held out; empty when there is none.
    /// </summary>
    [JsonInclude] public IReadOnlyList<string> Warnings { get; internal init; } = [];

    [JsonInclude] internal RunProgress Progress { get; }

    /// <summary>The number of images on which the model was trained.</summary>
    public int TrainingImages { get; }

    /// <summary>The number of images by which the best weights were chosen.</summary>
    public int ValidationImages { get; }

    /// <summary>The number of images that were held out for the final measurement.</summary>
    public int HeldOutImages { get; }

    /// <summary>The number of unlabelled images on which the model was trained.</summary>
    [JsonInclude] internal int UnlabeledImages { get; init; }

    /// <summary>The most memory, in GiB, that the process has used so far.</summary>
    [JsonInclude] internal double PeakMemoryGiB { get; }

    /// <summary>The share of the training time, 0 to 1, in which steps waited for data.</summary>
    [JsonInclude] internal double WaitShare { get; }

    /// <summary>Returns the same result with the checkpoint in another folder.</summary>
    internal StageResult In(string folder)
    {
        var moved = (StageResult)MemberwiseClone();
        moved.Folder = folder;
        return moved;
    }
}
