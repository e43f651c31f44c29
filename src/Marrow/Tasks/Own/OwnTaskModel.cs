using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks.Numbers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Own;

/// <summary>
/// The model of an <see cref="OwnTask"/>, which runs the task's loss and decoding on Marrow's batches, devices and
/// metrics.
/// </summary>
internal sealed class OwnTaskModel(
    OwnTask task, OwnModel model, ModelSpec spec, InputContract input, ClassLayout layout)
    : TaskModel(spec, input),
        IExplainedTask
{
    private readonly TrainedOutputs _trained = new(layout);

    public override string Name => task.Name;
    public override string Purpose => task.Purpose;
    public override string Limits => task.Limits;
    public override Module Model => model;

    /// <summary>
    /// Returns the labels of a sample: numbers of any unit, or 1 and 0 for classes; NaN where a cell is blank.
    /// </summary>
    public static IReadOnlyList<double> Truth(Sample sample) =>
        sample.Numbers.Count > 0 ? sample.Numbers : [.. sample.Labels.Select(label => (double)label)];

    public override void AdaptTo(IReadOnlyList<Sample> training) =>
        _trained.Set(c => training.Select(Truth).Any(truth => truth.Count > c && !double.IsNaN(truth[c])));

    internal override ITaskReading Reading(IReadOnlyList<OutputMeaning> outputs) =>
        new NumberReading(ValuesOf, outputs);

    public override CheckpointConfig Describe() =>
        new()
        {
            Model = Spec,
            Task = Name,
            Classes = layout.Names,
            ExclusiveClasses = layout.Exclusive,
            Input = Input,
            Outputs =
            [
                .. layout.Names.Select((name, c) =>
                    new OutputMeaning(
                        name,
                        layout.UnitOf(c),
                        $"{name}, as the training data's labels have it: what the task {Name} makes of its outputs.",
                        _trained.Has(c))),
            ],
        };

    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute)
    {
        using var scope = NewDisposeScope();
        var output = compute.Forward(() => model.forward(images)).to(float32);
        var loss = task.Loss(output, [.. batch.Samples.Select(Own)]);
        return [(Name, loss.MoveToOuterDisposeScope())];
    }

    public override IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap)
    {
        var (samples, values) = (new List<OwnSample>(), new List<IReadOnlyList<double>>());
        ForEachBatch(loader, compute, (images, batch) =>
        {
            samples.AddRange(batch.Samples.Select(Own));
            values.AddRange(ValuesOf(images, compute));
        });
        var columns = layout.Names.Select((name, c) => new NumberColumn(name, layout.UnitOf(c), Deviation: 1));
        var truth = samples.Select(s => s.Values).ToList();
        var patients = samples.Select(s => s.Patient).ToList();
        // Without "nmae", which is of the deviation of the training part's labels.
        var measured = NumberErrors.Measure([.. columns], truth, values, patients, bootstrap)
            .Where(m => m.Name.Split('.')[0] != "nmae");
        return [.. measured, .. task.Measure(samples, values, bootstrap)];
    }

    Backbone IExplainedTask.Features => model.Features;

    Tensor IExplainedTask.Answer(Tensor map, int output)
    {
        using var scope = NewDisposeScope();
        var outputs = model.Output(map).to(float32);
        var answer = task.Explained(outputs, output) ?? OfItsPlace(outputs, output);
        return answer.MoveToOuterDisposeScope();
    }

    private Tensor OfItsPlace(Tensor outputs, int column) => outputs.numel() == layout.Names.Count
        ? outputs.flatten()[column]
        : throw MarrowException.Bad(
            Name,
            "a task that says by which of its outputs a column of labels is explained",
            $"{outputs.numel()} outputs for {NumberText.Count(layout.Names.Count, "column")}",
            $"Override {nameof(OwnTask)}.{nameof(OwnTask.Explained)}, or explain nothing.");

    private static OwnSample Own(BatchSample s) => new(s.Sample.Id, s.Sample.Patient, Truth(s.Sample));

    private List<IReadOnlyList<double>> ValuesOf(Tensor images, Compute compute)
    {
        using var scope = NewDisposeScope();
        var output = compute.Forward(() => model.forward(images)).to(float32);
        var rows = output.Values<float>().Chunk(checked((int)(output.numel() / output.shape[0])));
        return [.. rows.Select(Decoded)];
    }

    private IReadOnlyList<double> Decoded(float[] output)
    {
        var values = task.Decode(output);
        return values.Count == layout.Names.Count
            ? values
            : throw new InvalidOperationException(
                $"The task {Name} has {layout.Names.Count} columns of labels, and its decoding gave {values.Count} "
                    + "values.");
    }
}
