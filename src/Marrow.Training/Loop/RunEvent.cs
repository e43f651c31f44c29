using System.Text.Json.Serialization;

namespace Marrow.Training.Loop;

/// <summary>
/// An event of a run. Training raises one after every few steps and one at the end of each epoch. Progress displays
/// show it and JSON-lines logs store it without further changes.
/// </summary>
public sealed class RunEvent
{
    internal RunEvent(string stage) => Stage = stage;

    /// <summary>Copies an event. An initialiser can then replace some of its parts.</summary>
    internal RunEvent(RunEvent other) =>
        (
            Stage, Epoch, Step, Steps, Loss, Losses, Unlabeled, LearningRate, ImagesPerSecond, WaitShare, MemoryGiB,
            Eta, Metrics, Message) = (
            other.Stage, other.Epoch, other.Step, other.Steps, other.Loss, other.Losses, other.Unlabeled,
            other.LearningRate, other.ImagesPerSecond, other.WaitShare, other.MemoryGiB, other.Eta, other.Metrics,
            other.Message);

    /// <summary>The name of the recipe's stage.</summary>
    public string Stage { get; internal init; }

    /// <summary>The epoch, counted from 1; 0 while none has begun.</summary>
    public int Epoch { get; internal init; }

    /// <summary>The number of steps done in this stage, over all epochs.</summary>
    public int Step { get; internal init; }

    /// <summary>The number of steps of the whole stage; 0 while it is unknown.</summary>
    public int Steps { get; internal init; }

    /// <summary>
    /// The mean loss since the last event; null when no step was taken, as during validation and preparation.
    /// </summary>
    public double? Loss { get; internal init; }

    /// <summary>
    /// The parts of <see cref="Loss"/> by name, such as "class", "box" and "corners"; empty when no step was taken.
    /// </summary>
    [JsonInclude] internal IReadOnlyDictionary<string, double> Losses { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// Values about the unlabelled images since the last event, by name, such as "accepted", the share of answers that
    /// were confident enough; empty when a step does not use unlabelled images.
    /// </summary>
    public IReadOnlyDictionary<string, double> Unlabeled { get; internal init; } = new Dictionary<string, double>();

    /// <summary>
    /// The learning rate of the head, of which the backbone's may be a fraction; null when no step was taken.
    /// </summary>
    public double? LearningRate { get; internal init; }

    /// <summary>The number of images that were trained on in each second; null when no step was taken.</summary>
    public double? ImagesPerSecond { get; internal init; }

    /// <summary>
    /// The share of the time since the last event, 0 to 1, in which steps waited for data; null when no step was taken.
    /// </summary>
    public double? WaitShare { get; internal init; }

    /// <summary>
    /// The resident memory of the process in GiB, including native tensors; null when no step was taken.
    /// </summary>
    [JsonInclude] internal double? MemoryGiB { get; init; }

    /// <summary>The expected time until the end of the stage; null while it is unknown.</summary>
    public TimeSpan? Eta { get; internal init; }

    /// <summary>The validation metrics by name; empty unless the event follows an evaluation.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; internal init; } = new Dictionary<string, double>();

    /// <summary>
    /// A line of text for readers, such as "warm start: 98.2 % of the backbone copied"; null when the numbers say
    /// everything.
    /// </summary>
    public string? Message { get; internal init; }

    /// <summary>
    /// Creates an event of work that takes no training steps. Its images or runs are counted as steps.
    /// </summary>
    internal static RunEvent Of(Progress at, string? message = null, TimeSpan? eta = null) => new(stage: at.What)
    {
        Step = checked((int)at.Done),
        Steps = checked((int)at.Total),
        Message = message,
        Eta = eta,
    };
}
