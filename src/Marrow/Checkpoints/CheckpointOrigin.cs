using System.Text.Json.Serialization;

namespace Marrow.Checkpoints;

/// <summary>How weights were trained, for a machine to read; the card says the same to a person.</summary>
public sealed class TrainingRecord
{
    [JsonConstructor]
    internal TrainingRecord(string recipe, string stage, string command, ulong seed, double seconds) =>
        (Recipe, Stage, Command, Seed, Seconds) = (recipe, stage, command, seed, seconds);

    /// <summary>The text of the recipe.</summary>
    [JsonInclude] internal string Recipe { get; }

    /// <summary>Of the recipe; "" where there is but one.</summary>
    [JsonInclude] internal string Stage { get; }

    public string Command { get; }

    public ulong Seed { get; }

    [JsonInclude] internal double Seconds { get; }
}

/// <summary>What made a checkpoint.</summary>
public sealed class CheckpointOrigin
{
    [JsonConstructor]
    internal CheckpointOrigin(string code, TrainingRecord? training = null) => (Code, Training) = (code, training);

    /// <summary>Version of Marrow with the commit it was built from, "0.1.0+de93ac4...".</summary>
    public string Code { get; }

    /// <summary>Null for weights that were imported.</summary>
    public TrainingRecord? Training { get; }
}
