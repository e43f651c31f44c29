using Marrow.Computing;
using Marrow.Metrics;
using Marrow.Tasks;

namespace Marrow.Training.Recipes;

/// <summary>The section "train:" -> <see cref="TrainOptions"/>, whose comments give each range and default.</summary>
internal static class RecipeTrain
{
    /// <param name="task">"" when the stage's task is missing or wrong: any metric is let pass.</param>
    public static TrainOptions Read(RecipeSection s, string task)
    {
        var absent = new TrainOptions();
        var optimizer = s.Choice(
            "optimizer",
            absent.Optimizer,
            ("adamw", OptimizerKind.AdamW),
            ("sgd", OptimizerKind.Sgd));
        var isSgd = optimizer == OptimizerKind.Sgd;
        var unfreeze = s.Choice(
            "unfreeze",
            absent.Unfreeze,
            ("none", Unfreezing.None),
            ("gradual", Unfreezing.Gradual));
        var metrics = TaskCatalogue.Find(task)?.Metrics ?? [.. MetricCatalogue.Metrics.Keys];
        var train = new TrainOptions
        {
            Epochs = s.Int("epochs", s.Has("steps") ? 0 : absent.Epochs, 1, 100_000),
            Steps = s.Int("steps", absent.Steps, 0, 100_000_000),
            Batch = s.Int("batch", absent.Batch, 1, 1024),
            Accumulate = s.Int("accumulate", absent.Accumulate, 1, 1024),
            Optimizer = optimizer,
            LearningRate = s.Number("lr", isSgd ? 0.01 : absent.LearningRate, 1e-9, 10),
            WeightDecay = s.Number("weightDecay", isSgd ? 1e-4 : absent.WeightDecay, 0, 1),
            Momentum = s.Number("momentum", absent.Momentum, 0, 0.9999),
            Schedule = s.Choice("schedule", absent.Schedule,
                ("cosine", ScheduleKind.Cosine), ("step", ScheduleKind.Step), ("constant", ScheduleKind.Constant)),
            Warmup = s.Number("warmup", absent.Warmup, 0, 0.9),
            StepEpochs = s.Int("stepEpochs", absent.StepEpochs, 1, 100_000),
            StepFactor = s.Number("stepFactor", absent.StepFactor, 1e-6, 1),
            BackboneLr = s.Number("backboneLr", absent.BackboneLr, 1e-6, 100),
            LayerDecay = s.Number("layerDecay", absent.LayerDecay, 0.01, 1),
            Freeze = Freeze(s, unfreeze),
            Unfreeze = unfreeze,
            BatchNorm = s.Choice(
                "batchNorm",
                absent.BatchNorm,
                ("running", BatchNormMode.Running),
                ("frozen", BatchNormMode.Frozen)),
            Ema = s.Number("ema", absent.Ema, 0, 0.99999),
            ClipNorm = s.Number("clipNorm", absent.ClipNorm, 0, 1e6),
            Precision = s.Choice("precision", absent.Precision,
                ("auto", Precision.Auto), ("bf16", Precision.Bf16), ("f32", Precision.F32)),
            ChannelsLast = s.Choice<bool?>(
                "channelsLast",
                absent.ChannelsLast,
                ("auto", null),
                ("true", true),
                ("false", false)),
            EvaluateEvery = s.Int("evaluateEvery", absent.EvaluateEvery, 1, 100_000),
            Patience = s.Int("patience", absent.Patience, 0, 100_000),
            Metric = s.Choice("metric", metrics[0], [.. metrics.Select(m => (m, m))]),
            SaveEverySeconds = s.Number("saveEverySeconds", absent.SaveEverySeconds, 0, 86_400),
            Workers = s.Int("workers", absent.Workers, 0, 64),
        };
        if (s.Has("steps") && train is { Epochs: 0, Steps: 0 })
            s.Errors.Add(s.At("steps"), "steps: 0 means no limit, and no epochs are given. Give one of them.");
        s.Finish();
        return train;
    }

    private static int Freeze(RecipeSection s, Unfreezing unfreeze)
    {
        const int mostStages = 16;
        var absent = unfreeze == Unfreezing.Gradual ? TrainOptions.WholeBackbone : 0;
        if (s.Find("freeze") is { Kind: RecipeNodeKind.Scalar, Text: [>= '0' and <= '9' or '-' or '+', ..] })
            absent = s.Int("freeze", absent, 0, mostStages);
        else
            absent = s.Choice(
                "freeze",
                absent,
                ("none", 0),
                ("backbone", TrainOptions.WholeBackbone),
                ($"a number of stages (0 to {mostStages})", 0));
        if (unfreeze == Unfreezing.Gradual && absent == 0)
            s.Errors.Add(
                s.At("freeze"),
                "freeze: nothing is frozen, so unfreeze: gradual has nothing to release. Set freeze: backbone.");
        return absent;
    }
}
