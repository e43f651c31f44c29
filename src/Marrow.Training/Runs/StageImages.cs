using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// The decoded and packed images of a stage, as its model sees them. Disposing it closes the packed files.
/// </summary>
internal sealed class StageImages : IDisposable
{
    private readonly UnlabeledSamples? _unlabeled;
    private readonly PackedCache? _unlabeledCache;

    private StageImages(
        StageSamples shown,
        InputContract input,
        UnlabeledSamples? unlabeled,
        StageContext context)
    {
        (Shown, Input, _unlabeled) = (shown, input, unlabeled);
        Cache = shown.Pack(input, context.Packing, context.Cancellation);
        try
        {
            _unlabeledCache = unlabeled?.Pack(input, context.Packing, context.Cancellation);
        }
        catch
        {
            Cache.Dispose();
            throw;
        }
    }

    /// <summary>The samples that the model sees: whole images or crops of them.</summary>
    public StageSamples Shown { get; }

    public InputContract Input { get; }

    public PackedCache Cache { get; }

    /// <summary>The samples without labels; empty when the stage uses none.</summary>
    public IReadOnlyList<Sample> UnlabeledSamples => _unlabeled?.Samples ?? [];

    public PackedCache? UnlabeledCache => _unlabeledCache;

    /// <param name="stage">The stage of the context, or one of its parts.</param>
    /// <param name="cropping">The crop; null when the model sees whole images.</param>
    public static StageImages Pack(
        StageContext context, Stage stage, StageSamples data, UnlabeledSamples? unlabeled, StageCropping? cropping)
    {
        var input = stage.Input.ToContract();
        if (TaskCatalogue.Get(stage.Task).Straightens)
            return new(data.Straightened(), input with { Strip = new(stage.Input.Ends) }, unlabeled, context);
        return cropping is null
            ? new(data, input, unlabeled, context)
            : new(cropping.Apply(data, context), input with { Crop = cropping.Crop }, unlabeled, context);
    }

    /// <summary>
    /// The training part, each sample with the transform from original pixels to input pixels without augmentation.
    /// </summary>
    public IEnumerable<(Sample Sample, AffineTransform ToInput)> TrainingLabels =>
        Shown.Training.Select(sample => (sample, Cache.ToInput(Cache.IndexOf(sample))));

    /// <summary>Returns a loader of the training part, in a new order in each epoch.</summary>
    public BatchLoader Training(AugmentationOptions? augment, int batch, ulong seed, int workers, MaskPack? masks) =>
        new(Shown.Training, Cache, Input, augment, batch, seed, shuffle: true, dropLast: true, workers, masks: masks);

    /// <summary>
    /// Returns a loader of the images without labels, which gives each image both augmented and unchanged.
    /// </summary>
    public BatchLoader Unlabeled(AugmentationOptions augment, int batch, ulong seed, int workers) =>
        new(
            UnlabeledSamples,
            _unlabeledCache!,
            Input,
            augment,
            batch,
            seed,
            shuffle: true,
            dropLast: true,
            workers,
            plain: true);

    /// <summary>Returns a loader of unchanged samples for a measurement; null when there are no samples.</summary>
    public BatchLoader? Plain(
        IReadOnlyList<Sample> samples,
        int batch,
        MaskPack? masks,
        CancellationToken cancellation
    ) =>
        samples.Count == 0
            ? null
            : new(samples, Cache, Input, null, batch, 0, shuffle: false, dropLast: false, masks: masks)
            {
                Cancellation = cancellation,
            };

    public void Dispose()
    {
        Cache.Dispose();
        _unlabeledCache?.Dispose();
    }
}
