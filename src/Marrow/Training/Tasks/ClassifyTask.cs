using Marrow.Checkpoints;
using Marrow.Losses;
using Marrow.Metrics;
using Marrow.Models;
using Marrow.Tensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Training.Tasks;

/// <summary>
/// Classification. Either exactly one class holds (softmax, cross entropy) or each finding holds or not on its own
/// (sigmoid, binary cross entropy); labels that are unknown (NaN) add no loss and no count.
/// </summary>
public sealed class ClassifyTask(DenseNet model, ModelSpec spec, InputContract input, IReadOnlyList<string> classes, bool exclusive)
    : TrainingTask(spec, input)
{
    public override string Name => CheckpointTask.Classify;
    public override string Purpose => $"classifying radiographs ({string.Join(", ", classes)})";
    public override string Limits => "For research, and as a starting point for other tasks. Not a medical device: no clinical decision may rest on it.";
    public override Module Model => model;

    public override CheckpointConfig Describe() => new()
    {
        Model = Spec,
        Task = Name,
        Classes = classes,
        ExclusiveClasses = exclusive,
        Input = Input,
        Outputs = [.. classes.Select(c => new OutputMeaning(c, "probability", exclusive ? $"The image is of class {c}." : $"The finding {c} is present."))],
    };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var labels = tensor(batch.Samples.SelectMany(s => s.Sample.Labels).ToArray(), [batch.Samples.Count, classes.Count]);
        var logits = compute.Forward(() => model.forward(images)).to(float32);
        var loss = exclusive ? MaskedCrossEntropy.Compute(logits, labels) : MaskedBinaryCrossEntropy.Compute(logits, labels);
        return [("class", loss.MoveToOuterDisposeScope())];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var truth = new List<IReadOnlyList<float>>();
        var scores = new List<float[]>();
        var patients = new List<string>();
        ForEachBatch(loader, compute, (images, batch) =>
        {
            var probabilities = Probabilities(images, compute);
            for (var i = 0; i < batch.Samples.Count; i++)
            {
                truth.Add(batch.Samples[i].Sample.Labels);
                scores.Add(probabilities[i]);
                patients.Add(batch.Samples[i].Sample.Patient);
            }
        });
        return Classification.Measure(classes, truth, scores, patients, exclusive, bootstrap: bootstrap);
    }

    /// <summary>[N][classes], each in 0..1, of normalised images laid out for <paramref name="compute"/>.</summary>
    public float[][] Probabilities(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var logits = compute.Forward(() => model.forward(images)).to(float32);
        var values = (exclusive ? logits.softmax(1) : logits.sigmoid()).data<float>().ToArray();
        return [.. values.Chunk(classes.Count)];
    }
}
