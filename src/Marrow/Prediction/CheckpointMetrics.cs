using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Strip;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>Measures checkpoints on labelled samples, with bootstrap intervals over patients.</summary>
internal static class CheckpointMetrics
{
    private const int BatchSize = 8;

    /// <summary>
    /// Reads the samples on which to measure, as the checkpoint's own data was read except for what
    /// <paramref name="change"/> changes. Throws <see cref="MarrowException"/> when the checkpoint does not record what
    /// was held out, when it held nothing out, and when these files are not those it was trained on and the held-out
    /// ones can't be found among them.
    /// </summary>
    public static (Dataset Dataset, IReadOnlyList<Sample> Samples) Samples(
        Checkpoint checkpoint,
        string name,
        string root,
        EvaluationSplit split,
        string? format = null,
        Func<DatasetOptions, DatasetOptions>? change = null)
    {
        var selected = EvaluationSamples.Select(checkpoint, name, root, split, format, change);
        return (selected.Dataset, selected.Samples);
    }

    /// <summary>
    /// Returns the metrics of the checkpoint's own task, without augmentation. Throws <see cref="MarrowException"/> for
    /// a checkpoint that crops its images when the one that looks first is not given. One that sets the points of the
    /// first look anew is measured by what both come to, as in a prediction.
    /// </summary>
    /// <param name="first">
    /// The checkpoint by which images are cropped; null when the other one looks at whole images.
    /// </param>
    /// <param name="refused">
    /// Called with the number of images that a prediction would refuse; not for checkpoints that refuse none.
    /// </param>
    /// <param name="fast">True to look once where several looks would be averaged.</param>
    public static IReadOnlyList<MetricValue> Measure(
        Checkpoint checkpoint, IReadOnlyList<Sample> samples, BootstrapOptions? bootstrap = null,
        Action<Progress>? progress = null, CancellationToken cancellation = default, Checkpoint? first = null,
        DeviceChoice device = default, Action<int>? refused = null, bool fast = false)
    {
        var options = new BootstrapOptions(bootstrap ?? new()) { Cancellation = cancellation };
        if (RefinedPointsPredictor.Among([checkpoint]) is not null)
        {
            using var predictor = new RefinedPointsPredictor(checkpoint, first, Compute.Choose(device: device));
            return predictor.Measure(samples, options, progress, fast, refused);
        }
        if (checkpoint.Config.Input.Crop is { } crop)
            samples = Crop(checkpoint, crop, first, samples, device, progress, cancellation, fast);
        if (checkpoint.Config.Input.Strip is not null)
            samples = [.. samples.Select(StripSamples.Of)];
        using var task = checkpoint.BuildTask();
        var compute = Compute.Choose(device: device);
        compute.ArrangeForInference(task.Model);
        return Measure(task, samples, compute, options, progress, refused, fast);
    }

    /// <summary>Returns the metrics of a task whose model is arranged for <paramref name="compute"/>.</summary>
    /// <param name="samples">The samples, cropped or laid straight if the model looks at crops or strips.</param>
    internal static IReadOnlyList<MetricValue> Measure(
        TaskModel task, IReadOnlyList<Sample> samples, Compute compute, BootstrapOptions options,
        Action<Progress>? progress = null, Action<int>? refused = null, bool fast = false)
    {
        var cancellation = options.Cancellation;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var cache = PackedCache.Open(
            samples,
            task.Input,
            cacheFolder: null,
            progress,
            cancellation: cancellation);
        using var masks =
            task.MaskClasses.Count == 0
                ? null
                : MaskPack.Open(samples, task.Input, task.MaskClasses.Count, cacheFolder: null, cancellation);
        using var loader = new BatchLoader(
            samples,
            cache,
            task.Input,
            null,
            BatchSize,
            0,
            shuffle: false,
            dropLast: false,
            Environment.ProcessorCount,
            masks: masks)
        {
            Cancellation = cancellation,
        };
        if (refused is not null && task.Refuses)
            refused(CountRefused(task, loader, compute));
        return fast ? task.MeasureFast(loader, compute, options) : task.Measure(loader, compute, options);
    }

