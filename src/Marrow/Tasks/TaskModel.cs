using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks.Familiarity;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// What a model is trained for: it owns the model, its loss and its metrics. The training loop is the same for all.
/// </summary>
internal abstract class TaskModel(ModelSpec spec, InputContract input) : IDisposable
{
    /// <summary>The name of the task, one of <see cref="CheckpointTask.All"/>.</summary>
    public abstract string Name { get; }

    /// <summary>What the model does, for model cards, such as "finding the corners of vertebrae".</summary>
    public abstract string Purpose { get; }

    /// <summary>A text for model cards that says what the model must not be used for.</summary>
    public abstract string Limits { get; }

    public ModelSpec Spec { get; } = spec;
    public InputContract Input { get; } = input;
    public abstract Module Model { get; }

    /// <summary>
    /// Adapts the task to its labels, for example to the scale of numbers. Called once with the training part, before
    /// training and before any warm start.
    /// </summary>
    public virtual void AdaptTo(IReadOnlyList<Sample> training)
    {
    }

    /// <summary>The names of the classes in masks, for a task that learns from masks; empty for all others.</summary>
    public virtual IReadOnlyList<string> MaskClasses => [];

    /// <summary>
    /// Returns a reader that turns the model's outputs into a finding; null for a task whose models make no finding, or
    /// make one only together with others.
    /// </summary>
    /// <param name="outputs">The outputs, as the checkpoint describes them.</param>
    internal virtual ITaskReading? Reading(IReadOnlyList<OutputMeaning> outputs) => null;

    /// <summary>
    /// Says which images are familiar to the weights; null when that was not learnt, and then none is refused by it.
    /// </summary>
    internal FamiliarityContract? Familiarity { get; set; }

    /// <summary>True when something is known by which images can be refused.</summary>
    internal virtual bool Refuses => Familiarity is not null;

    /// <summary>
    /// Returns for each normalised image [N, C, H, W] sentences that say why it is to be refused; none for one that is
    /// not.
    /// </summary>
    /// <param name="toInput">For each image the transform from original pixels to input pixels.</param>
    internal virtual IReadOnlyList<IReadOnlyList<string>> RefusalsOf(
        Tensor images, IReadOnlyList<AffineTransform> toInput, Compute compute) =>
        [.. UnfamiliarityOf(images, compute).Select(FamiliarityContract.Refusals)];

    /// <summary>
    /// Chooses the values of the decoding by which images are refused, once it is known which are familiar. Called with
    /// images that the model was not trained on. The model is in evaluation mode.
    /// </summary>
    internal virtual void ChooseRefusals(IReadOnlyList<BatchLoader> unseen, Compute compute)
    {
    }

    /// <summary>
    /// Returns how unfamiliar each image is, as <see cref="FamiliarityContract.Of(TaskModel, Tensor, Compute)"/> says;
    /// 0 where it was not learnt what is familiar.
    /// </summary>
    internal IReadOnlyList<double> UnfamiliarityOf(Tensor images, Compute compute) =>
        Familiarity?.Of(this, images, compute) ?? new double[images.shape[0]];

    /// <summary>Returns the config that is stored with the weights.</summary>
    public abstract CheckpointConfig Describe();

    /// <summary>
    /// Returns the parts of the loss of one batch by name, as float32 scalars whose sum training minimises.
    /// <paramref name="images"/> are those of the batch, in the memory layout of <paramref name="compute"/>.
    /// </summary>
    public abstract IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute);

    /// <summary>
    /// Measures the model in one pass over all samples of the loader. The model is in evaluation mode.
    /// </summary>
    public abstract IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap);

    /// <summary>
    /// Measures as <see cref="Measure"/> does, with one look at each image, for a task whose model looks several times.
    /// </summary>
    internal virtual IReadOnlyList<MetricValue> MeasureFast(
        BatchLoader loader, Compute compute, BootstrapOptions bootstrap) => Measure(loader, compute, bootstrap);

    /// <summary>
    /// Learns the values of the decoding that follow from labels alone, such as where a spine usually stands. Called
    /// once after training.
    /// </summary>
    /// <param name="training">
    /// The training part, each sample with the transform from original pixels to input pixels without augmentation.
    /// </param>
    internal virtual void LearnFromLabels(IEnumerable<(Sample Sample, AffineTransform ToInput)> training)
    {
    }

    /// <summary>
    /// Chooses the values of the decoding that depend on the data, such as a threshold. Called once after training,
    /// with the part of the data that chose the best weights. The model is in evaluation mode.
    /// </summary>
    internal virtual void ChooseDecoding(BatchLoader validation, Compute compute)
    {
    }

    public void Dispose()
    {
        Model.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Calls the action for every batch of one pass, without gradients. Images are in the memory layout of
    /// <paramref name="compute"/>.
    /// </summary>
    protected internal static void ForEachBatch(BatchLoader loader, Compute compute, Action<Tensor, Batch> act)
    {
        using var noGrad = no_grad();
        loader.Seek(0, 0);
        for (var i = 0; i < loader.BatchesPerEpoch; i++)
        {
            using var scope = NewDisposeScope();
            using var batch = loader.Next();
            act(compute.Arrange(batch.Images), batch);
        }
    }
}
