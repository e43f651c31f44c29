// Training programs keep several sets of weights in one file: the model's, an average of them, a teacher's, the state
// of the optimizer. Which set is read is decided here, by names, for dictionaries within a file (StateDict) and for
// prefixes of keys (ForeignKeys) alike.

namespace Marrow.Weights;

/// <summary>Knows sets of weights by the names that training programs give them.</summary>
internal static class WeightParts
{
    private const int LongestName = 256; // characters; longer ones come from no program

    /// <summary>
    /// The names under which programs keep the weights that the optimizer trained. Where a file has several of them,
    /// the first one in this order is read.
    /// </summary>
    public static readonly IReadOnlyList<string> Trained =
    [
        "state_dict",
        "model_state_dict",
        "model_state",
        "model",
        "net",
        "network",
        "weights",
        "module",
        "params",
        "student",
    ];

    /// <summary>Words in the names of averages of weights, which are read only where there are no others.</summary>
    private static readonly string[] AveragedWords =
        ["ema", "swa", "averaged", "average", "teacher", "momentum", "shadow", "target"];

    /// <summary>The second encoder of MoCo, whose weights follow those of "encoder_q".</summary>
    private const string MomentumEncoder = "encoder_k";

    /// <summary>Words in the names of what lies beside weights and holds none, whatever tensors are in it.</summary>
    private static readonly string[] StateWords =
    [
        "optim",
        "optimizer",
        "optimizers",
        "optimiser",
        "opt",
        "scheduler",
        "schedulers",
        "sched",
        "scaler",
        "amp",
        "callbacks",
        "loops",
        "rng",
        "hyper",
        "metric",
        "metrics",
    ];

    /// <summary>Words in the names of losses and metrics, whose fields stand beside a network's in its keys.</summary>
    private static readonly string[] LossWords = ["loss", "losses", "criterion", "metric", "metrics"];

    /// <summary>
    /// Returns true when a part of a place such as "ema.state_dict" names an average of weights. Parts are separated by
    /// dots.
    /// </summary>
    public static bool IsAveraged(string place) =>
        place.Split('.').Any(name => name == MomentumEncoder || HasWord(name, AveragedWords));

    /// <summary>Returns true for the name of what is never taken for weights, such as "optimizer_states".</summary>
    public static bool HoldsNoWeights(string name) => HasWord(name, StateWords);

    /// <summary>Returns true for the name of a field that holds a loss or a metric, such as "loss_fn".</summary>
    public static bool IsLoss(string name) => HasWord(name, LossWords);

    private static bool HasWord(string name, string[] words) =>
        name.Length <= LongestName
        && name.Split('_', '-').Any(word => words.Contains(word, StringComparer.OrdinalIgnoreCase));
}
