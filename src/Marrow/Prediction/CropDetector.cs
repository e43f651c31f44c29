using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Runs the detector by which another model's images are cropped. It turns samples into the spines that it sees on
/// them, and these into samples with one crop, or with one for each vertebra. What it saw can be kept in a file, so
/// that a resumed run and the next stage need not run it again.
/// </summary>
internal sealed class CropDetector : IDisposable
{
    private const int BatchSize = 8;

    private readonly DetectVertebraeTask _detector;
    private readonly Compute _compute;

    /// <summary>
    /// Loads the detector. Throws <see cref="MarrowException"/> when the checkpoint is not a detector of vertebrae.
    /// </summary>
    public CropDetector(Checkpoint checkpoint, DeviceChoice device = default)
    {
        Require(checkpoint);
        _compute = Compute.Choose(device: device);
        _detector = (DetectVertebraeTask)checkpoint.BuildTask();
        _compute.ArrangeForInference(_detector.Model);
    }

    /// <summary>
    /// Returns the error for a checkpoint whose detector is missing, since its weights can't be used without the crops.
    /// </summary>
    public static MarrowException Missing(Checkpoint checkpoint) =>
        MarrowException.NotFound(
            checkpoint.Name,
            $"the detector by which its images are cropped, "
                + $"{checkpoint.Config.Input.Crop!.Detector}@{checkpoint.Config.Input.Crop.Digest}",
            "none of that digest",
            "Name it too, or fetch it into the hub (marrow hub pull --with-parents).");

    public static void Require(Checkpoint checkpoint)
    {
        if (TaskCatalogue.Find(checkpoint.Config.Task) is not { FindsCrops: true })
            throw MarrowException.Bad(
                checkpoint.Name,
                $"a checkpoint for {string.Join(" or ", TaskCatalogue.Names(t => t.FindsCrops))} to crop by",
                $"one for {checkpoint.Config.Task}",
                "Name a detector.");
    }

    /// <summary>Looks at each image once, and returns the spines by sample id.</summary>
    /// <param name="kept">The file of earlier detections, to which new ones are added; null to keep nothing.</param>
    /// <param name="progress">Called with each batch of images.</param>
    /// <param name="fast">See <see cref="PredictionOptions.Fast"/>.</param>
    public IReadOnlyDictionary<string, DetectedSpine> Detect(
        IReadOnlyList<Sample> samples, DetectionFile? kept, Action<Progress>? progress, CancellationToken cancellation,
        bool fast = false)
    {
        var distinct = samples.DistinctBy(s => s.Id, StringComparer.Ordinal).ToList();
        var found = new Dictionary<string, DetectedSpine>(StringComparer.Ordinal);
        foreach (var sample in distinct)
        {
            if (kept?.Find(sample) is { } before)
                found[sample.Id] = before;
        }
        var left = distinct.Where(s => !found.ContainsKey(s.Id)).ToList();
        if (left.Count == 0)
            return found;
        using var cache = PackedCache.Open(left, _detector.Input, cancellation: cancellation);
        using var loader = new BatchLoader(
            left,
            cache,
            _detector.Input,
            null,
            BatchSize,
            0,
            shuffle: false,
            dropLast: false)
        {
            Cancellation = cancellation,
        };
        TaskModel.ForEachBatch(loader, _compute, (images, batch) =>
        {
            cancellation.ThrowIfCancellationRequested();
            var spines = _detector.Spines(images, [.. batch.Samples.Select(s => s.ToInput)], _compute, fast: fast);
            foreach (var (inBatch, spine) in batch.Samples.Zip(spines))
            {
                var (width, height) = loader.OriginalSize(inBatch.Sample);
                var seen = Of(spine, inBatch.ToInput, width, height);
                kept?.Add(inBatch.Sample, seen);
                found[inBatch.Sample.Id] = seen;
            }
            progress?.Invoke(new("detections", found.Count, distinct.Count, ProgressUnit.Images));
        });
        return found;
    }

    /// <summary>Looks at one image in memory.</summary>
    /// <param name="fast">See <see cref="PredictionOptions.Fast"/>.</param>
    public DetectedSpine Detect(Radiograph radiograph, bool fast)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var border = FilmBorder.Of(radiograph);
        var packed = Preprocessor.Prepare(border.Film, _detector.Input);
        var images = _compute.Arrange(Preprocessor.ToTensor([packed], _detector.Input));
        return Of(
            _detector.Spines(images, [packed.ToInput], _compute, fast: fast)[0],
            border.ToOriginal.Invert().Then(packed.ToInput),
            radiograph.OriginalWidth,
            radiograph.OriginalHeight);
    }

    /// <summary>Converts what was seen from input pixels to original pixels.</summary>
    public static DetectedSpine Of(SpinePrediction spine, AffineTransform toInput, int width, int height)
    {
        var toOriginal = toInput.Invert();
        return new(
            width,
            height,
            [.. spine.Vertebrae.Select(v => v.Transform(toOriginal))],
            spine.Filled.Count(filled => !filled));
    }

    public void Dispose() => _detector.Dispose();
}
