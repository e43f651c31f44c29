using System.Diagnostics;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using TorchSharp;

namespace Marrow.Training.Runs;

/// <summary>
/// Carries out one stage of a run, in this order: it reads the samples and the checkpoints that take part, prepares the
/// images, builds the model, warm-starts and trains it, measures it on the held-out part, and saves the checkpoint.
/// </summary>
internal static class StageRun
{
    private const int MostWorkers = 8;

    /// <summary>Runs one stage. Throws as <see cref="Runner.Run"/> does.</summary>
    public static StageResult Run(StageContext context, StageInputs inputs)
    {
        Tell(context, inputs);
        var (data, unlabeled) = inputs;
        var identity = RunIdentity.Of(data, unlabeled, context.Request.DeviceChoice);
        data.SaveSplit(context.File(StageSamples.SplitFile));
        using var sources = StageSources.Find(context);
        if (sources.Labeller is { } labeller)
            data = SelfTraining.Apply(data, labeller, context);
        var seen = sources.WhatWasSeen(context.Stage, data, new(context.Request.HubFolder));
        seen.ToList().ForEach(context.Say);
        using var images = StageImages.Pack(context, data, unlabeled, sources.Cropping);

        using var task = BuildModel(context, images);
        using var masks = data.PackMasks(task, context.Cancellation);
        RequireTheSame(context, identity.With(images, masks).With(sources), out var key);
        var receipt = sources.Start is { } start ? StageInit.Apply(start, task, context) : null;

        var trained = Train(context, task, images, masks, data.Training, key);
        var checkpoint = StageCheckpoint.Save(context, new(data, unlabeled), sources, task, receipt, trained, seen);
        var result = new StageResult(
            stage: context.Stage.Name,
            task: context.Stage.Task,
            checkpoint: $"{checkpoint.Name}@{checkpoint.Digest}",
            folder: checkpoint.Path,
            metrics: trained.Metrics,
            progress: trained.Progress,
            trainingImages: data.Training.Count,
            validationImages: data.Validation.Count,
            heldOutImages: data.HeldOut.Count,
            peakMemoryGiB: Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 30),
            waitShare: trained.WaitShare)
        {
            Receipt = receipt,
            Warnings = seen,
            UnlabeledImages = unlabeled?.Samples.Count ?? 0,
        };
        RunFolder.SaveResult(context.Request, result);
        return result;
    }

    private static void Tell(StageContext context, StageInputs inputs)
    {
        context.Say($"{inputs.Data}");
        if ($"{inputs.Data.Groups}" is { Length: > 0 } groups)
            context.Say(groups);
        if (Computing.ProcessThreads.Current?.Last is { } threads)
            context.Say($"{threads}");
        if (context.Request.DeviceChoice.Take() is { IsCpu: false } device)
            context.Say($"computes on {device}");
        if (inputs.Unlabeled is { } unlabeled)
            context.Say($"{unlabeled}");
        if (inputs.Data.Faults.Length > 0)
            context.Say(inputs.Data.Faults);
        if (context.Began is null && RunState.Exists(context.Folder))
            context.Say(
                "begun by an earlier version of Marrow, which kept no record of its data: whether they have changed "
                    + "since can't be told"
            );
    }

    /// <summary>
    /// Builds the model with random weights. What it derives from labels, as anchors from boxes, it derives from the
    /// training part.
    /// </summary>
    private static TaskModel BuildModel(StageContext context, StageImages images)
    {
        torch.manual_seed((long)context.Seeds.Weights);
        var (stage, shown) = (context.Stage, images.Shown);
        var task = TaskCatalogue.Create(
            stage.Task, stage.ModelRequest, images.Input, shown.Dataset with { Samples = shown.Training });
        task.AdaptTo(shown.Training);
        return task;
    }

    /// <summary>
    /// Throws when a resumed run has other inputs than at its beginning. For a new run it stores the inputs.
    /// </summary>
    /// <param name="key">Of the inputs, kept with the state.</param>
    private static void RequireTheSame(StageContext context, RunIdentity identity, out string key)
    {
        if (context.Began is { } began)
            identity.Require(began, context.Folder, context.Request.AllowChanged).ToList().ForEach(context.Say);
        else
            identity.Save(context.Folder);
        key = identity.Key;
    }

    /// <summary>Trains the task's model, which then has the best weights and is on the processor.</summary>
    /// <param name="labelled">Whole images, whose spread serves to judge the answers for unlabelled ones.</param>
    private static TrainedStage Train(
        StageContext context,
        TaskModel task,
        StageImages images,
        MaskPack? masks,
        IReadOnlyList<Sample> labelled,
        string key)
    {
        var (stage, options) = (context.Stage, context.Stage.Train);
        var workers = options.Workers > 0 ? options.Workers : Math.Min(MostWorkers, torch.get_num_threads());
        using var training = images.Training(stage.Augment, options.Batch, context.Seeds.Batches, workers, masks);
        using var unlabeled = stage.UnlabeledAugment is { } augment
            ? images.Unlabeled(augment, options.Batch, context.Seeds.UnlabeledBatches, workers)
            : null;
        var device = context.Request.DeviceChoice;
        using var method = unlabeled is null
            ? MethodCatalogue.Create(stage, task, device)
            : MethodCatalogue.Create(stage, task, device, labelled, images.Cache, masks, unlabeled);
        using var validation = images.Plain(images.Shown.Validation, options.Batch, masks, context.Cancellation);
        using var loop = new TrainingLoop(stage.Name, method, options, training, validation, context.Folder, key);
        var waited = new WaitTally();
        var progress = loop.Run(
            context.Request.Resume,
            e =>
            {
                waited.Add(e);
                context.Report(e);
            },
            context.Cancellation);
        using var plain = images.Plain(images.Shown.Training, options.Batch, masks, context.Cancellation);
        task.LearnFromLabels(plain!);
        if (validation is not null)
        {
            loop.ChooseDecoding(validation);
            StageFamiliarity.Learn(context, task, images, method.Compute);
        }
        var metrics = Measure(context, loop, images, masks);
        method.Compute.Release(task.Model);
        return new(progress, metrics, waited.Share);
    }

    /// <summary>Measures the model on the held-out part; returns no metrics when nothing was held out.</summary>
    private static IReadOnlyList<MetricValue> Measure(
        StageContext context, TrainingLoop loop, StageImages images, MaskPack? masks)
    {
        var kept = context.Request.DrawsOf;
        using var heldOut = images.Plain(images.Shown.HeldOut, context.Stage.Train.Batch, masks, context.Cancellation);
        if (heldOut is null)
            return [];
        var metrics = loop.Measure(
            heldOut,
            new() { KeepDraws = kept is not null, Cancellation = context.Cancellation }
        );
        return [.. metrics.Select(metric => metric.Name == kept ? metric : metric.WithoutDraws())];
    }

    /// <summary>Computes the share of waiting over a whole run from its events.</summary>
    private sealed class WaitTally
    {
        private readonly Stopwatch _sinceEvent = Stopwatch.StartNew();
        private double _seconds;
        private double _waited;

        public double Share => _seconds > 0 ? _waited / _seconds : 0;

        public void Add(RunEvent e)
        {
            var seconds = _sinceEvent.Elapsed.TotalSeconds;
            _sinceEvent.Restart();
            if (e.WaitShare is not { } share)
                return;
            _seconds += seconds;
            _waited += share * seconds;
        }
    }
}

/// <summary>The outcome of training, apart from the weights.</summary>
/// <param name="Metrics">The metrics on the held-out part.</param>
/// <param name="WaitShare">The share of the training time, 0 to 1, in which steps waited for data.</param>
internal sealed record TrainedStage(RunProgress Progress, IReadOnlyList<MetricValue> Metrics, double WaitShare);
