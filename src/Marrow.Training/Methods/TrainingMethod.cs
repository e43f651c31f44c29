using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using static TorchSharp.torch;

namespace Marrow.Training.Methods;

/// <summary>
/// What a step learns from: the batch of the loop, and with some methods further batches beside it, of unlabelled
/// images or of other data sets. The loop asks for the loss of each, one after the other, so that one graph at a time
/// is held; it knows nothing else of a method. What a method keeps from step to step is in <see cref="State"/>, or
/// follows from the step's number.
/// </summary>
internal abstract class TrainingMethod : IDisposable
{
    private static readonly IReadOnlyDictionary<string, double> Nothing = new Dictionary<string, double>();

    /// <summary>Lays the model out for this way of computing.</summary>
    protected TrainingMethod(TaskModel task, Compute compute)
    {
        (Task, Compute) = (task, compute);
        compute.Arrange(task.Model);
    }

    public TaskModel Task { get; }
    public Compute Compute { get; }

    /// <summary>What the unlabelled images of the last step came to, by name; empty where there were none.</summary>
    public virtual IReadOnlyDictionary<string, double> Observed => Nothing;

    /// <summary>Time that steps have waited for unlabelled images, in all.</summary>
    public virtual double WaitSeconds => 0;

    /// <summary>Called before the first batch of a step.</summary>
    public virtual void Begin(StepPlace place)
    {
    }

    /// <summary>The loss of a labelled batch by its parts, float32 scalars; their sum is minimised.</summary>
    /// <param name="images">The batch's, laid out for <see cref="Compute"/>.</param>
    public virtual IReadOnlyList<(string Name, Tensor Value)> Labelled(Tensor images, Batch batch, StepPlace place) =>
        Task.Loss(images, batch, Compute);

    /// <summary>How many further batches this step learns from, for each of the loop's.</summary>
    public virtual int FurtherBatches(StepPlace place) => 0;

    /// <summary>
    /// The loss of the next of the further batches by its parts, weighted; empty when nothing is learnt from it. The
    /// model's mode is left as it was.
    /// </summary>
    /// <param name="files">Gets the names of the batch's images.</param>
    public virtual IReadOnlyList<(string Name, Tensor Value)> Further(StepPlace place, List<string> files) => [];

    /// <summary>How many images belong to one of the loop's batches, those of further batches included.</summary>
    /// <param name="batch">Images in a batch of the loop.</param>
    public virtual int ImagesOf(StepPlace place, int batch) => batch * (1 + FurtherBatches(place));

    /// <summary>
    /// True when the method has images of its own on which the model is measured from time to time. Nothing is chosen
    /// by them.
    /// </summary>
    public virtual bool Watches => false;

    /// <summary>Measures the model on those images. The model is in evaluation mode, without gradients.</summary>
    public virtual IReadOnlyList<MetricValue> Watch(BootstrapOptions bootstrap) => [];

    /// <summary>
    /// After the optimizer's step. Throws <see cref="MarrowException"/> when the method has collapsed.
    /// </summary>
    /// <param name="labelledLoss">Of this step.</param>
    public virtual void Done(StepPlace place, double labelledLoss)
    {
    }

    /// <summary>Goes on at this step, which may be any, after <see cref="State"/> was restored.</summary>
    public virtual void Seek(StepPlace place)
    {
    }

    /// <summary>Tensors that the next step depends on; reading a state file writes into them.</summary>
    public virtual IEnumerable<(string Name, Tensor Value)> State() => [];

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The task is its maker's.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
