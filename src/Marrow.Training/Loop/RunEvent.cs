using System.Text.Json.Serialization;

namespace Marrow.Training.Loop;

/// <summary>
/// What a run says of itself while it goes on: training loops raise one every few steps and one at the end of each
/// epoch; progress displays and JSON-lines logs take it as it is.
/// </summary>
public sealed class RunEvent
{
    internal RunEvent(string stage) => Stage = stage;

    /// <summary>The same event, of which an initialiser may change a part.</summary>
    internal RunEvent(RunEvent other) =>
        (
            Stage, Epoch, Step, Steps, Loss, Losses, Unlabeled, LearningRate, ImagesPerSecond, WaitShare, MemoryGiB,
            Eta, Metrics, Message) = (
            other.Stage, other.Epoch, other.Step, other.Steps, other.Loss, other.Losses, other.Unlabeled,
            other.LearningRate, other.ImagesPerSecond, other.WaitShare, other.MemoryGiB, other.Eta, other.Metrics,
            other.Message);

    /// <summary>Name of the recipe's stage.</summary>
    public string Stage { get; internal init; }

    /// <summary>The epoch, counted from 1; 0 while none has begun.</summary>
    public int Epoch { get; internal init; }

    /// <summary>Steps done in this stage, over all epochs.</summary>
    public int Step { get; internal init; }

    /// <summary>Steps of the whole stage; 0 while unknown.</summary>
    public int Steps { get; internal init; }

    /// <summary>Mean since the last event; null when no step was taken (validation, preparation).</summary>
    public double? Loss { get; internal init; }

    /// <summary>
    /// The parts of <see cref="Loss"/> by name ("class", "box", "corners"); empty when no step was taken.
    /// </summary>
    [JsonInclude] internal IReadOnlyDictionary<string, double> Losses { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// What unlabelled images came to since the last event, by name ("accepted": the share whose answers were confident
    /// enough); empty where a step learns from none.
    /// </summary>
    public IReadOnlyDictionary<string, double> Unlabeled { get; internal init; } = new Dictionary<string, double>();

    /// <summary>Of the head; the backbone's may be a fraction of it.</summary>
    public double? LearningRate { get; internal init; }

    public double? ImagesPerSecond { get; internal init; }

    /// <summary>Share of the time (0 to 1) that steps waited for data since the last event.</summary>
    public double? WaitShare { get; internal init; }

    /// <summary>The process's resident memory now; native tensors count. Null when no step was taken.</summary>
    [JsonInclude] internal double? MemoryGiB { get; init; }

    /// <summary>Expected time to the end of the stage.</summary>
    public TimeSpan? Eta { get; internal init; }

    /// <summary>Validation metrics by name; empty but after an evaluation.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; internal init; } = new Dictionary<string, double>();

    /// <summary>
    /// A line for the reader ("warm start: 98.2 % of the backbone copied"); null when the numbers say it all.
    /// </summary>
    public string? Message { get; internal init; }

    /// <summary>Of work in a run that takes no training steps: its images or runs are counted as steps.</summary>
    internal static RunEvent Of(Progress at, string? message = null, TimeSpan? eta = null) => new(stage: at.What)
    {
        Step = checked((int)at.Done),
        Steps = checked((int)at.Total),
        Message = message,
        Eta = eta,
    };
}
