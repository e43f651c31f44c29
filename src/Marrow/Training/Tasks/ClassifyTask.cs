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
public sealed class ClassifyTask : TrainingTask
{
    private readonly DenseNet _model;
    private readonly bool _exclusive;

    public ClassifyTask(DenseNet model, ModelSpec spec, InputContract input, IReadOnlyList<string> classes, bool exclusive) : base(spec, input)
    {
        _model = model;
        Outputs = classes;
        _exclusive = exclusive;
    }

    public override string Name => StageTask.Classify;
    public override Module Model => _model;
    public override IReadOnlyList<string> Outputs { get; }

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var labels = Labels(batch);
        using var logits = compute.Forward(() => _model.forward(images)).to(float32);
        return [("class", _exclusive ? -(labels * nn.functional.log_softmax(logits, 1)).sum(1).mean() : nn.functional.binary_cross_entropy_with_logits(logits, labels))];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var truth = new List<IReadOnlyList<float>>();
        var scores = new List<float[]>();
        var patients = new List<string>();
        ForEachBatch(loader, compute, (images, batch) =>
        {
            using var probabilities = Probabilities(images, compute);
            var values = probabilities.data<float>().ToArray();
            for (var i = 0; i < batch.Samples.Count; i++)
            {
                truth.Add(batch.Samples[i].Sample.Labels);
                scores.Add(values[(i * Outputs.Count)..((i + 1) * Outputs.Count)]);
                patients.Add(batch.Samples[i].Sample.Patient);
            }
        });
        return Classification.Measure(Outputs, truth, scores, patients, _exclusive, bootstrap: bootstrap);
    }

    /// <summary>[N, classes], each in 0..1.</summary>
    public Tensor Probabilities(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var logits = compute.Forward(() => _model.forward(images)).to(float32);
        return (_exclusive ? logits.softmax(1) : logits.sigmoid()).MoveToOuterDisposeScope();
    }

    private static Tensor Labels(Batch batch)
    {
        var classes = batch.Samples[0].Sample.Labels.Count;
        var values = batch.Samples.SelectMany(s => s.Sample.Labels).ToArray();
        return tensor(values, [batch.Samples.Count, classes]);
    }
}
