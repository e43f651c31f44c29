using Marrow.Computing;
using Marrow.Metrics;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>The section "train:" -> <see cref="TrainOptions"/>.</summary>
internal static class RecipeTrain
{
    private const int MostStages = 16;
    private const double MostRefused = 0.2;

    private static readonly KeyText FreezeText =
        new("Backbone stages that start frozen, from the stem on. A DenseNet has five: stem, block1 to block4; a run "
            + "refuses more.")
        {
            Value = $"`none`, `backbone`, or 0 to {MostStages}",
            Default = "`none`; `backbone` with `unfreeze: gradual`",
        };

    /// <param name="task">"" when the stage's task is missing or wrong: any metric is let pass.</param>
    public static TrainOptions Read(RecipeSection s, string task)
    {
        var absent = new TrainOptions();
        var optimizer = s.Choice(
            "optimizer",
            absent.Optimizer,
            "What turns gradients into steps.",
            ("adamw", OptimizerKind.AdamW),
            ("sgd", OptimizerKind.Sgd));
        var isSgd = optimizer == OptimizerKind.Sgd;
        var unfreeze = s.Choice(
            "unfreeze",
            absent.Unfreeze,
            "`gradual` releases frozen stages one by one, the deepest first, over the first half of the steps.",
            ("none", Unfreezing.None),
            ("gradual", Unfreezing.Gradual));
        var train = new TrainOptions
        {
            Optimizer = optimizer,
            Unfreeze = unfreeze,
            Epochs = s.Int("epochs", s.Has("steps") ? 0 : absent.Epochs, 1, 100_000,
                new("Passes over the training part.")
                {
                    Default = $"{absent.Epochs}; no limit where only `steps` is given",
                }),
            Steps = s.Int("steps", absent.Steps, 0, 100_000_000,
                new("Optimizer steps. With both, whichever ends first.") { DefaultMeans = "no limit" }),
            Batch = s.Int("batch", absent.Batch, 1, 1024,
                new("The last batch of an epoch is left out when it is not full.") { Unit = "images" }),
            Accumulate = s.Int("accumulate", absent.Accumulate, 1, 1024,
                new("Gradients of so many batches are averaged into one step.") { Unit = "batches" }),
            LearningRate = s.Number("lr", isSgd ? TrainOptions.SgdLearningRate : absent.LearningRate, 1e-9, 10,
                new("The highest learning rate, reached after the warm-up.")
                {
                    Default = $"adamw {KeyWords.Number(absent.LearningRate)}, "
                        + $"sgd {KeyWords.Number(TrainOptions.SgdLearningRate)}",
                }),
            WeightDecay = s.Number("weightDecay", isSgd ? TrainOptions.SgdWeightDecay : absent.WeightDecay, 0, 1,
                new("Of matrices and kernels; not of biases and norms.")
                {
                    Default = $"adamw {KeyWords.Number(absent.WeightDecay)} (decoupled), "
                        + $"sgd {KeyWords.Number(TrainOptions.SgdWeightDecay)}",
                }),
            Momentum = s.Number("momentum", absent.Momentum, 0, 0.9999, "sgd only."),
            Schedule = s.Choice("schedule", absent.Schedule,
                "After the warm-up: half a cosine to 0, drops, or the same rate.",
                ("cosine", ScheduleKind.Cosine), ("step", ScheduleKind.Step), ("constant", ScheduleKind.Constant)),
            Warmup = s.Number("warmup", absent.Warmup, 0, 0.9,
                new("The rate rises linearly from 0.") { Unit = "share of all steps" }),
            StepEpochs = s.Int("stepEpochs", absent.StepEpochs, 1, 100_000,
                new("`schedule: step`: between drops.") { Unit = "epochs" }),
            StepFactor = s.Number("stepFactor", absent.StepFactor, 1e-6, 1,
                "`schedule: step`: what the rate is multiplied by."),
            BackboneLr = s.Number("backboneLr", absent.BackboneLr, 1e-6, 100,
                "The backbone's rate as a multiple of `lr`."),
            LayerDecay = s.Number("layerDecay", absent.LayerDecay, 0.01, 1,
                "Each backbone stage's rate as a multiple of the next deeper one's."),
            Freeze = Freeze(s, unfreeze),
            BatchNorm = s.Choice("batchNorm", absent.BatchNorm,
                "`frozen`: the backbone's batch norms rest: they use and keep their stored statistics, and their "
                    + "weights and biases do not learn.",
                ("running", BatchNormMode.Running), ("frozen", BatchNormMode.Frozen)),
            Ema = s.Number("ema", absent.Ema, 0, 0.99999,
                new("The average of the weights that is evaluated and kept.")
                {
                    Unit = "decay a step",
                    DefaultMeans = "off",
                }),
            ClipNorm = s.Number("clipNorm", absent.ClipNorm, 0, 1e6,
                new("Largest L2 norm of all gradients together.") { DefaultMeans = "off" }),
            Precision = s.Choice("precision", absent.Precision,
                "`auto`: bf16 autocast on a processor with AVX-512 BF16 or AMX-BF16, and on a GPU of compute "
                    + "capability 8.0 or more.",
                ("auto", Precision.Auto), ("bf16", Precision.Bf16), ("f32", Precision.F32)),
            ChannelsLast = s.Choice<bool?>("channelsLast", absent.ChannelsLast, "`auto`: with bf16.",
                ("auto", null), ("true", true), ("false", false)),
            EvaluateEvery = s.Int("evaluateEvery", absent.EvaluateEvery, 1, 100_000,
                new("Between measurements on the validation part; the last step is always measured.")
                {
                    Unit = "epochs",
                }),
            Patience = s.Int("patience", absent.Patience, 0, 100_000,
                new("Without a better `metric`, after which training stops.")
                {
                    Unit = "evaluations",
                    DefaultMeans = "never",
                }),
            Metric = Metric(s, task),
            RefusedShare = s.Number("refusedShare", absent.RefusedShare, 0, MostRefused,
                new("Of images like those of the validation part, which choose how unlike the training images an "
                    + "image may be before the checkpoint [refuses](predictions.md#images-that-are-refused) it; 0: it "
                    + "refuses none by that.")
                {
                    Unit = "share",
                }),
            SaveEverySeconds = s.Number("saveEverySeconds", absent.SaveEverySeconds, 0, 86_400,
                "Between saves of the resumable state; 0: after every step."),
            Workers = s.Int("workers", absent.Workers, 0, 64, new("Decode and augment ahead of the loop.")
            {
                Unit = "threads",
                DefaultMeans = "one a processor, at most 8",
            }),
        };
        if (s.Has("steps") && train is { Epochs: 0, Steps: 0 })
            s.Errors.Add(s.At("steps"), "steps: 0 means no limit, and no epochs are given. Give one of them.");
        s.Finish();
        return train;
    }

