namespace Marrow.Training.Loop;

/// <summary>
/// What a run says of itself while it goes on: training loops raise one every few steps and one at the end of each
/// epoch; progress displays and JSON-lines logs take it as it is.
/// </summary>
public sealed record RunEvent
{
    /// <summary>Name of the recipe's stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The epoch, counted from 1; 0 while none has begun.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps done in this stage, over all epochs.</summary>
    public int Step { get; init; }

    /// <summary>Steps of the whole stage; 0 while unknown.</summary>
    public int Steps { get; init; }

    /// <summary>Mean since the last event; null when no step was taken (validation, preparation).</summary>
    public double? Loss { get; init; }

    /// <summary>The parts of <see cref="Loss"/> by name ("class", "box", "corners"); empty when no step was taken.</summary>
    public IReadOnlyDictionary<string, double> Losses { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// What unlabelled images came to since the last event, by name ("accepted": the share whose answers were confident
    /// enough); empty where a step learns from none.
    /// </summary>
    public IReadOnlyDictionary<string, double> Unlabeled { get; init; } = new Dictionary<string, double>();

    /// <summary>Of the head; the backbone's may be a fraction of it.</summary>
    public double? LearningRate { get; init; }

    public double? ImagesPerSecond { get; init; }

    /// <summary>Share of the time (0 to 1) that steps waited for data since the last event.</summary>
    public double? WaitShare { get; init; }

    /// <summary>The process's resident memory now; native tensors count. Null when no step was taken.</summary>
    public double? MemoryGiB { get; init; }

    /// <summary>Expected time to the end of the stage.</summary>
    public TimeSpan? Eta { get; init; }

    /// <summary>Validation metrics by name; empty but after an evaluation.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>A line for the reader ("warm start: 98.2 % of the backbone copied"); null when the numbers say it all.</summary>
    public string? Message { get; init; }

    /// <summary>Of work in a run that takes no training steps: its images or runs are counted as steps.</summary>
    public static RunEvent Of(Progress at) =>
        new() { Stage = at.What, Step = checked((int)at.Done), Steps = checked((int)at.Total) };
}
