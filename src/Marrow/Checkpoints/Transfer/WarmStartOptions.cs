using Marrow.Tasks;
using Marrow.Tasks.Multitask;

namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// A rule that turns the source's keys with the prefix From into the target's keys with the prefix To, such as
/// "features." into "backbone.body.".
/// </summary>
internal sealed record PrefixRule(string From, string To);

/// <summary>Says which part of a source is taken over.</summary>
internal enum TransferScope
{
    /// <summary>
    /// Only the backbone is taken over. A head with a fitting shape may mean something else, and keeps its initial
    /// values.
    /// </summary>
    Backbone,

    /// <summary>
    /// Every fitting tensor is taken over, including heads. This suits the same task with the same classes.
    /// </summary>
    All,
}

/// <summary>Says which tensors a warm start may take over, and how names are matched.</summary>
public sealed class WarmStartOptions
{
    /// <summary>
    /// The part of the source whose tensors are taken over under their own names. Rules reach beyond it.
    /// </summary>
    internal TransferScope Scope { get; init; } = TransferScope.Backbone;

    /// <summary>
    /// Prefixes of the source's keys, each with the prefix that replaces it in the target. They are tried in this order
    /// before the rule that follows from the two architectures, and they are not limited to the backbone.
    /// </summary>
    public IReadOnlyList<(string From, string To)> Rules { internal get; init; } = [];

    /// <summary>Prefixes of those keys of the target that keep their initial values.</summary>
    internal IReadOnlyList<string> LeaveRandom { get; init; } = [];

    /// <summary>
    /// True to match the backbone's tensors that no name matches by the order of their shapes, for foreign files whose
    /// layers have other names. It is off by default, since equal shapes are only a guess, which the probe can confirm.
    /// </summary>
    internal bool MatchByShape { get; init; }

    /// <summary>
    /// Returns options that take over the whole model when architecture, task and classes are the same, and otherwise
    /// only the backbone. Of models of several tasks those parts are taken over that mean the same in both.
    /// </summary>
    internal static WarmStartOptions Between(CheckpointConfig source, CheckpointConfig target) => new()
    {
        Scope = source.Model.Architecture == target.Model.Architecture && source.Task == target.Task
            && source.Classes.SequenceEqual(target.Classes) && source.ExclusiveClasses == target.ExclusiveClasses
                ? TransferScope.All
                : TransferScope.Backbone,
        LeaveRandom =
        [
            .. (target.Parts ?? [])
                .Where(part => !(source.Parts ?? []).Any(part.MeansTheSame))
                .Select(part => $"{MultitaskNet.PartsPrefix}{part.Name}."),
        ],
    };
}
