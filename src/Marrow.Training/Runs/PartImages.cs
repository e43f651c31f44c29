using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// The packed images of one data set of several from which a stage learns. Disposing it closes the packed files.
/// </summary>
internal sealed class PartImages : IDisposable
{
    private PartImages(StagePart of, StageImages images) => (Of, Images) = (of, images);

    public StagePart Of { get; }

    public StageImages Images { get; }

    /// <summary>The masks of a task that learns from masks; null for other tasks.</summary>
    public MaskPack? Masks { get; private set; }

    public static PartImages Pack(StageContext context, StagePart part, StageSamples data) =>
        new(part, StageImages.Pack(context, part.Stage, data, unlabeled: null, cropping: null));

    /// <summary>Packs the masks, once the model that learns from them is known.</summary>
    public void PackMasks(TaskModel task, CancellationToken cancellation) =>
        Masks = Images.Shown.PackMasks(task, cancellation);

    /// <summary>Returns a loader of the training part, which the caller disposes.</summary>
    public BatchLoader Training(RunSeeds seeds, int workers) => Images.Training(
        Of.Stage.Augment, Of.Stage.Train.Batch, seeds.BatchesOf(Of.Name), workers, Masks);

    public void Dispose()
    {
        Masks?.Dispose();
        Images.Dispose();
    }
}
