using System.Text.Json.Serialization;

namespace Marrow.Checkpoints;

/// <summary>
/// A record of how weights were trained, for programs to read. The model card tells the same to people.
/// </summary>
public sealed class TrainingRecord
{
    [JsonConstructor]
    internal TrainingRecord(string recipe, string stage, string command, ulong seed, double seconds) =>
        (Recipe, Stage, Command, Seed, Seconds) = (recipe, stage, command, seed, seconds);

    /// <summary>The text of the recipe.</summary>
    [JsonInclude] internal string Recipe { get; }

    /// <summary>The name of the recipe's stage; "" when the recipe has only one.</summary>
    [JsonInclude] internal string Stage { get; }

    /// <summary>The command line that started the training, as it was typed.</summary>
    public string Command { get; }

    /// <summary>The seed of the training run.</summary>
    public ulong Seed { get; }

    [JsonInclude] internal double Seconds { get; }
}

/// <summary>Records which version of Marrow made a checkpoint, and by which training.</summary>
public sealed class CheckpointOrigin
{
    [JsonConstructor]
    internal CheckpointOrigin(string code, TrainingRecord? training = null) => (Code, Training) = (code, training);

    /// <summary>The version of Marrow with the commit from which it was built, such as "0.1.0+de93ac4...".</summary>
    public string Code { get; }

    /// <summary>How the weights were trained; null for weights that were imported.</summary>
    public TrainingRecord? Training { get; }
}