    private static string Metric(RecipeSection s, string task)
    {
        var metrics = TaskCatalogue.Find(task)?.Metrics ?? [.. MetricCatalogue.Metrics.Keys];
        foreach (var key in (string[])["metric", "patience", "refusedShare"])
        {
            if (metrics.Count == 0 && s.Has(key))
                s.Errors.Add(
                    s.At(key), $"{key}: task {task} chooses nothing by validation images. Remove it.");
        }
        return metrics.Count == 0 && s.Has("metric") ? "" : s.Choice(
            "metric",
            metrics.FirstOrDefault(""),
            new("Chooses the best weights.") { Value = TaskWords.Metrics, Default = "the task's first" },
            [.. metrics.Select(m => (m, m))]);
    }

    private static int Freeze(RecipeSection s, Unfreezing unfreeze)
    {
        var absent = unfreeze == Unfreezing.Gradual ? TrainOptions.WholeBackbone : 0;
        if (s.Find("freeze") is { Kind: RecipeNodeKind.Scalar, Text: [>= '0' and <= '9' or '-' or '+', ..] })
            absent = s.Int("freeze", absent, 0, MostStages, FreezeText);
        else
            absent = s.Choice(
                "freeze",
                absent,
                FreezeText,
                ("none", 0),
                ("backbone", TrainOptions.WholeBackbone),
                ($"a number of stages (0 to {MostStages})", 0));
        if (unfreeze == Unfreezing.Gradual && absent == 0)
            s.Errors.Add(
                s.At("freeze"),
                "freeze: nothing is frozen, so unfreeze: gradual has nothing to release. Set freeze: backbone.");
        return absent;
    }
}