    /// <summary>Returns the number of images that a prediction with the task's model would refuse.</summary>
    internal static int CountRefused(TaskModel task, BatchLoader loader, Compute compute)
    {
        var refused = 0;
        TaskModel.ForEachBatch(loader, compute, (images, batch) =>
            refused += task.RefusalsOf(images, [.. batch.Samples.Select(s => s.ToInput)], compute)
                .Count(reasons => reasons.Count > 0));
        return refused;
    }

    /// <summary>
    /// Returns the samples cropped by the checkpoint that looks first. Throws <see cref="MarrowException"/> for another
    /// one.
    /// </summary>
    internal static IReadOnlyList<Sample> Crop(
        Checkpoint checkpoint, InputCrop crop, Checkpoint? first, IReadOnlyList<Sample> samples, DeviceChoice device,
        Action<Progress>? progress, CancellationToken cancellation, bool fast = false)
    {
        if (first?.Digest != crop.Digest)
            throw FirstLooker.Missing(checkpoint);
        using var looking = new FirstLooker(first, crop.Region, device);
        return CroppedSamples.Of(samples, crop, looking.Look(samples, kept: null, progress, cancellation, fast));
    }

    /// <summary>
    /// Returns what checkpoints of spines find on each sample, in float32. Each image is processed as in a user's
    /// prediction, except that films which seem to show no whole spine are not refused.
    /// </summary>
    /// <param name="checkpoints">
    /// A detector of vertebrae, a regressor of angles, a refiner, or several of these together.
    /// </param>
    public static IReadOnlyList<Finding> FindSpines(
        IReadOnlyList<Checkpoint> checkpoints, IReadOnlyList<Sample> samples, CancellationToken cancellation = default)
    {
        using var predictor = new SpinePredictor(checkpoints, Compute.Float32);
        return [.. MeasureEach(predictor, samples, progress: null, cancellation).Select(film => film.Measured.Finding)];
    }

    /// <summary>
    /// Measures each film as in a user's prediction, except that those which seem to show no whole spine are not
    /// refused.
    /// </summary>
    public static IReadOnlyList<MeasuredFilm> MeasureEach(
        SpinePredictor predictor,
        IReadOnlyList<Sample> samples,
        Action<Progress>? progress,
        CancellationToken cancellation,
        bool fast = false)
    {
        var found = new List<MeasuredFilm>();
        var (width, height) = predictor.DecodeSize;
        foreach (var sample in samples)
        {
            cancellation.ThrowIfCancellationRequested();
            found.Add(new(sample, predictor.Measure(
                RadiographReader.Read(sample.ImagePath, width, height), new() { Fast = fast })));
            progress?.Invoke(new("measuring", found.Count, samples.Count, ProgressUnit.Images));
        }
        return found;
    }

    /// <summary>Returns what <see cref="SpineMetrics"/> has of these checkpoints together.</summary>
    /// <param name="refused">Called with the number of films that a prediction would refuse.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> MeasureSpine(
        IReadOnlyList<Checkpoint> checkpoints, IReadOnlyList<Sample> samples, BootstrapOptions? bootstrap = null,
        Action<Progress>? progress = null, CancellationToken cancellation = default, DeviceChoice device = default,
        Action<int>? refused = null, bool fast = false)
    {
        using var predictor = new SpinePredictor(checkpoints, Compute.Choose(device: device));
        var films = MeasureEach(predictor, samples, progress, cancellation, fast);
        refused?.Invoke(films.Count(f => f.Measured.Refusals.Count > 0));
        return SpineMetrics.Of(films, new(bootstrap ?? new()) { Cancellation = cancellation });
    }
}
