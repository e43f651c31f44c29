using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Tensors;
using Marrow.Training;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>Which samples of a data set are measured.</summary>
public enum EvaluationSplit
{
    /// <summary>Those that the checkpoint never saw, by the division stored with it.</summary>
    HeldOut,
    All,
}

/// <summary>What checkpoints are worth on labelled images: metrics with bootstrap intervals over patients.</summary>
public static class Evaluation
{
    private const int BatchSize = 8;

    /// <summary>
    /// The samples to measure on, read as the checkpoint's own data was, but for what <paramref name="change"/> changes. Throws <see cref="MarrowException"/> when the checkpoint does not say what was held
    /// out, or held nothing out.
    /// </summary>
    public static (Dataset Dataset, IReadOnlyList<Sample> Samples) Samples(Checkpoint checkpoint, string name, string root, EvaluationSplit split, string? format = null, Func<DatasetOptions, DatasetOptions>? change = null)
    {
        var use = checkpoint.Parents.Datasets.FirstOrDefault(d => d.Name == name)?.Use ?? checkpoint.Parents.Datasets.FirstOrDefault()?.Use;
        var known = format is null || format == use?.Format;
        var options = known && use is not null ? use.Options : TaskLabels.OptionsFor(format, checkpoint.Config);
        var dataset = DatasetCatalogue.Open(new()
        {
            Name = name,
            Format = format ?? use?.Format ?? throw new MarrowException($"{checkpoint.Name}: does not say how its data was read. Give --format."),
            Root = root,
            Options = change is null ? options : change(options),
        });
        var config = checkpoint.Config;
        if (config.Task == CheckpointTask.Segment && !dataset.MaskClasses.SequenceEqual(config.Classes))
            throw MarrowException.Bad(root, $"masks of {checkpoint.Name}'s classes: {string.Join(", ", config.Classes)}", dataset.MaskClasses.Count == 0 ? "no masks" : string.Join(", ", dataset.MaskClasses), "Read the data as it was read for training: name it as the checkpoint does, or give --format.");
        var shown = config.Input.Crop is { } crop ? CroppedSamples.Describe(dataset, crop.Region) : dataset;
        if (ImagePredictor.Tasks.Contains(config.Task) && !shown.Layout.Names.SequenceEqual(config.Classes))
            throw MarrowException.Bad(root, $"the outputs of {checkpoint.Name}: {string.Join(", ", config.Classes)}", shown.Layout.Names.Count == 0 ? "none" : string.Join(", ", shown.Layout.Names), "Read the data as it was read for training: name it as the checkpoint does, or give --format.");
        var labelled = dataset.Samples.Where(s => CroppedSamples.IsLabelled(s, config.Task, config.Input.Crop?.Region)).ToList();
        if (labelled.Count == 0)
            throw MarrowException.Bad(root, $"samples with targets for {config.Task}", $"none among {dataset.Samples.Count}", "Name labelled data.");
        if (split == EvaluationSplit.All)
            return (dataset, labelled);
        if (!known || use is null || use.HeldOut == 0)
            throw new MarrowException($"{checkpoint.Name}: {(use is { HeldOut: 0 } ? "was trained on all of its data" : "does not say what was held out")}. Measure on other data with --split all.");
        return (dataset, StageSamples.Divide(labelled, config.Task, use.HeldOut, use.Seed).HeldOut);
    }

    /// <summary>
    /// The metrics of the checkpoint's own task. Nothing is augmented. Throws <see cref="MarrowException"/> for one that
    /// looks at a crop without the detector that it crops by.
    /// </summary>
    /// <param name="detector">Null where the checkpoint looks at whole images.</param>
    public static IReadOnlyList<MetricValue> Measure(Checkpoint checkpoint, IReadOnlyList<Sample> samples,
        BootstrapOptions? bootstrap = null, Action<int, int>? progress = null, CancellationToken cancellation = default, Checkpoint? detector = null)
    {
        if (checkpoint.Config.Input.Crop is { } crop)
            samples = Crop(checkpoint, crop, detector, samples, progress, cancellation);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var task = TaskCatalogue.Load(checkpoint);
        var compute = Compute.Choose();
        compute.PrepareForInference(task.Model);
        using var cache = PackedCache.Open(samples, task.Input, cacheFolder: null, progress, cancellation: cancellation);
        using var masks = task.MaskClasses.Count == 0 ? null : MaskPack.Open(samples, task.Input, task.MaskClasses.Count, cacheFolder: null, cancellation);
        using var loader = new BatchLoader(samples, cache, task.Input, null, BatchSize, 0, shuffle: false, dropLast: false, Environment.ProcessorCount, masks: masks);
        return task.Measure(loader, compute, bootstrap ?? new());
    }

    private static IReadOnlyList<Sample> Crop(Checkpoint checkpoint, InputCrop crop, Checkpoint? detector, IReadOnlyList<Sample> samples, Action<int, int>? progress, CancellationToken cancellation)
    {
        if (detector?.Digest != crop.Digest)
            throw SpinePredictor.CropMissing(checkpoint);
        using var looking = new CropDetector(detector);
        return CroppedSamples.Of(samples, crop, looking.Detect(samples, kept: null, progress, cancellation));
    }

    /// <summary>
    /// The angles of the corners, what their error lets expect, the regressor's, and both mixed, each with its metrics,
    /// image by image as a user's prediction goes, but for its refusal of films that seem to show no whole spine. Keys: "landmarks", "expected", "regressor", "fused".
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> MeasureSpine(IReadOnlyList<Checkpoint> checkpoints,
        IReadOnlyList<Sample> samples, BootstrapOptions? bootstrap = null, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        using var predictor = new SpinePredictor(checkpoints);
        var findings = new List<SpineFinding>();
        foreach (var sample in samples)
        {
            cancellation.ThrowIfCancellationRequested();
            findings.Add(predictor.Measure(RadiographReader.Read(sample.ImagePath, predictor.DecodeSize.Width, predictor.DecodeSize.Height)).Finding);
            progress?.Invoke(findings.Count, samples.Count);
        }
        var truth = samples.Select(s => s.CobbDegrees).ToList();
        string[] patients = [.. samples.Select(s => s.Patient)];
        var results = new Dictionary<string, IReadOnlyList<MetricValue>>();
        if (findings.All(f => f.LandmarkAngles is not null))
        {
            var pairs = findings.Zip(samples, (f, s) => new LandmarkPair
            {
                Truth = s.Vertebrae,
                Found = [.. f.Vertebrae.Select(v => v.Corners)],
                ImageWidth = f.Width,
                ImageHeight = f.Height,
                Patient = s.Patient,
            }).ToList();
            results["landmarks"] =
            [
                .. Angles.Measure(truth, [.. findings.Select(f => f.LandmarkAngles!.Degrees)], patients, bootstrap),
                .. samples.All(s => s.Vertebrae.Count > 0) ? Landmarks.Measure(pairs, bootstrap) : [],
            ];
            results["expected"] = Angles.Measure(truth, [.. findings.Select(f => f.ExpectedDegrees)], patients, bootstrap);
        }
        if (findings.All(f => f.RegressorDegrees.Count > 0))
            results["regressor"] = Angles.Measure(truth, [.. findings.Select(f => f.RegressorDegrees)], patients, bootstrap);
        if (results.ContainsKey("landmarks") && results.ContainsKey("regressor"))
            results["fused"] = Angles.Measure(truth, [.. findings.Select(f => f.CobbDegrees)], patients, bootstrap);
        return results;
    }
}
