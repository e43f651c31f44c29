using Marrow.Metrics;
using Marrow.Models;
using Marrow.Tensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training;

/// <summary>
/// What a model is trained for: it owns the model, its loss and its metrics. The training loop is the same for all.
/// </summary>
public abstract class TrainingTask : IDisposable
{
    protected TrainingTask(ModelSpec spec, InputContract input)
    {
        Spec = spec;
        Input = input;
    }

    /// <summary>One of <see cref="StageTask.All"/>.</summary>
    public abstract string Name { get; }

    public ModelSpec Spec { get; }
    public InputContract Input { get; }
    public abstract Module Model { get; }

    /// <summary>Names of the model's outputs: classes, or the quantities measured.</summary>
    public abstract IReadOnlyList<string> Outputs { get; }

    /// <summary>
    /// The loss of one batch by its parts, float32 scalars; their sum is minimised. The batch's images are already laid
    /// out for <paramref name="compute"/>.
    /// </summary>
    public abstract IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute);

    /// <summary>Metrics over all samples of the loader, one epoch without augmentation, in the model's evaluation mode.</summary>
    public abstract IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap);

    /// <summary>Every batch of one pass, laid out for <paramref name="compute"/>, without gradients.</summary>
    protected static void ForEachBatch(BatchLoader loader, Compute compute, Action<Tensor, Batch> act)
    {
        using var noGrad = no_grad();
        loader.Seek(0, 0);
        for (var i = 0; i < loader.BatchesPerEpoch; i++)
        {
            using var scope = NewDisposeScope();
            using var batch = loader.Next();
            act(compute.Prepare(batch.Images), batch);
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        GC.SuppressFinalize(this);
    }
}
