using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Losses;
using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Numbers;

/// <summary>
/// Learns and predicts one or several numbers of any unit directly from the image. Blank cells add no loss. The model
/// returns a plain tensor [N, outputs] in the labels' units. A method that compares two predictions divides their
/// difference by <see cref="NumberRegressor.Deviation"/>, as the loss does, so that all numbers have the same weight.
/// </summary>
internal sealed class RegressTask(NumberRegressor model, ModelSpec spec, InputContract input, ClassLayout layout)
    : TaskModel(spec, input),
        IConsistentTask,
        IExplainedTask
{
    private readonly TrainedOutputs _trained = new(layout);

    public override string Name => CheckpointTask.Regress;
    public override string Purpose =>
        $"measuring numbers on radiographs ({string.Join(", ", layout.Names.Select(Named))})";
    public override string Limits =>
        "For research, and as a starting point for other tasks. Outside the range of the training data the numbers "
            + "mean nothing. Not a medical device: no clinical decision may rest on it.";
    public override Module Model => model;

    /// <summary>Makes the mean and the deviation of each number in the training part the model's scale.</summary>
    public override void AdaptTo(IReadOnlyList<Sample> training)
    {
        var columns = Enumerable.Range(0, layout.Names.Count)
            .Select(c =>
                training
                    .Where(s => s.Numbers.Count > c)
                    .Select(s => s.Numbers[c])
                    .Where(v => !double.IsNaN(v))
                    .ToArray())
            .ToArray();
        var means = columns.Select(v => v.Length == 0 ? 0 : v.Average()).ToArray();
        var deviations = columns
            .Zip(means, (v, mean) => v.Length == 0 ? 1 : Math.Sqrt(v.Average(x => (x - mean) * (x - mean))))
            .ToArray();
        // A number that never varies is learnt as itself: any scale does.
        model.Normalize(means, [.. deviations.Zip(means, (d, mean) => d > 1e-6 * Math.Max(1, Math.Abs(mean)) ? d : 1)]);
        _trained.Set(c => columns[c].Length > 0);
    }

    internal override ITaskReading Reading(IReadOnlyList<OutputMeaning> outputs) =>
        new NumberReading(NumbersOf, outputs);

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = layout.Names,
            Input = Input,
            Outputs =
            [
                .. layout.Names.Select(
                    (name, c) =>
                        new OutputMeaning(
                            name,
                            layout.UnitOf(c),
                            $"The number {name}, as the training data's labels have it.",
                            _trained.Has(c))),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var truth = tensor(
            batch.Samples.SelectMany(s => s.Sample.Numbers).Select(v => (float)v).ToArray(),
            [batch.Samples.Count, layout.Names.Count],
            device: images.device);
        var numbers = compute.Forward(() => model.forward(images));
        return [("numbers", NumberLoss.Compute(numbers, truth, model.Deviation).MoveToOuterDisposeScope())];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var (truth, found, patients) = (
            new List<IReadOnlyList<double>>(),
            new List<IReadOnlyList<double>>(),
            new List<string>());
        ForEachBatch(loader, compute, (images, batch) =>
        {
            found.AddRange(NumbersOf(images, compute));
            truth.AddRange(batch.Samples.Select(s => s.Sample.Numbers));
            patients.AddRange(batch.Samples.Select(s => s.Sample.Patient));
        });
        var deviations = model.Deviation.Values<float>();
        return NumberErrors.Measure(
            [.. layout.Names.Select((name, c) => new NumberColumn(name, layout.UnitOf(c), deviations[c]))],
            truth,
            found,
            patients,
            bootstrap);
    }

    /// <summary>
    /// Returns the answers for the images and then for their mirror images, [N, 2 outputs]. The recipe states that both
    /// have the same numbers.
    /// </summary>
    Tensor IConsistentTask.Answers(Tensor images, Compute compute) => BothSides.Of(images, compute, model.forward);

    Consistency IConsistentTask.Consistency(Tensor answers, Tensor augmented, Sharpening sharpening, Compute compute)
    {
        using var scope = NewDisposeScope();
        var (original, mirrored) = BothSides.Split(answers);
        var found = compute.Forward(() => model.forward(augmented)).to(float32);
        var labelled = tensor(
            Enumerable.Range(0, layout.Names.Count).Where(_trained.Has).Select(c => (long)c).ToArray(),
            device: found.device);
        var loss = ConsistencyLoss.Numbers(
            Of(original),
            Of(mirrored),
            Of(found),
            model.Deviation[labelled],
            sharpening.Confidence);
        return Consistency.Of(loss).MoveToOuterDisposeScope();

        // What no label has taught is nothing to hold on to.
        Tensor Of(Tensor numbers) => numbers.index_select(1, labelled);
    }

    IReadOnlyList<double[]> IConsistentTask.Signatures(Tensor answers) => BothSides.Means(answers);

    double[] IConsistentTask.Signature(Sample sample) => [.. sample.Numbers];

    /// <summary>
    /// Returns the numbers in the labels' units, [N][outputs], of normalised images in the memory layout of
    /// <paramref name="compute"/>.
    /// </summary>
    public IReadOnlyList<double[]> NumbersOf(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var numbers = compute.Forward(() => model.forward(images)).to(float32).Values<float>();
        return [.. numbers.Chunk(layout.Names.Count).Select(row => row.Select(v => (double)v).ToArray())];
    }

    Backbone IExplainedTask.Features => model.Features;

    Tensor IExplainedTask.Answer(Tensor map, int output) => model.Numbers(map).select(1, output);

    private string Named(string name, int column) =>
        layout.UnitOf(column) is { Length: > 0 } unit ? $"{name} in {unit}" : name;
}
