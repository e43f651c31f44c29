using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Pretrain;

/// <summary>
/// Self-supervised pretraining: patches of a radiograph are hidden and the model fills them in. No label is read. What
/// counts is the backbone, from which other tasks start; <see cref="MaskedAutoencoder"/> has the sources.
/// </summary>
internal sealed class PretrainTask(MaskedAutoencoder model, ModelSpec spec, InputContract input)
    : TaskModel(spec, input)
{
    private readonly MaskingSpec _masking = spec.Masking ?? new();

    private int Patches => Input.Width / _masking.PatchPixels * (Input.Height / _masking.PatchPixels);

    public override string Name => CheckpointTask.Pretrain;
    public override string Purpose =>
        "filling in hidden patches of radiographs, by which a backbone learns without labels";
    public override string Limits =>
        "A starting point for other tasks: it finds and measures nothing by itself. Not a medical device: no clinical "
            + "decision may rest on it.";
    public override Module Model => model;

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Input = Input,
            Outputs =
            [
                new(
                    "pixels",
                    "patch deviation",
                    "Each pixel less the mean of its patch, over the patch's standard deviation."),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        // The processor's generator, whose state is part of a run's: a resumed run draws the same masks, on any device.
        var scores = rand(images.shape[0], Patches, device: CPU).to(images.device);
        var mask = PatchMask.Of(scores, _masking, Input.Width, Input.Height);
        return
        [
            (
                "pixels",
                ReconstructionLoss
                    .Compute(Fill(images, mask, compute), images, mask, _masking.PatchPixels)
                    .MoveToOuterDisposeScope()),
        ];
    }

    /// <summary>
    /// Measures the reconstruction. Each image has a mask of its own, which is the same in every pass.
    /// </summary>
    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var (found, mean, patients) = (new List<double>(), new List<double>(), new List<string>());
        ForEachBatch(loader, compute, (images, batch) =>
        {
            var mask = PatchMask.Of(Scores(batch, images.device), _masking, Input.Width, Input.Height);
            var errors = ReconstructionLoss.Measure(Fill(images, mask, compute), images, mask, _masking.PatchPixels);
            found.AddRange(errors.Found.Values<float>().Select(e => (double)e));
            mean.AddRange(errors.Mean.Values<float>().Select(e => (double)e));
            patients.AddRange(batch.Samples.Select(s => s.Sample.Patient));
        });
        return Reconstruction.Measure(found, mean, patients, bootstrap);
    }

    /// <summary>
    /// Returns the model's reconstruction of the images with the masked pixels hidden, [N, 1, H, W] in float32.
    /// </summary>
    private Tensor Fill(Tensor images, Tensor mask, Compute compute)
    {
        using var scope = NewDisposeScope();
        var hidden = compute.Arrange(PatchMask.Hide(images, mask));
        return compute.Forward(() => model.forward(hidden)).to(float32).MoveToOuterDisposeScope();
    }

    private Tensor Scores(Batch batch, Device device)
    {
        var scores = new float[batch.Samples.Count * Patches];
        for (var i = 0; i < batch.Samples.Count; i++)
        {
            var random = new SeededRandom(StableHash.Of(batch.Samples[i].Sample.Id));
            foreach (ref var score in scores.AsSpan(i * Patches, Patches))
                score = (float)random.NextDouble();
        }
        return tensor(scores, [batch.Samples.Count, Patches], device: device);
    }
}
