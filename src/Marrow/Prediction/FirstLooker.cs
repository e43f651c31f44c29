using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Crops;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Runs the model that looks first at images which another model then sees cropped. It turns samples and radiographs
/// into what is found on them. What it found can be kept in a file, so that a resumed run and the next stage need not
/// run it again.
/// </summary>
internal sealed class FirstLooker : IDisposable
{
    private const int BatchSize = 8;

    private readonly TaskModel _model;
    private readonly Compute _compute;

    /// <summary>
    /// Loads the model. Throws <see cref="MarrowException"/> when the checkpoint finds nothing by which such a region
    /// is cropped.
    /// </summary>
    public FirstLooker(Checkpoint checkpoint, CropRegion region, DeviceChoice device = default)
    {
        Require(checkpoint, region);
        _compute = Compute.Choose(device: device);
        _model = checkpoint.BuildTask();
        Task = (IFirstLookTask)_model;
        _compute.ArrangeForInference(_model.Model);
    }

    public IFirstLookTask Task { get; }

    /// <summary>
    /// Returns the error for a checkpoint whose first look is missing, since its weights can't be used without the
    /// crops.
    /// </summary>
    public static MarrowException Missing(Checkpoint checkpoint) =>
        MarrowException.NotFound(
            checkpoint.Name,
            $"the checkpoint by which its images are cropped, "
                + $"{checkpoint.Config.Input.Crop!.Detector}@{checkpoint.Config.Input.Crop.Digest}",
            "none of that digest",
            "Name it too, or fetch it into the hub (marrow hub pull --with-parents).");

    /// <summary>
    /// Throws <see cref="MarrowException"/> when a checkpoint finds nothing by which such a region is cropped, and when
    /// it does not look at whole images itself.
    /// </summary>
    public static void Require(Checkpoint checkpoint, CropRegion region)
    {
        if (TaskCatalogue.Find(checkpoint.Config.Task) is not { } task || !task.FindsCrops.Contains(region))
            throw MarrowException.Bad(
                checkpoint.Name,
                $"a checkpoint for {SomeText.Either(TaskCatalogue.Names(t => t.FindsCrops.Contains(region)))} to crop "
                    + "by",
                $"one for {checkpoint.Config.Task}",
                $"Name one that finds {CropKind.Of(region).Found}.");
        if (checkpoint.Config.Input.Crop is { } crop)
            throw MarrowException.Bad(
                checkpoint.Name,
                "a checkpoint that looks at whole images, to crop by",
                $"one that looks at {crop.Describe()}",
                TaskCatalogue.FindsAlso(crop.Region, region)
                    ? $"Name {crop.Detector}, or another that looks first."
                    : $"Name one of whole images that finds {CropKind.Of(region).Found}.");
    }

    /// <summary>Looks at each image once, and returns what is found by sample id.</summary>
    /// <param name="kept">The file of earlier looks, to which new ones are added; null to keep nothing.</param>
    /// <param name="progress">Called with each batch of images.</param>
    /// <param name="fast">See <see cref="PredictionOptions.Fast"/>.</param>
    public IReadOnlyDictionary<string, FirstLook> Look(
        IReadOnlyList<Sample> samples, FirstLookFile? kept, Action<Progress>? progress, CancellationToken cancellation,
        bool fast = false)
    {
        var distinct = samples.DistinctBy(s => s.Id, StringComparer.Ordinal).ToList();
        var found = new Dictionary<string, FirstLook>(StringComparer.Ordinal);
        foreach (var sample in distinct)
        {
            if (kept?.Find(sample) is { } before)
                found[sample.Id] = before;
        }
        var left = distinct.Where(s => !found.ContainsKey(s.Id)).ToList();
        if (left.Count == 0)
            return found;
        using var cache = PackedCache.Open(left, _model.Input, cancellation: cancellation);
        using var loader = new BatchLoader(
            left,
            cache,
            _model.Input,
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
            ShownImage[] shown =
            [
                .. from inBatch in batch.Samples
                   let size = loader.OriginalSize(inBatch.Sample)
                   select new ShownImage(inBatch.ToInput, size.Width, size.Height),
            ];
            foreach (var (inBatch, seen) in batch.Samples.Zip(Task.Look(images, shown, _compute, fast)))
            {
                kept?.Add(inBatch.Sample, seen);
                found[inBatch.Sample.Id] = seen;
            }
            progress?.Invoke(new("detections", found.Count, distinct.Count, ProgressUnit.Images));
        });
        return found;
    }

    /// <summary>Looks at one image in memory.</summary>
    /// <param name="fast">See <see cref="PredictionOptions.Fast"/>.</param>
    public FirstLook Look(Radiograph radiograph, bool fast) =>
        OfImage(radiograph, (image, shown) => Task.Look(image, [shown], _compute, fast)[0]);

    /// <summary>True when something is known by which images can be refused.</summary>
    public bool Refuses => _model.Refuses;

    /// <summary>Returns sentences that say why an image is to be refused; none for one that is not.</summary>
    public IReadOnlyList<string> RefusalsOf(Radiograph radiograph) =>
        OfImage(radiograph, (image, shown) => _model.RefusalsOf(image, [shown.ToInput], _compute)[0]);

    /// <summary>See <see cref="IJudgingPredictor.UnfamiliarityOf"/>.</summary>
    public double UnfamiliarityOf(Radiograph radiograph) =>
        OfImage(radiograph, (image, _) => _model.UnfamiliarityOf(image, _compute)[0]);

    private T OfImage<T>(Radiograph radiograph, Func<Tensor, ShownImage, T> see)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (film, toFilm) = (radiograph, AffineTransform.Identity);
        if (Task.LeavesBorderOut)
        {
            var border = FilmBorder.Of(radiograph);
            (film, toFilm) = (border.Film, border.ToOriginal.Invert());
        }
        var packed = Preprocessor.Prepare(film, _model.Input);
        return see(
            _compute.Arrange(Preprocessor.ToTensor([packed], _model.Input)),
            new(toFilm.Then(packed.ToInput), radiograph.OriginalWidth, radiograph.OriginalHeight));
    }

    public void Dispose() => _model.Dispose();
}
