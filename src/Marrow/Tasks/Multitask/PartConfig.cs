using System.Text.Json;
using Marrow.Datasets;
using Marrow.Inputs;

namespace Marrow.Tasks.Multitask;

/// <summary>
/// What config.json says of one part of a checkpoint of several tasks: all that the config of a checkpoint for the
/// part's task alone would say, except for its model, which stands among <see cref="ModelSpec.Parts"/>. A part has no
/// parts.
/// </summary>
internal sealed record PartConfig
{
    /// <summary>The name of the part, as the model's specification has it.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the part's task.</summary>
    public required string Task { get; init; }

    /// <summary>See <see cref="CheckpointConfig.Classes"/>.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>See <see cref="CheckpointConfig.ExclusiveClasses"/>.</summary>
    public bool ExclusiveClasses { get; init; }

    /// <summary>See <see cref="CheckpointConfig.ThreeClassFindings"/>.</summary>
    public IReadOnlyList<ThreeClassFinding> ThreeClassFindings { get; init; } = [];

    /// <summary>Says how an image becomes the input that the part expects.</summary>
    public required InputContract Input { get; init; }

    /// <summary>See <see cref="CheckpointConfig.Decoding"/>.</summary>
    public JsonElement? Decoding { get; init; }

    /// <summary>The meaning of each output of the part.</summary>
    public required IReadOnlyList<OutputMeaning> Outputs { get; init; }

    /// <summary>Returns what the config of a model for the part's task alone says.</summary>
    public static PartConfig Of(string name, CheckpointConfig alone) => new()
    {
        Name = name,
        Task = alone.Task,
        Classes = alone.Classes,
        ExclusiveClasses = alone.ExclusiveClasses,
        ThreeClassFindings = alone.ThreeClassFindings,
        Input = alone.Input,
        Decoding = alone.Decoding,
        Outputs = alone.Outputs,
    };

    /// <summary>Returns the config that the part would have if it were a checkpoint of its own.</summary>
    /// <param name="model">The specification of the part's model.</param>
    /// <param name="version">The version of Marrow that wrote the checkpoint.</param>
    public CheckpointConfig Alone(ModelSpec model, string version) => new()
    {
        Model = model,
        Task = Task,
        Classes = Classes,
        ExclusiveClasses = ExclusiveClasses,
        ThreeClassFindings = ThreeClassFindings,
        Input = Input,
        Decoding = Decoding,
        Outputs = Outputs,
        MarrowVersion = version,
    };

    /// <summary>True when both parts say the same things of an image, whatever their weights are.</summary>
    public bool MeansTheSame(PartConfig other) =>
        Name == other.Name
        && Task == other.Task
        && Classes.SequenceEqual(other.Classes)
        && ExclusiveClasses == other.ExclusiveClasses
        && ThreeClassFindings.SequenceEqual(other.ThreeClassFindings);
}
