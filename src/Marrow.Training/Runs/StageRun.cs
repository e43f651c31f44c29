using System.Diagnostics;
using Marrow.Training.Loop;

namespace Marrow.Training.Runs;

/// <summary>
/// Carries out one stage of a run, in this order: it reads the samples and the checkpoints that take part, prepares the
/// images, builds the model, warm-starts and trains it, measures it on the held-out part, and saves the checkpoint.
/// What differs between one task and several is in <see cref="StageTraining"/>.
/// </summary>
internal static class StageRun
{
    /// <summary>Runs one stage. Throws as <see cref="Runner.Run"/> does.</summary>
    public static StageResult Run(StageContext context, StageInputs inputs)
    {
        Tell(context, inputs);
        var (stage, identity) = (context.Stage, RunIdentity.Of(inputs, context.Request.DeviceChoice));
        foreach (var (one, data) in stage.Each.Zip(inputs.Each))
            data.SaveSplit(context.File(StageSamples.SplitFileOf(stage, one)));
        using var sources = StageSources.Find(context);
        if (sources.Labeller is { } labeller)
            inputs = inputs.With(SelfTraining.Apply(inputs.Data, labeller, context));
        IReadOnlyList<string> seen =
        [
            .. stage.Each.Zip(inputs.Each, (one, data) =>
                sources.WhatWasSeen(one, data, new(context.Request.HubFolder))).SelectMany(sentences => sentences),
        ];
        seen = [.. seen.Distinct()];
        seen.ToList().ForEach(context.Say);

        using var training = StageTraining.Of(context, inputs, sources);
        RequireTheSame(context, training.Identify(identity).With(sources), out var key);
        var receipt = sources.Start is { } start ? StageInit.Apply(start, training.Task, context) : null;

        var trained = training.Train(key);
        var checkpoint = StageCheckpoint.Save(context, inputs, sources, training.Task, receipt, trained, seen);
        var result = new StageResult(
            stage: stage.Name,
            task: stage.Task,
            checkpoint: $"{checkpoint.Name}@{checkpoint.Digest}",
            folder: checkpoint.Path,
            metrics: trained.Metrics,
            progress: trained.Progress,
            trainingImages: inputs.Each.Sum(data => data.Training.Count),
            validationImages: inputs.Each.Sum(data => data.Validation.Count),
            heldOutImages: inputs.Each.Sum(data => data.HeldOut.Count),
            peakMemoryGiB: Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 30),
            waitShare: trained.WaitShare)
        {
            Receipt = receipt,
            Warnings = seen,
            UnlabeledImages = inputs.Unlabeled?.Samples.Count ?? 0,
        };
        RunFolder.SaveResult(context.Request, result);
        return result;
    }

    private static void Tell(StageContext context, StageInputs inputs)
    {
        foreach (var data in inputs.Each)
        {
            context.Say($"{data}");
            if ($"{data.Groups}" is { Length: > 0 } groups)
                context.Say(groups);
        }
        if (Computing.ProcessThreads.Current?.Last is { } threads)
            context.Say($"{threads}");
        if (context.Request.DeviceChoice.Take() is { IsCpu: false } device)
            context.Say($"computes on {device}");
        if (inputs.Unlabeled is { } unlabeled)
            context.Say($"{unlabeled}");
        foreach (var faults in inputs.Each.Select(data => data.Faults).Where(faults => faults.Length > 0).Distinct())
            context.Say(faults);
        if (context.Began is null && RunState.Exists(context.Folder))
            context.Say(
                "begun by an earlier version of Marrow, which kept no record of its data: whether they have changed "
                    + "since can't be told"
            );
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
}
