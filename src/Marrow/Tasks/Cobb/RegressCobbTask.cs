using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Losses;
using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Cobb;

/// <summary>Learns and predicts the three Cobb angles directly from the image.</summary>
internal sealed class RegressCobbTask(CobbRegressor model, ModelSpec spec, InputContract input)
    : TaskModel(spec, input),
        IConsistentTask,
        IExplainedTask
{
    private const double SmapeWeight = 1; // the metric itself, beside the distance in degrees

    public override string Name => CheckpointTask.RegressCobb;
    public override string Purpose => "measuring the three Cobb angles on frontal radiographs of the whole spine";
    public override string Limits =>
        "Frontal radiographs of the whole spine. The angles are those of SpineWeb data set 16, whose order and sign "
            + "are its own. For research. Not a medical device: no clinical decision may rest on it.";
    public override Module Model => model;

    internal CobbDecoding Decoding { get; init; } = new();

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = ["cobb1", "cobb2", "cobb3"],
            Input = Input,
            Decoding = Decoding.Write(),
            Outputs =
            [
                new("cobb1", "degree", "The largest angle between any two vertebrae."),
                new(
                    "cobb2",
                    "degree",
                    "The second angle of the data set's definition, which differs between C and S curves."),
                new(
                    "cobb3",
                    "degree",
                    "The third angle of the data set's definition, which differs between C and S curves."),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var truth = tensor(
            batch.Samples.SelectMany(s => s.Sample.CobbDegrees).Select(d => (float)d).ToArray(),
            [batch.Samples.Count, 3],
            device: images.device);
        var degrees = compute.Forward(() => model.forward(images)).to(float32);
        return [("angles", AngleLoss.Compute(degrees, truth, SmapeWeight).MoveToOuterDisposeScope())];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var (truth, found, patients) = (
            new List<IReadOnlyList<double>>(),
            new List<IReadOnlyList<double>>(),
            new List<string>());
        ForEachBatch(loader, compute, (images, batch) =>
        {
            found.AddRange(AnglesOf(images, compute));
            truth.AddRange(batch.Samples.Select(s => s.Sample.CobbDegrees));
            patients.AddRange(batch.Samples.Select(s => s.Sample.Patient));
        });
        return Angles.Measure(truth, found, patients, bootstrap);
    }

    /// <summary>
    /// Returns angles in degrees, [N, 6]: those of the image, then those of its mirror image, which are the same in
    /// truth.
    /// </summary>
    Tensor IConsistentTask.Answers(Tensor images, Compute compute) => BothSides.Of(images, compute, model.forward);

    Consistency IConsistentTask.Consistency(Tensor answers, Tensor augmented, Sharpening sharpening, Compute compute)
    {
        using var scope = NewDisposeScope();
        var (original, mirrored) = BothSides.Split(answers);
        var loss = ConsistencyLoss.Angles(
            original,
            mirrored,
            compute.Forward(() => model.forward(augmented)).to(float32),
            sharpening.Confidence);
        return Consistency.Of(loss).MoveToOuterDisposeScope();
    }

    IReadOnlyList<double[]> IConsistentTask.Signatures(Tensor answers) => BothSides.Means(answers);

    double[] IConsistentTask.Signature(Sample sample) => [.. sample.CobbDegrees];

    /// <summary>
    /// Returns the angles in degrees, [N][3], at least 0, of normalised images in the memory layout of
    /// <paramref name="compute"/>.
    /// </summary>
    public IReadOnlyList<double[]> AnglesOf(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var degrees = compute.Forward(() => model.forward(images)).to(float32).clamp_min(Scalars.Of(0.0));
        return [.. degrees.Values<float>().Chunk(3).Select(row => row.Select(v => (double)v).ToArray())];
    }

    Backbone IExplainedTask.Features => model.Features;

    Tensor IExplainedTask.Answer(Tensor map, int output) => model.Angles(map).select(1, output);
}
