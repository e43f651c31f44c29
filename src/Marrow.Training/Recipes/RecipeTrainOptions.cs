using Marrow.Computing;
using Marrow.Tasks.Familiarity;

namespace Marrow.Training.Recipes;

// How a stage is trained: the keys under "train:", whose ranges and sentences stand in RecipeTrain. Defaults suit
// fine-tuning on two CPU cores.

/// <summary>adamw: Loshchilov and Hutter 2019; sgd: with Nesterov-free momentum.</summary>
internal enum OptimizerKind
{
    AdamW,
    Sgd,
}

/// <summary>The learning rate's course after the warm-up.</summary>
internal enum ScheduleKind
{
    /// <summary>Half a cosine down to 0 at the last step (Loshchilov and Hutter 2017, without restarts).</summary>
    Cosine,

    /// <summary>
    /// Times <see cref="TrainOptions.StepFactor"/> every <see cref="TrainOptions.StepEpochs"/> epochs.
    /// </summary>
    Step,
    Constant,
}

internal enum Unfreezing
{
    /// <summary>What is frozen stays frozen to the end.</summary>
    None,

    /// <summary>
    /// Frozen backbone stages are released one after another, the deepest first (ULMFiT, Howard and Ruder 2018).
    /// </summary>
    Gradual,
}

internal enum BatchNormMode
{
    /// <summary>Statistics of the batch, running averages kept.</summary>
    Running,

    /// <summary>
    /// The stored statistics, never changed, and weights and biases that do not learn: for warm starts with small
    /// batches.
    /// </summary>
    Frozen,
}

/// <summary>How long, with what optimizer, and how a stage is watched.</summary>
internal sealed record TrainOptions
{
    /// <summary>The value of <see cref="Freeze"/> for "backbone".</summary>
    public const int WholeBackbone = int.MaxValue;

    /// <summary>What <see cref="LearningRate"/> is for sgd where a recipe does not say.</summary>
    public const double SgdLearningRate = 0.01;

    /// <summary>What <see cref="WeightDecay"/> is for sgd where a recipe does not say.</summary>
    public const double SgdWeightDecay = 1e-4;

    /// <summary>
    /// Passes over the training part. 0 when only <see cref="Steps"/> was given: no limit.
    /// </summary>
    public int Epochs { get; init; } = 10;

    /// <summary>
    /// Optimizer steps; 0: no limit. With epochs given too, the run ends at whichever comes first.
    /// </summary>
    public int Steps { get; init; }

    /// <summary>Images in a batch.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Batches whose gradients are averaged into one step.</summary>
    public int Accumulate { get; init; } = 1;

    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>YAML lr. The highest rate, reached after the warm-up.</summary>
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>Of weights, not of biases and norms; decoupled for adamw.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>sgd only.</summary>
    public double Momentum { get; init; } = 0.9;

    public ScheduleKind Schedule { get; init; } = ScheduleKind.Cosine;

    /// <summary>Share of all steps in which the rate rises linearly from 0.</summary>
    public double Warmup { get; init; } = 0.05;

    /// <summary>Schedule step only: epochs between drops.</summary>
    public int StepEpochs { get; init; } = 10;

    /// <summary>Schedule step only: what the rate is multiplied by.</summary>
    public double StepFactor { get; init; } = 0.1;

    /// <summary>The backbone's rate as a multiple of <see cref="LearningRate"/>.</summary>
    public double BackboneLr { get; init; } = 1;

    /// <summary>Each backbone stage's rate as a multiple of the next deeper one's.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>
    /// Backbone stages that start frozen, from the stem on; all of them: <see cref="WholeBackbone"/>.
    /// </summary>
    public int Freeze { get; init; }

    public Unfreezing Unfreeze { get; init; } = Unfreezing.None;

    public BatchNormMode BatchNorm { get; init; } = BatchNormMode.Running;

    /// <summary>Decay a step of the averaged weights that are evaluated and kept; 0: off.</summary>
    public double Ema { get; init; }

    /// <summary>Largest norm of all gradients together; 0: off.</summary>
    public double ClipNorm { get; init; }

    public Precision Precision { get; init; } = Precision.Auto;

    /// <summary>Null (YAML auto): where the device gains from it.</summary>
    public bool? ChannelsLast { get; init; }

    /// <summary>
    /// Epochs between evaluations on the validation part. The last epoch is always evaluated.
    /// </summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>
    /// Evaluations without a better <see cref="Metric"/> after which training stops; 0: never.
    /// </summary>
    public int Patience { get; init; }

    /// <summary>The metric by which the best weights are kept.</summary>
    public string Metric { get; init; } = "auroc";

    /// <summary>
    /// The share of images like those of training that may be refused as unfamiliar; 0: none is refused by it.
    /// </summary>
    public double RefusedShare { get; init; } = FamiliarityFit.UsualRate;

    /// <summary>Seconds between saves of the resumable state; 0: after every step.</summary>
    public double SaveEverySeconds { get; init; } = 60;

    /// <summary>
    /// Threads that decode and augment ahead of the loop; 0: one for each thread that computes, at most 8.
    /// </summary>
    public int Workers { get; init; }
}
