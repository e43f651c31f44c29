using Marrow.Datasets;
using Marrow.Inputs;

namespace Marrow.Training.Runs;

/// <summary>
/// The images of a stage as its model sees them, decoded and packed; disposing closes the packed files.
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

    /// <summary>Whole images, or the crops of them that the model sees.</summary>
    public StageSamples Shown { get; }

    public InputContract Input { get; }

    public PackedCache Cache { get; }

    /// <summary>Those without labels; none where the stage takes none.</summary>
    public IReadOnlyList<Sample> UnlabeledSamples => _unlabeled?.Samples ?? [];

    public PackedCache? UnlabeledCache => _unlabeledCache;

    /// <param name="cropping">Null where the model sees whole images.</param>
    public static StageImages Pack(
        StageContext context, StageSamples data, UnlabeledSamples? unlabeled, StageCropping? cropping)
    {
        var input = context.Stage.Input.ToContract();
        return cropping is null
            ? new(data, input, unlabeled, context)
            : new(cropping.Apply(data, context), input with { Crop = cropping.Crop }, unlabeled, context);
    }

    /// <summary>The training part, in an order of its own each epoch.</summary>
    public BatchLoader Training(AugmentationOptions? augment, int batch, ulong seed, int workers, MaskPack? masks) =>
        new(Shown.Training, Cache, Input, augment, batch, seed, shuffle: true, dropLast: true, workers, masks: masks);

    /// <summary>The images without labels, each augmented and as it is.</summary>
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

    /// <summary>Samples as they are, to be measured; null without any.</summary>
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
