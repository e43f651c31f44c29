using Marrow.Tasks;

namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// Keys of the source that begin with From are the target's that begin with To: "features." -> "backbone.body.".
/// </summary>
internal sealed record PrefixRule(string From, string To);

/// <summary>How much of a source is taken over.</summary>
internal enum TransferScope
{
    /// <summary>Only the backbone: a head whose shape happens to fit means something else and stays random.</summary>
    Backbone,

    /// <summary>Whatever fits, heads as well: for the same task with the same classes.</summary>
    All,
}

/// <summary>What may be taken over, and how names are matched.</summary>
public sealed class WarmStartOptions
{
    /// <summary>How far keys of the same name are taken over; rules reach beyond it.</summary>
    internal TransferScope Scope { get; init; } = TransferScope.Backbone;

    /// <summary>
    /// Prefixes of the source's keys and what stands for them in the target's. They are tried in their order, before
    /// the rule that follows from the two architectures, and reach beyond the backbone.
    /// </summary>
    public IReadOnlyList<(string From, string To)> Rules { internal get; init; } = [];

    /// <summary>Keys of the target that begin with one of these stay random.</summary>
    internal IReadOnlyList<string> LeaveRandom { get; init; } = [];

    /// <summary>
    /// What no name matches in the backbone is matched by the order of shapes: for foreign files whose layers have
    /// other names. Off by default: equal shapes are a guess, which the probe can confirm.
    /// </summary>
    internal bool MatchByShape { get; init; }

    /// <summary>The whole model when architecture, task and classes are the same, otherwise the backbone.</summary>
    internal static WarmStartOptions Between(CheckpointConfig source, CheckpointConfig target) => new()
    {
        Scope = source.Model.Architecture == target.Model.Architecture && source.Task == target.Task
            && source.Classes.SequenceEqual(target.Classes) && source.ExclusiveClasses == target.ExclusiveClasses
                ? TransferScope.All
                : TransferScope.Backbone,
    };
}
